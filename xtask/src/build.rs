//! From Rust to what the runtimes load: one cargo call per target, then one module per function.

mod freshness;
mod spin;
mod workers;

use crate::manifest::Manifest;
use crate::tools::{self, SPIN_TARGET, WORKERS_TARGET};
use crate::workspace::{Workspace, run};
use anyhow::{Context, Result};

/// Builds every function for Workers: `target/edgewise/workers/<function>/{index.js,index_bg.wasm}`.
///
/// # Errors
/// When a tool is missing or a build fails.
pub fn workers(workspace: &Workspace) -> Result<()> {
    let functions = Manifest::read(workspace)?.functions();
    tools::rust_target(WORKERS_TARGET)?;
    tools::npm(workspace)?;
    wasm(workspace, &functions, WORKERS_TARGET, "release")?;
    tool(workspace, "bindgen")?;
    halved(&functions, |half| workers::modules(workspace, half))
}

/// Builds every function for Spin: `target/edgewise/spin/<function>.wasm`.
///
/// # Errors
/// When a tool is missing or a build fails.
pub fn components(workspace: &Workspace) -> Result<()> {
    let functions = Manifest::read(workspace)?.functions();
    tools::rust_target(SPIN_TARGET)?;
    tools::npm(workspace)?;
    wasm(workspace, &functions, SPIN_TARGET, "spin")?;
    halved(&functions, |half| spin::components(workspace, half))
}

/// Builds a native tool of the workspace: `target/native/<package>`.
///
/// # Errors
/// When the build fails.
pub fn tool(workspace: &Workspace, package: &str) -> Result<()> {
    run(workspace.cargo().args(["build", "--quiet", "--locked", "--profile", "native", "-p", package]))
}

/// The standard library is built with the functions: one that aborts without a word weighs 30 kB less, after gzip, in each.
fn wasm(workspace: &Workspace, functions: &[String], target: &str, profile: &str) -> Result<()> {
    tools::rust_source()?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--quiet", "--locked", "--profile", profile, "--target", target]);
    cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]).env("RUSTC_BOOTSTRAP", "1");
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
    cargo.env(flags, "-Zunstable-options -Cpanic=immediate-abort -Zfmt-debug=none");
    for function in functions {
        cargo.args(["-p", function]);
    }
    run(&mut cargo)
}

/// Two at a time: the optimiser is a single thread.
fn halved(functions: &[String], work: impl Fn(&[String]) -> Result<()> + Sync) -> Result<()> {
    let (first, second) = functions.split_at(functions.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(first));
        work(second)?;
        other.join().ok().context("a thread panicked")?
    })
}
