//! The gateway over HTTP beside the bare engine and beside bare SQLite, with the same documents and the same durability.

#[cfg(feature = "bench")]
mod bare;
#[cfg(feature = "bench")]
mod engine;
#[cfg(feature = "bench")]
mod http;
#[cfg(feature = "bench")]
mod measure;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod run;
#[cfg(feature = "bench")]
mod work;

use anyhow::Result;
use xtask::workspace::Workspace;

#[cfg(feature = "bench")]
pub fn run(workspace: &Workspace) -> Result<()> {
    run::run(workspace)
}

/// What is measured is an optimised build, and so is what measures: it holds the engine.
#[cfg(not(feature = "bench"))]
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "run",
        "--quiet",
        "--locked",
        "--profile",
        "native",
        "-p",
        "xtask",
        "--features",
        "bench",
        "--",
        "bench",
        "gateway",
    ]);
    xtask::workspace::run(&mut cargo)
}
