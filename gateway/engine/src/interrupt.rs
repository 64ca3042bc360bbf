//! Ending a command that nobody waits for any more: loops ask here, and so does SQLite.
//!
//! A command runs on one thread from its beginning to its end, so what it is to ask stands beside that thread.

use std::{cell::RefCell, sync::Arc};

use crate::error::{Error, Result};

/// Whether a command should end.
pub(crate) type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

thread_local! {
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// While it lives, this thread asks `stop`.
pub(crate) struct Watched(Option<Stop>);

impl Watched {
    pub fn by(stop: Option<Stop>) -> Watched {
        Watched(STOP.replace(stop))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        STOP.replace(self.0.take());
    }
}

pub(crate) fn is_due() -> bool {
    STOP.with_borrow(|stop| stop.as_ref().is_some_and(|stop| stop()))
}

/// An error where the command should end.
pub(crate) fn check() -> Result<()> {
    match is_due() {
        true => Err(interrupted()),
        false => Ok(()),
    }
}

pub(crate) fn interrupted() -> Error {
    Error::new(50, "operation exceeded time limit")
}
