//! A Workers module from a function's wasm: wasm-bindgen, then esbuild and wasm-opt.

use super::freshness::Stamp;
use crate::tools::{self, WORKERS_TARGET};
use crate::workspace::{Workspace, run_quietly};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

const ENTRY: &str = "shared/edge/src/runtime/workers/entry.js";
const SOURCE_IMPORT: &str = "import source wasmModule from \"./core_bg.wasm\"";
const PLAIN_IMPORT: &str = "import wasmModule from \"./index_bg.wasm\"";

/// Makes the modules of these functions; those that are up to date stay.
pub fn modules(workspace: &Workspace, functions: &[String]) -> Result<()> {
    for function in functions {
        module(workspace, function).with_context(|| format!("making the Workers module of {function}"))?;
    }
    Ok(())
}

fn module(workspace: &Workspace, function: &str) -> Result<()> {
    let folder = workspace.workers().join(function);
    let wasm = workspace.target.join(WORKERS_TARGET).join("release").join(function).with_extension("wasm");
    let inputs = [&wasm, &workspace.root.join(ENTRY), &workspace.root.join("package-lock.json"), &workspace.tool("bindgen")];
    let stamp = Stamp::of(&inputs.map(PathBuf::as_path), &folder.join("stamp"))?;
    if stamp.is_current() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).context("clearing the last build")?;
    }
    let parts = folder.join("parts");
    fs::create_dir_all(&parts).context("making the output folder")?;
    run_quietly(workspace.command(workspace.tool("bindgen")).arg(&wasm).arg(&parts))?;
    bundle(workspace, &folder, &parts)?;
    optimise(workspace, &parts.join("core_bg.wasm"), &folder.join("index_bg.wasm"))?;
    fs::remove_dir_all(&parts).context("clearing up")?;
    stamp.set()
}

fn bundle(workspace: &Workspace, folder: &Path, parts: &Path) -> Result<()> {
    let core = parts.join("core.js");
    let text = fs::read_to_string(&core).context("reading wasm-bindgen's output")?;
    ensure!(text.contains(SOURCE_IMPORT), "wasm-bindgen imports the wasm otherwise than expected");
    // Runtimes give a compiled module for a plain import; the source phase is not in all of them yet.
    fs::write(&core, text.replace(SOURCE_IMPORT, PLAIN_IMPORT)).context("writing the glue")?;
    fs::copy(workspace.root.join(ENTRY), parts.join("entry.js")).context("copying the entry")?;
    let mut esbuild = workspace.command(tools::esbuild(workspace)?);
    esbuild.arg(parts.join("entry.js"));
    esbuild.arg(format!("--outfile={}", folder.join("index.js").display()));
    esbuild.args(["--bundle", "--format=esm", "--target=es2022", "--external:*.wasm", "--log-level=warning"]);
    // `scheduled` is there where a function has one.
    esbuild.args(["--minify-syntax", "--minify-whitespace", "--log-override:import-is-undefined=silent"]);
    run_quietly(&mut esbuild).map(drop)
}

fn optimise(workspace: &Workspace, input: &Path, output: &Path) -> Result<()> {
    let mut node = workspace.command("node");
    node.arg(tools::wasm_opt(workspace)?).arg("-Os").arg(input).arg("-o").arg(output);
    run_quietly(&mut node).map(drop)
}
