//! What the functions have logged.

use std::sync::{Mutex, PoisonError};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// All lines that functions have logged in this test binary so far.
pub fn logged() -> Vec<String> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(crate) fn keep(lines: Vec<String>) {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
}
