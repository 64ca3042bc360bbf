//! The only tool a person needs.

mod bench;
mod check;
#[cfg(feature = "conformance")]
mod conformance;
mod demo;
mod progress;
mod size;
mod test;
mod up;

use anyhow::{Result, bail};
use std::process::ExitCode;
use xtask::runtime::Kind;
use xtask::workspace::Workspace;

const USAGE: &str = "\
cargo xtask <command>

  up [--runtime workerd|wasi] [--port 8787] [--data DIR] [--mongodb URI]
                         build, start everything on this machine, make a demo tenant
  demo                   drive the main job against a running `up` and tell the story
  test [NAME…] [--full]  all tests, or those whose name contains a NAME; --full gives
                         those that can go on for long (crash, transfers) their time
  check                  formatting, lints, licences, duplicates, sizes
  size                   what each function weighs on each runtime, against its budget
  build [workers|spin]   build the functions for one runtime or both
  bench gateway          measure the gateway, the engine and bare SQLite, and write
                         docs/PERFORMANCE.md
  conformance FILE… [--url URL --key KEY]
                         replay recorded cases through the Data API and count what holds
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::fail(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let workspace = Workspace::find()?;
    let Some((command, rest)) = words.split_first() else {
        progress::say(USAGE);
        return Ok(());
    };
    match (command.as_str(), rest) {
        ("up", options) => up::run(&workspace, options),
        ("demo", []) => demo::run(&workspace),
        ("test", words) => test::run(&workspace, words),
        ("check", []) => check::run(&workspace),
        ("size", []) => size::run(&workspace),
        ("build", []) => build(&workspace, &[Kind::Workerd, Kind::Wasi]),
        ("build", [one]) if one == "workers" => build(&workspace, &[Kind::Workerd]),
        ("build", [one]) if one == "spin" => build(&workspace, &[Kind::Wasi]),
        ("bench", words) => bench::run(&workspace, words),
        ("conformance", files) => conformance(&workspace, files),
        ("help" | "--help" | "-h", _) => {
            progress::say(USAGE);
            Ok(())
        }
        _ => bail!("`{}` is not understood\n\n{USAGE}", words.join(" ")),
    }
}

fn build(workspace: &Workspace, kinds: &[Kind]) -> Result<()> {
    for kind in kinds {
        progress::step(&format!("functions for {kind}"), || kind.build(workspace))?;
    }
    Ok(())
}

#[cfg(feature = "conformance")]
fn conformance(_workspace: &Workspace, files: &[String]) -> Result<()> {
    conformance::run(files)
}

/// The cases are many, so they are replayed by an optimised build that holds the gateway.
#[cfg(not(feature = "conformance"))]
fn conformance(workspace: &Workspace, files: &[String]) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "--locked", "--profile", "native", "-p", "xtask", "--features", "conformance"]);
    // File names are the caller's.
    cargo.arg("--").arg("conformance").args(files).current_dir(std::env::current_dir()?);
    xtask::workspace::run(&mut cargo)
}
