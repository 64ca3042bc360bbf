//! Formatting, lints on every target, licences, duplicates, sizes: what needs no test to find.

use crate::progress::step;
use crate::size;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use xtask::manifest::Manifest;
use xtask::tools::{self, SPIN_TARGET, WORKERS_TARGET};
use xtask::workspace::{Workspace, run_quietly};

const CARGO_DENY: &str = "0.20.2";
/// What the first brings, and switches on in the next two, is for algorithms that are not ours; the linker drops it all.
const UNLINKED: [&str; 3] = ["jwt-simple", "hmac-sha1-compact", "hmac-sha256"];
const FEATURES: &str = "xtask/conformance,xtask/bench";
/// Heavy and used by nothing else, so they are linted as they are built.
const HEAVY: [&str; 2] = ["host", "bindgen"];

/// Checks everything and then tells all that is wrong.
pub fn run(workspace: &Workspace) -> Result<()> {
    for target in [WORKERS_TARGET, SPIN_TARGET] {
        tools::rust_target(target)?;
    }
    let mut faults = Vec::new();
    let mut check = |name: &str, work: &dyn Fn() -> Result<()>| faults.extend(step(name, work).err());
    check("formatting", &|| cargo(workspace, &["fmt", "--all", "--check"]));
    check("lints", &|| native_lints(workspace));
    for target in [WORKERS_TARGET, SPIN_TARGET] {
        check(&format!("lints on {target}"), &|| wasm_lints(workspace, target));
        check(&format!("duplicates on {target}"), &|| duplicates(workspace, target));
    }
    check("licences and bans", &|| deny(workspace));
    faults.extend(size::run(workspace).err());
    if !faults.is_empty() {
        bail!("{}", faults.iter().map(|fault| format!("{fault:#}")).collect::<Vec<_>>().join("\n\n"));
    }
    Ok(())
}

fn cargo(workspace: &Workspace, words: &[&str]) -> Result<()> {
    run_quietly(workspace.cargo().args(words)).map(drop)
}

fn native_lints(workspace: &Workspace) -> Result<()> {
    let mut words = vec!["clippy", "--quiet", "--locked", "--keep-going", "--workspace", "--all-targets", "--features", FEATURES];
    for package in HEAVY {
        words.extend(["--exclude", package]);
    }
    words.extend(["--", "-D", "warnings"]);
    cargo(workspace, &words)?;
    let mut words = vec!["clippy", "--quiet", "--locked", "--profile", "native", "--all-targets"];
    for package in HEAVY {
        words.extend(["-p", package]);
    }
    words.extend(["--", "-D", "warnings"]);
    cargo(workspace, &words)
}

fn wasm_lints(workspace: &Workspace, target: &str) -> Result<()> {
    let mut clippy = workspace.cargo();
    clippy.args(["clippy", "--quiet", "--locked", "--keep-going", "--lib", "--target", target]);
    for package in on_wasm(workspace)? {
        clippy.args(["-p", &package]);
    }
    run_quietly(clippy.args(["--", "-D", "warnings"])).map(drop)
}

/// Every function and what they share.
fn on_wasm(workspace: &Workspace) -> Result<Vec<String>> {
    let mut packages = Manifest::read(workspace)?.functions();
    for entry in fs::read_dir(workspace.root.join("shared")).context("reading shared/")? {
        packages.push(entry.context("reading shared/")?.file_name().to_string_lossy().into_owned());
    }
    packages.sort();
    Ok(packages)
}

/// Two versions of a crate in one wasm are weight; what only runs at build time does not count.
fn duplicates(workspace: &Workspace, target: &str) -> Result<()> {
    let mut tree = workspace.cargo();
    tree.args(["tree", "--locked", "--target", target, "-e", "normal,no-proc-macro", "--prefix", "none"]);
    for package in UNLINKED {
        tree.args(["--prune", package]);
    }
    for function in Manifest::read(workspace)?.functions() {
        tree.args(["-p", &function]);
    }
    let listed = run_quietly(&mut tree)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in listed.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let found: Vec<String> = twice.map(|(name, versions)| format!("{name} {versions:?}")).collect();
    ensure!(found.is_empty(), "crates in more than one version: {}", found.join(", "));
    Ok(())
}

fn deny(workspace: &Workspace) -> Result<()> {
    let tool = cargo_deny(workspace)?;
    let mut command = workspace.command(tool);
    run_quietly(command.args(["--log-level", "warn", "--locked", "check", "bans", "licenses", "sources"])).map(drop)
}

fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.root.join(".edgewise/tools");
    let tool = root.join("bin/cargo-deny").with_extension(std::env::consts::EXE_EXTENSION);
    let version = workspace.command(&tool).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY)) {
        return Ok(tool);
    }
    let mut cargo = workspace.cargo();
    cargo.args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "--root"]).arg(root);
    run_quietly(&mut cargo).context("installing cargo-deny")?;
    Ok(tool)
}
