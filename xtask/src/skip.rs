//! Skipping a test aloud, where a machine cannot run it.

use std::fs::OpenOptions;
use std::io::Write;

/// Names the file in which `cargo xtask test` collects what was skipped.
pub const NOTES: &str = "EDGEWISE_SKIPPED";

/// Tells that the test `name` did not run, and why; it returns and counts as skipped, not as passed.
#[expect(clippy::print_stderr, reason = "without `cargo xtask test` this is the only place to tell")]
pub fn skip(name: &str, reason: &str) {
    let note = format!("{name}: {reason}\n");
    let file = std::env::var_os(NOTES).map(|path| OpenOptions::new().create(true).append(true).open(path));
    if !file.is_some_and(|file| file.is_ok_and(|mut file| file.write_all(note.as_bytes()).is_ok())) {
        eprint!("skipped: {note}");
    }
}
