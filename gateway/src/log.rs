//! One structured line per request; never the contents of documents.

use std::{
    io::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::ejson::iso_date;

/// What a line tells.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    pub time: String,
    pub request_id: Option<&'a str>,
    pub action: &'a str,
    pub database: &'a str,
    pub collections: &'a [String],
    pub status: u16,
    pub duration_us: u64,
    pub error_code: Option<&'a str>,
}

/// Writes the line to standard output; a closed output does not stop the gateway.
pub(crate) fn tell(line: &Line) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&text);
    }
}

/// The time of now as it stands in a line.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    iso_date(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Tells the operator of something that needs attention, on standard error.
pub(crate) fn warn(text: &str) {
    let line = serde_json::json!({"time": now(), "warning": text});
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
