//! The stand-in's time: the machine's, moved forward by tests instead of waiting.

use chrono::DateTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, plus what was skipped.
#[derive(Default)]
pub(crate) struct Clock {
    skipped_ms: i64,
}

impl Clock {
    pub(crate) fn now_ms(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(real.as_millis()).unwrap_or(i64::MAX).saturating_add(self.skipped_ms)
    }

    pub(crate) fn advance(&mut self, ms: i64) {
        self.skipped_ms = self.skipped_ms.saturating_add(ms);
    }
}

/// `2026-11-20T05:36:33.123`, with no zone, as Xero writes instants.
pub(crate) fn zoneless(ms: i64) -> String {
    let at = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// `/Date(1571875200000+0000)/`.
pub(crate) fn dotnet(ms: i64) -> String {
    format!("/Date({ms}+0000)/")
}

/// Midnight (UTC) of an instant's day.
pub(crate) fn midnight(ms: i64) -> i64 {
    ms - ms.rem_euclid(86_400_000)
}
