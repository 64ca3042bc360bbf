//! A server of MongoDB's wire protocol for the tests of the driver: SecantusDB, a reimplementation that installs by pip.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use xtask::tools;
use xtask::workspace::Workspace;

const PACKAGE: &str = "SecantusDB==0.7.0b3";
/// The list of `tests/data-api/deviations` that is its own.
const DEVIATIONS: &str = "secantusdb";
const PROGRAM: &str = include_str!("mongodb.py");
const START_TIME: Duration = Duration::from_secs(60);
const STOP_TIME: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// What the tests of the driver run against.
pub enum Server {
    /// One of the caller's, which is in the environment already.
    Given,
    /// One that was started for them.
    Started(Started),
    /// None, and why.
    Missing(String),
}

/// A running server; it stops when it is dropped.
pub struct Started {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Server {
    /// The caller's where `MONGODB_URI` is set, or one of its own where Python can be had.
    pub fn find(workspace: &Workspace) -> Result<Self> {
        if std::env::var_os("MONGODB_URI").is_some_and(|uri| !uri.is_empty()) {
            return Ok(Self::Given);
        }
        match tools::python(workspace, PACKAGE) {
            Ok(python) => Started::new(workspace, &python).map(Self::Started),
            Err(error) => Ok(Self::Missing(format!("{error:#}").replace('\n', " "))),
        }
    }

    /// Tells a test binary where it is.
    pub fn tell(&self, command: &mut Command) {
        match self {
            Self::Given => {}
            Self::Started(server) => {
                let uri = format!("mongodb://127.0.0.1:{}/?directConnection=true", server.port);
                command.env("MONGODB_URI", uri).env("MONGODB_DEVIATIONS", DEVIATIONS);
            }
            Self::Missing(reason) => {
                command.env("MONGODB_MISSING", reason);
            }
        }
    }
}

impl Started {
    fn new(workspace: &Workspace, python: &PathBuf) -> Result<Self> {
        let folder = workspace.target.join(format!("edgewise/mongodb-{}", std::process::id()));
        fs::create_dir_all(&folder).context("making the folder of the MongoDB server")?;
        let mut command = workspace.command(python);
        command.args(["-c", PROGRAM]).arg(folder.join("data"));
        let starting = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut started = Self { child: starting.context("starting the MongoDB server")?, port: 0, folder };
        let log = File::create(started.folder.join("log")).context("writing the MongoDB server's log")?;
        let output = started.child.stdout.take().context("a piped output")?;
        let (sender, port) = channel();
        thread::spawn(move || follow(output, log, &sender));
        match port.recv_timeout(START_TIME) {
            Ok(port) => started.port = port,
            Err(_) => bail!("the MongoDB server does not listen:\n{}", started.log()),
        }
        Ok(started)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Started {
    /// It ends with its input, and is ended when it does not.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + STOP_TIME;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        // It may have ended in between, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Copies the log and tells the port once it is known.
fn follow(output: ChildStdout, mut log: File, port: &Sender<u16>) {
    for line in BufReader::new(output).lines() {
        let Ok(line) = line else { return };
        // A log that cannot be written must not end what it tells of.
        let _ = writeln!(log, "{line}");
        if let Some(number) = listening(&line) {
            // Nobody waits for a second one.
            let _ = port.send(number);
        }
    }
}

/// `2026-11-21 11:03:45,941 INFO secantus.server: secantus listening on 127.0.0.1:33743`
fn listening(line: &str) -> Option<u16> {
    let (_, address) = line.split_once("listening on 127.0.0.1:")?;
    address.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::listening;

    #[test]
    fn the_port_is_read_from_the_log() {
        let line = "2026-11-21 11:03:45,941 INFO secantus.server: secantus listening on 127.0.0.1:33743";
        assert_eq!(listening(line), Some(33743));
        assert_eq!(listening("INFO secantus.server: stopped"), None);
    }
}
