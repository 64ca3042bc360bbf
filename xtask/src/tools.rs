//! What must be installed, and how it gets there.

use crate::workspace::{Workspace, run_quietly};
use anyhow::{Context, Result, bail};
use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The target of a Workers module.
pub const WORKERS_TARGET: &str = "wasm32-unknown-unknown";
/// The target of a Spin component.
pub const SPIN_TARGET: &str = "wasm32-wasip2";

/// Adds a wasm target to the toolchain where it is missing.
///
/// # Errors
/// When it is missing and rustup cannot add it.
pub fn rust_target(target: &str) -> Result<()> {
    add_to_toolchain(&format!("{target}/lib"), &["target", "add", target])
}

/// Adds the source of the standard library to the toolchain where it is missing.
///
/// # Errors
/// When it is missing and rustup cannot add it.
pub fn rust_source() -> Result<()> {
    add_to_toolchain("src/rust/library/std", &["component", "add", "rust-src"])
}

fn add_to_toolchain(folder: &str, rustup: &[&str]) -> Result<()> {
    let sysroot = run_quietly(Command::new("rustc").args(["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib").join(folder).is_dir() {
        return Ok(());
    }
    let command = rustup.join(" ");
    run_quietly(Command::new("rustup").args(rustup))
        .with_context(|| format!("the Rust toolchain lacks {folder}; `rustup {command}` adds it"))?;
    Ok(())
}

/// Installs the npm packages that package-lock.json pins, into `node_modules`, where they are missing or others.
///
/// # Errors
/// When Node or npm is missing or the registry cannot be reached.
pub fn npm(workspace: &Workspace) -> Result<()> {
    let lock = fs::read(workspace.root.join("package-lock.json")).context("reading package-lock.json")?;
    let stamp = workspace.root.join("node_modules/.edgewise-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    node_version()?;
    run_quietly(workspace.command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
        .context("installing the pinned npm packages")?;
    fs::write(stamp, lock).context("writing into node_modules")
}

fn node_version() -> Result<()> {
    let how = "Node 20.3 or newer is needed (https://nodejs.org, or your system's packages `nodejs` and `npm`)";
    let version = run_quietly(Command::new("node").arg("--version")).context(how)?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        bail!("{how}; `node --version` says {version}");
    };
    if (major, minor) < (20, 3) {
        bail!("{how}; this is {version}");
    }
    Ok(())
}

/// The Workers runtime.
///
/// # Errors
/// When there is none for this system.
pub fn workerd(workspace: &Workspace) -> Result<PathBuf> {
    let system = match (OS, ARCH) {
        ("linux", "x86_64") => "linux-64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => bail!("there is no workerd for {OS} on {ARCH}; use `--runtime wasi`"),
    };
    npm_file(workspace, &format!("@cloudflare/workerd-{system}/bin/workerd"))
}

/// The bundler.
///
/// # Errors
/// When it is not installed.
pub fn esbuild(workspace: &Workspace) -> Result<PathBuf> {
    let system = match (OS, ARCH) {
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        ("linux", "aarch64") => "linux-arm64",
        _ => "linux-x64",
    };
    npm_file(workspace, &format!("@esbuild/{system}/bin/esbuild"))
}

/// The wasm optimiser, a script for Node.
///
/// # Errors
/// When it is not installed.
pub fn wasm_opt(workspace: &Workspace) -> Result<PathBuf> {
    npm_file(workspace, "binaryen/bin/wasm-opt")
}

/// The Python of a virtual environment that holds a pinned package, made where it is missing or holds another.
///
/// # Errors
/// When there is no Python with `venv` and `pip`, or the package cannot be had.
pub fn python(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    let name = package.split_once("==").map_or(package, |(name, _)| name);
    let folder = workspace.root.join(".edgewise/python").join(name.to_lowercase());
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join(".edgewise-package");
    if python.is_file() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == package) {
        return Ok(python);
    }
    run_within(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(&folder), VENV_TIME)
        .context("Python 3.10 or newer with `venv` and `pip` is missing")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"];
    run_within(workspace.command(&python).args(pip).arg(package), PIP_TIME)
        .with_context(|| format!("{package} cannot be installed by pip"))?;
    fs::write(stamp, package).context("writing into the virtual environment")?;
    Ok(python)
}

const VENV_TIME: Duration = Duration::from_secs(120);
const PIP_TIME: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);

/// Runs a command to its end, or ends it when its time is over.
fn run_within(command: &mut Command, time: Duration) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let starting = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = starting.with_context(|| format!("starting {program}"))?;
    let deadline = Instant::now() + time;
    while child.try_wait().with_context(|| format!("waiting for {program}"))?.is_none() {
        if Instant::now() > deadline {
            // It may have ended in between.
            let _ = child.kill();
            let _ = child.wait();
            bail!("{program} did not end within {} s", time.as_secs());
        }
        thread::sleep(POLL);
    }
    let output = child.wait_with_output().with_context(|| format!("waiting for {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{program} failed ({}): {}", output.status, said.lines().last().unwrap_or_default());
    }
    Ok(())
}

fn npm_file(workspace: &Workspace, path: &str) -> Result<PathBuf> {
    let file = workspace.root.join("node_modules").join(path);
    if !file.is_file() {
        bail!("{} is missing; `cargo xtask build` installs it", file.display());
    }
    Ok(file)
}
