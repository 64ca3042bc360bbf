//! The platform of tests and tools: variables from a map, a clock that can be set, a log that can be read.

use crate::Platform;
use crate::fetch;
use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LOG_LINES_MAX: usize = 10_000;

/// A platform for one thread. Keep it in an `Rc` to set its clock or read its log while it serves as a [`crate::Host`].
pub struct Native {
    vars: RefCell<HashMap<String, String>>,
    environment: bool,
    now_ms: Cell<Option<i64>>,
    lines: RefCell<Vec<String>>,
    work: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    client: fetch::Client,
}

impl Native {
    /// A platform that knows only these variables, by upper-case name.
    pub fn new<K: Into<String>, V: Into<String>>(vars: impl IntoIterator<Item = (K, V)>) -> Self {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self {
            vars: RefCell::new(vars.collect()),
            environment: false,
            now_ms: Cell::new(None),
            lines: RefCell::default(),
            work: RefCell::default(),
            client: fetch::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap_or_default(),
        }
    }

    /// A platform whose variables are the environment's.
    pub fn from_env() -> Self {
        Self { environment: true, ..Self::new::<String, String>([]) }
    }

    /// Uses `client`, for example one whose connections are shared with other platforms.
    #[must_use]
    pub fn with_client(mut self, client: fetch::Client) -> Self {
        self.client = client;
        self
    }

    /// Sets or replaces one variable.
    pub fn set_var(&self, name: &str, value: &str) {
        self.vars.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Stops the clock at this time; `None` lets it run with the system's again.
    pub fn set_now_ms(&self, now_ms: Option<i64>) {
        self.now_ms.set(now_ms);
    }

    /// Moves the clock on by `ms` and stops it there.
    pub fn advance_ms(&self, ms: i64) {
        self.now_ms.set(Some(self.now_ms().saturating_add(ms)));
    }

    /// Takes the lines logged since the last call.
    pub fn take_lines(&self) -> Vec<String> {
        self.lines.take()
    }

    /// Does what was left for after the response, and what that leaves in turn, in order.
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

impl Platform for Native {
    fn now_ms(&self) -> i64 {
        self.now_ms.get().unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system provides randomness");
    }

    fn var(&self, name: &str) -> Option<String> {
        let own = self.vars.borrow().get(name).cloned();
        let value = if self.environment { own.or_else(|| std::env::var(name).ok()) } else { own };
        value.filter(|value| !value.is_empty())
    }

    fn log(&self, line: &str) {
        let mut lines = self.lines.borrow_mut();
        if lines.len() < LOG_LINES_MAX {
            lines.push(line.to_owned());
        }
    }

    fn fetch(&self) -> &fetch::Client {
        &self.client
    }

    fn sleep_ms(&self, ms: u64) -> LocalBoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    /// Kept until [`Native::settle`], so that a test decides when it happens.
    fn after_response(&self, work: LocalBoxFuture<'static, ()>) {
        self.work.borrow_mut().push(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let native = Native::new([("DATABASE", "edgewise"), ("CORS_ORIGINS", "")]);
        assert_eq!(native.var("DATABASE").as_deref(), Some("edgewise"));
        assert_eq!(native.var("CORS_ORIGINS"), None);
        assert_eq!(native.var("PATH"), None);
    }

    #[test]
    fn a_set_clock_stands_still_until_it_is_advanced() {
        let native = Native::from_env();
        native.set_now_ms(Some(1_000));
        native.advance_ms(500);
        assert_eq!(native.now_ms(), 1_500);
        native.set_now_ms(None);
        assert!(native.now_ms() > 1_700_000_000_000);
    }

    #[tokio::test]
    async fn settling_also_does_the_work_that_work_leaves() {
        let native = Rc::new(Native::from_env());
        let inner = Rc::clone(&native);
        native.after_response(Box::pin(async move {
            inner.log("first");
            let deeper = Rc::clone(&inner);
            inner.after_response(Box::pin(async move { deeper.log("second") }));
        }));
        assert!(native.take_lines().is_empty());
        native.settle().await;
        assert_eq!(native.take_lines(), ["first", "second"]);
    }
}
