//! What a person sees while something takes time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command's output")]

use anyhow::Result;
use std::io::{IsTerminal, Write};
use std::time::Instant;

/// Says something.
pub fn say(text: &str) {
    println!("{text}");
}

/// Says why it ends here.
pub fn fail(text: &str) {
    eprintln!("\nerror: {text}");
}

/// Names a step, does it and tells how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let terminal = std::io::stdout().is_terminal();
    if terminal {
        print!("  … {name}\r");
        // Without a terminal's answer there is nothing to do about it.
        let _ = std::io::stdout().flush();
    }
    let started = Instant::now();
    let done = work();
    let mark = if done.is_ok() { "✓" } else { "✗" };
    println!("  {mark} {name}  {:.1} s", started.elapsed().as_secs_f64());
    done
}
