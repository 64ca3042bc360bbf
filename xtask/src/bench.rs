//! `cargo xtask bench`: measures on this machine and writes what came of it into docs/PERFORMANCE.md.

mod gateway;
#[cfg_attr(not(feature = "bench"), expect(dead_code, reason = "what writes the section is built for measuring alone"))]
mod section;

use anyhow::{Result, bail};
use xtask::workspace::Workspace;

/// Measures what the words name.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["gateway"] => gateway::run(workspace),
        _ => bail!("there is `cargo xtask bench gateway`"),
    }
}
