//! One structured line per request; never the contents of documents.

use std::{
    io::Write as _,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread,
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

/// Writes lines on a thread of its own: an output that nobody reads must not hold requests up.
pub(crate) struct Log {
    entries: Option<SyncSender<Entry>>,
    lost: AtomicU64,
}

enum Entry {
    Line(Vec<u8>),
    /// Everything before it has been written once this is answered.
    End(Sender<()>),
}

const WAITING_LINES: usize = 4_096;
const END_TIME: Duration = Duration::from_secs(1);

impl Log {
    /// A log on standard output, or one that tells nothing.
    pub(crate) fn new(is_on: bool) -> Self {
        let entries = is_on.then(|| {
            let (entries, waiting) = sync_channel(WAITING_LINES);
            // Without a thread the receiver is gone, and every line is lost as if nobody read them.
            drop(thread::Builder::new().name("gateway-log".into()).spawn(move || write(&waiting)));
            entries
        });
        Self { entries, lost: AtomicU64::new(0) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// Takes the line; it is lost and counted where too many wait already.
    pub(crate) fn tell(&self, line: &Line) {
        let (Some(entries), Ok(mut text)) = (&self.entries, serde_json::to_vec(line)) else { return };
        text.push(b'\n');
        if entries.try_send(Entry::Line(text)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were lost since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until what was told is written, but not for an output that nobody reads.
    pub(crate) fn finish(&self) {
        let Some(entries) = &self.entries else { return };
        let (ended, end) = channel();
        if entries.try_send(Entry::End(ended)).is_ok() && end.recv_timeout(END_TIME) == Err(RecvTimeoutError::Timeout) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Tells the operator of something that needs attention, on standard error.
pub(crate) fn warn(text: &str) {
    let line = serde_json::json!({"time": now(), "warning": text});
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The time of now as it stands in a line.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    iso_date(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn write(entries: &Receiver<Entry>) {
    while let Ok(entry) = entries.recv() {
        match entry {
            // A closed output does not stop the gateway.
            Entry::Line(text) => drop(std::io::stdout().lock().write_all(&text)),
            Entry::End(ended) => drop(ended.send(())),
        }
    }
}
