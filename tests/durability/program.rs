//! The gateway as a process of its own, that can be killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use xtask::{build, workspace::Workspace};

use crate::client::{Client, KEY};

/// A running gateway; killed when it is dropped.
pub struct Program {
    child: Child,
    url: String,
}

impl Program {
    /// Opens the file and waits until it listens.
    pub fn start(file: &Path) -> Self {
        let mut command = Command::new(gateway());
        command.args(["--address", "127.0.0.1:0", "--quiet", "--embedded"]).arg(file);
        command.env("GATEWAY_KEYS", json!([{"key": KEY, "admin": true}]).to_string()).env_remove("MONGODB_URI");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the gateway starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).expect("the gateway tells where it listens");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the gateway did not start: {line:?}"));
        let url = format!("{}/v1", told["listening"].as_str().unwrap());
        Self { child, url }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// SIGKILL: the process has no say in it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is dead already where it was killed on purpose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `gateway verify` finds wrong with a file; its exit code says the same as its words.
pub fn verify(file: &Path) -> Vec<String> {
    let output = Command::new(gateway()).arg("verify").arg(file).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let faults: Vec<String> = told.lines().map(str::to_owned).collect();
    assert_eq!(output.status.code(), Some(i32::from(!faults.is_empty())), "{faults:?}");
    faults
}

fn gateway() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Workspace::find().unwrap();
        build::tool(&workspace, "gateway").unwrap();
        workspace.tool("gateway")
    })
}
