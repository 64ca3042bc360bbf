//! A child process with a log, that ends when its owner does.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const STOP_MS: u64 = 5_000;
const POLL_MS: u64 = 20;

/// A running child.
pub struct Process {
    child: Child,
    log: PathBuf,
    // Gone once it is ready: a channel nobody reads only grows.
    lines: Option<Receiver<String>>,
}

impl Process {
    /// Starts `command` with its output going into the file `log`.
    ///
    /// # Errors
    /// When it cannot be started or the log cannot be written.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).context("making the log's folder")?;
        }
        let file = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file.try_clone()?);
        own_group(&mut command);
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || copy_lines(stdout, file, &sender));
        }
        Ok(Self { child, log: log.to_owned(), lines: Some(lines) })
    }

    /// Waits for the first line on standard output that `read` makes something of.
    ///
    /// # Errors
    /// When the child ends or the time runs out; with the end of its log.
    pub fn wait_for<T>(&mut self, timeout: Duration, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let lines = self.lines.take().context("it is ready already")?;
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(value) = read(&line) {
                        return Ok(value);
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("not ready in time:\n{}", self.log_end()),
                Err(RecvTimeoutError::Disconnected) => bail!("ended at once:\n{}", self.log_end()),
            }
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn log_end(&self) -> String {
        let text = fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let text = text.unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    /// Asks it to end, and ends it when it does not.
    fn drop(&mut self) {
        ask_to_end(self.child.id());
        let deadline = Instant::now() + Duration::from_millis(STOP_MS);
        while self.is_running() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(POLL_MS));
        }
        // It may have ended in between, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy_lines(stdout: ChildStdout, mut file: File, sender: &Sender<String>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { return };
        // A log that cannot be written must not end what it tells of.
        let _ = writeln!(file, "{line}");
        // Nobody listens once it is ready.
        let _ = sender.send(line);
    }
}

/// Ctrl-C reaches only us, so that we end the children in order.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

fn ask_to_end(id: u32) {
    let mut kill = Command::new("kill");
    kill.args(["-TERM", &id.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    // Where there is no `kill`, the child is ended without being asked.
    let _ = kill.status();
}
