//! Runs tests: all of them, or those whose name contains a word, with what they need built before.

mod mongodb;

use crate::progress::{say, step};
use anyhow::{Context, Result, bail};
use mongodb::Server;
use serde::Deserialize;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use xtask::runtime::Kind;
use xtask::skip;
use xtask::workspace::{Workspace, run_quietly};

/// Heavy and used by nothing else: its tests run with the profile it is built with.
const HOST: &str = "host";
/// Test binaries that need the built functions and the runtimes.
const NEEDS_RUNTIMES: [&str; 2] = ["e2e", "deploy"];
/// Test binaries of the package `tests` that start the gateway as a program.
const NEEDS_GATEWAY: &str = "durability";
/// Tests with it in their name speak to a MongoDB server.
const NEEDS_MONGODB: &str = "on_mongodb";
/// Lets tests that can go on for long do so.
const FULL: &str = "EDGEWISE_FULL";

/// A test binary and what it will run.
struct Binary {
    name: String,
    file: PathBuf,
    folder: PathBuf,
    tests: Vec<String>,
}

#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Runs the tests whose name contains one of `words`, or all; with `--full` those that can go on for long do.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<()> {
    let (options, names): (Vec<String>, Vec<String>) = words.iter().cloned().partition(|word| word.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| *option != "--full") {
        bail!("{unknown} is unknown; the option of test is --full");
    }
    let names = names.as_slice();
    let mut binaries = step("building the tests", || build(workspace, names))?;
    binaries.retain(|binary| !binary.tests.is_empty());
    if binaries.is_empty() {
        bail!("no test's name contains {}", names.join(" or "));
    }
    if binaries.iter().any(|binary| NEEDS_RUNTIMES.contains(&binary.name.as_str())) {
        for kind in [Kind::Workerd, Kind::Wasi] {
            step(&format!("building the functions and the runtime for {kind}"), || kind.build(workspace))?;
        }
    }
    if binaries.iter().any(|binary| binary.name == NEEDS_GATEWAY) {
        step("building the gateway", || xtask::build::tool(workspace, "gateway"))?;
    }
    let needs_mongodb = |binary: &Binary| binary.tests.iter().any(|test| test.ends_with(NEEDS_MONGODB));
    let mongodb = match binaries.iter().any(needs_mongodb) {
        true => Some(step("a MongoDB server for the tests of the driver", || Server::find(workspace))?),
        false => None,
    };
    if let Some(Server::Missing(reason)) = &mongodb {
        say(&format!("    there is none, so these tests are skipped: {reason}"));
    }
    let notes = workspace.target.join(format!("edgewise/skipped-{}", std::process::id()));
    fs::create_dir_all(workspace.target.join("edgewise")).context("making the folder for notes")?;
    let mut count = Count::default();
    for binary in &binaries {
        let mut command = command(binary, names, &notes, !options.is_empty());
        if let Some(server) = mongodb.as_ref().filter(|_| needs_mongodb(binary)) {
            server.tell(&mut command);
        }
        run_binary(binary, command, &mut count)?;
    }
    // `report` may end the process, which drops nothing.
    drop(mongodb);
    let skipped = fs::read_to_string(&notes).unwrap_or_default();
    // They are told below; a leftover file is only clutter.
    let _ = fs::remove_file(&notes);
    report(count, &skipped)
}

fn build(workspace: &Workspace, names: &[String]) -> Result<Vec<Binary>> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--locked", "--no-run", "--message-format=json-render-diagnostics", "--workspace"]);
    cargo.args(["--exclude", HOST, "--exclude", "bindgen", "--features", "xtask/conformance,xtask/bench"]);
    let mut binaries = executables(&mut cargo)?;
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--locked", "--no-run", "--message-format=json-render-diagnostics"]);
    cargo.args(["--profile", "native", "-p", HOST]);
    if names.is_empty() {
        binaries.extend(executables(&mut cargo)?);
    }
    for binary in &mut binaries {
        binary.tests = list(binary, names)?;
    }
    Ok(binaries)
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn executables(cargo: &mut Command) -> Result<Vec<Binary>> {
    let output = cargo.stderr(Stdio::inherit()).output().context("starting cargo")?;
    if !output.status.success() {
        bail!("the tests do not build");
    }
    let mut binaries = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Message>(line) else { continue };
        let (Some(file), Some(manifest), Some(target)) = (message.executable, message.manifest_path, message.target) else {
            continue;
        };
        if message.reason == "compiler-artifact" && message.profile.is_some_and(|profile| profile.test) {
            let folder = manifest.parent().map(Path::to_path_buf).unwrap_or_default();
            binaries.push(Binary { name: target.name, file, folder, tests: Vec::new() });
        }
    }
    Ok(binaries)
}

fn list(binary: &Binary, names: &[String]) -> Result<Vec<String>> {
    let mut command = Command::new(&binary.file);
    command.current_dir(&binary.folder).args(names).args(["--list", "--format", "terse"]);
    let listed = run_quietly(&mut command)?;
    Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

fn command(binary: &Binary, names: &[String], notes: &Path, is_full: bool) -> Command {
    let mut command = Command::new(&binary.file);
    command.current_dir(&binary.folder).args(names);
    // Cargo would set these for a test, too.
    command.env("CARGO_MANIFEST_DIR", &binary.folder).env(skip::NOTES, notes);
    if is_full {
        command.env(FULL, "1");
    }
    command
}

fn run_binary(binary: &Binary, mut command: Command, count: &mut Count) -> Result<()> {
    let package = binary.folder.file_name().unwrap_or_default().to_string_lossy();
    say(&format!("\n{package}: {}", binary.name));
    let mut child = command.stdout(Stdio::piped()).spawn().context("starting a test binary")?;
    let mut told = None;
    for line in BufReader::new(child.stdout.take().context("a piped output")?).lines() {
        let line = line.context("reading a test's output")?;
        told = told.or_else(|| summary(&line));
        if !line.is_empty() && !line.starts_with("running ") {
            say(&line);
        }
    }
    let status = child.wait().context("waiting for a test binary")?;
    let (passed, failed) = told.unwrap_or((0, 0));
    count.passed += passed;
    // A binary that crashes tells nothing of itself.
    count.failed += if status.success() { failed } else { failed.max(1) };
    Ok(())
}

/// `test result: ok. 3 passed; 0 failed; …`
fn summary(line: &str) -> Option<(usize, usize)> {
    let rest = line.strip_prefix("test result: ")?;
    let number = |unit: &str| {
        let part = rest.split([';', '.']).find_map(|part| part.trim().strip_suffix(unit))?;
        part.trim().parse().ok()
    };
    Some((number("passed")?, number("failed")?))
}

fn report(mut count: Count, skipped: &str) -> Result<()> {
    say("");
    for note in skipped.lines() {
        say(&format!("skipped: {note}"));
        count.skipped += 1;
    }
    count.passed = count.passed.saturating_sub(count.skipped);
    let tail = if count.skipped > 0 { format!(", {} skipped", count.skipped) } else { String::new() };
    say(&format!("{} passed, {} failed{tail}", count.passed, count.failed));
    if count.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_summary_of_a_test_binary_is_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(summary(line), Some((12, 3)));
        assert_eq!(summary("test tests::x ... ok"), None);
    }
}
