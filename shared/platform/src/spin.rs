//! Spin and other wasi-http hosts: one instance per request, waiting by pollables.

mod outgoing;
mod wait;

use crate::Platform;
use crate::fetch;
use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::io::Write;
use wasi::clocks::{monotonic_clock, wall_clock};

pub(crate) use outgoing::{Incoming, send};
pub use wait::{Wait, read_up_to, run, write_all};

/// The platform of one request.
#[derive(Default)]
pub struct Spin {
    client: fetch::Client,
    work: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
}

impl Spin {
    /// Does what was left for after the response, and what that leaves in turn.
    pub async fn settle(&self) {
        loop {
            let work = self.work.take();
            if work.is_empty() {
                return;
            }
            for each in work {
                each.await;
            }
        }
    }
}

impl Platform for Spin {
    fn now_ms(&self) -> i64 {
        let now = wall_clock::now();
        let ms = now.seconds.saturating_mul(1000).saturating_add(u64::from(now.nanoseconds / 1_000_000));
        i64::try_from(ms).unwrap_or(i64::MAX)
    }

    fn random(&self, bytes: &mut [u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        bytes.copy_from_slice(&wasi::random::random::get_random_bytes(length));
    }

    fn var(&self, name: &str) -> Option<String> {
        let value = spin_sdk::variables::get(&name.to_ascii_lowercase()).ok();
        value.filter(|value| !value.is_empty())
    }

    fn log(&self, line: &str) {
        // There is nowhere to report a log that cannot be written.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn fetch(&self) -> &fetch::Client {
        &self.client
    }

    fn sleep_ms(&self, ms: u64) -> LocalBoxFuture<'static, ()> {
        let wait_ns = ms.saturating_mul(1_000_000);
        let until = monotonic_clock::now().saturating_add(wait_ns);
        Box::pin(Wait::new(move || {
            if monotonic_clock::now() >= until {
                return Ok(());
            }
            Err(monotonic_clock::subscribe_instant(until))
        }))
    }

    fn after_response(&self, work: LocalBoxFuture<'static, ()>) {
        self.work.borrow_mut().push(work);
    }
}
