//! The two edge runtimes on this machine, all functions on one port.

mod wasi;
mod workerd;

use crate::process::Process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The wasi-http host compiles every component when it is started first.
const READY_TIMEOUT: Duration = Duration::from_secs(240);

/// Which runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cloudflare's workerd.
    Workerd,
    /// A wasi-http host in Spin's place.
    Wasi,
}

/// How to start a runtime.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Variables and secrets by upper-case name, for every function that knows them.
    pub vars: BTreeMap<String, String>,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Where the runtime and the functions log to.
    pub log: PathBuf,
}

/// A runtime that answers; it stops when this is dropped.
pub struct Running {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    /// The process.
    pub process: Process,
    _config: Option<ConfigFile>,
}

impl Kind {
    /// Starts the runtime with the functions as they were last built.
    ///
    /// # Errors
    /// When something has not been built, or the runtime does not answer in time.
    pub fn start(self, workspace: &Workspace, settings: &Settings) -> Result<Running> {
        match self {
            Self::Workerd => workerd::start(workspace, settings),
            Self::Wasi => wasi::start(workspace, settings),
        }
    }

    /// Builds the functions and the runtime itself.
    ///
    /// # Errors
    /// When a tool is missing or a build fails.
    pub fn build(self, workspace: &Workspace) -> Result<()> {
        self.build_functions(workspace)?;
        match self {
            Self::Workerd => Ok(()),
            Self::Wasi => crate::build::tool(workspace, "host"),
        }
    }

    /// Builds the functions.
    ///
    /// # Errors
    /// When a tool is missing or a build fails.
    pub fn build_functions(self, workspace: &Workspace) -> Result<()> {
        match self {
            Self::Workerd => crate::build::workers(workspace),
            Self::Wasi => crate::build::components(workspace),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workerd => "workerd",
            Self::Wasi => "wasi-http",
        })
    }
}

/// A configuration file that goes when its runtime goes.
struct ConfigFile(PathBuf);

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // Left behind it does no harm: it holds no secret.
        let _ = std::fs::remove_file(&self.0);
    }
}
