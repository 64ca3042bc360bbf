//! The wasi-http host of `tests/host`, configured by `spin.toml` as Spin is.

use super::{READY_TIMEOUT, Running, Settings};
use crate::process::Process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};

const DATA_API_PATH_AT: &str = "/app/";

pub fn start(workspace: &Workspace, settings: &Settings) -> Result<Running> {
    let host = workspace.tool("host");
    ensure!(host.is_file(), "{} is missing; `cargo xtask build` makes it", host.display());
    let mut command = workspace.command(host);
    command.arg("--manifest").arg(workspace.root.join("spin.toml"));
    command.arg("--components").arg(workspace.components());
    command.arg("--cache").arg(workspace.target.join("edgewise/wasmtime"));
    command.args(["--port", &settings.port.to_string()]);
    for (name, value) in &settings.vars {
        command.env(format!("SPIN_VARIABLE_{name}"), value);
    }
    if let Some(url) = settings.vars.get("DATA_API_URL") {
        let at = url.find(DATA_API_PATH_AT).unwrap_or(url.len());
        let (origin, path) = url.split_at(at);
        command.env("SPIN_VARIABLE_DATA_API_ORIGIN", origin).env("SPIN_VARIABLE_DATA_API_PATH", path);
    }
    let mut process = Process::start(command, &settings.log)?;
    let url = process.wait_for(READY_TIMEOUT, |line| line.strip_prefix("listening on ").map(str::to_owned));
    Ok(Running { url: url.context("starting the wasi-http host")?, process, _config: None })
}
