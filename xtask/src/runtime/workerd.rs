//! workerd: one process, one service per function, and a router in front of them.

use super::{ConfigFile, READY_TIMEOUT, Running, Settings};
use crate::manifest::Manifest;
use crate::process::Process;
use crate::tools;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fmt::Write;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

static STARTED: AtomicU32 = AtomicU32::new(0);

const ROUTER: &str = include_str!("router.js");
// Not later than the one in wrangler.toml, nor than workerd itself.
const COMPATIBILITY_DATE: &str = "2026-04-01";

pub fn start(workspace: &Workspace, settings: &Settings) -> Result<Running> {
    let manifest = Manifest::read(workspace)?;
    for function in manifest.component.keys() {
        let module = workspace.workers().join(function).join("index.js");
        ensure!(module.is_file(), "{} is missing; `cargo xtask build` makes it", module.display());
    }
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let path = workspace.workers().join(format!("config-{}-{number}.capnp", std::process::id()));
    fs::write(&path, config(&manifest, settings)?).context("writing workerd's configuration")?;
    let file = ConfigFile(path);
    let mut command = workspace.command(tools::workerd(workspace)?);
    // Standard output tells when the socket listens, and on which port.
    command.arg("serve").arg(&file.0).arg("--control-fd=1").envs(&settings.vars);
    let mut process = Process::start(command, &settings.log)?;
    let port = process.wait_for(READY_TIMEOUT, |line| {
        let event: Event = serde_json::from_str(line).ok()?;
        (event.event == "listen").then_some(event.port)
    });
    let port = port.context("starting workerd")?;
    Ok(Running { url: format!("http://127.0.0.1:{port}"), process, _config: Some(file) })
}

#[derive(Deserialize)]
struct Event {
    event: String,
    port: u16,
}

/// Values come from the environment, so no secret is written down.
fn config(manifest: &Manifest, settings: &Settings) -> Result<String> {
    let mut services = String::new();
    let mut workers = String::new();
    let mut bindings = String::new();
    for (function, component) in &manifest.component {
        writeln!(services, "    (name = \"{function}\", worker = .{function}),")?;
        writeln!(bindings, "    (name = \"{function}\", service = \"{function}\"),")?;
        let names = component.variables.keys().map(|name| name.to_ascii_uppercase());
        let mut vars = String::new();
        for name in names.filter(|name| settings.vars.contains_key(name)) {
            writeln!(vars, "    (name = \"{name}\", fromEnvironment = \"{name}\"),")?;
        }
        write!(workers, "{}", worker(function, &vars))?;
    }
    let routes = serde_json::to_string(&manifest.routes()).context("writing the routes")?;
    let router = serde_json::to_string(&ROUTER.replace("ROUTES", &routes)).context("writing the router")?;
    let port = settings.port;
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["public", "local"], tlsOptions = (trustBrowserCas = true))),
{services}    (name = "router", worker = .router),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "router")],
);
const router :Workerd.Worker = (
  modules = [(name = "router.js", esModule = {router})],
  bindings = [
{bindings}  ],
  compatibilityDate = "{COMPATIBILITY_DATE}",
);
{workers}"#
    ))
}

fn worker(function: &str, vars: &str) -> String {
    format!(
        r#"const {function} :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "{function}/index.js"),
    (name = "index_bg.wasm", wasm = embed "{function}/index_bg.wasm"),
  ],
  bindings = [
{vars}  ],
  compatibilityDate = "{COMPATIBILITY_DATE}",
);
"#
    )
}
