//! The gateway as a program: it starts, says where it listens, and ends when it is told to.

mod options;

use std::{io::Write as _, path::Path, process::ExitCode};

use gateway::Config;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["verify", path] => return verify(Path::new(path)),
        ["backup", path, to] => return back_up(Path::new(path), Path::new(to)),
        _ => {}
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config = match options::read(arguments.into_iter(), variable) {
        Ok(Some(config)) => config,
        Ok(None) => {
            say(options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            complain(&reason);
            return ExitCode::from(2);
        }
    };
    // Documents nested to the limit are read and written recursively.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let served = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(serve(config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            complain(&reason);
            ExitCode::FAILURE
        }
    }
}

const STACK_BYTES: usize = 16 * 1024 * 1024;

async fn serve(config: Config) -> Result<(), String> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let running = gateway::start(config).await.map_err(|error| error.to_string())?;
    say(&format!("{{\"listening\":\"{}\"}}\n", running.origin()));
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    running.shutdown().await;
    Ok(())
}

fn verify(path: &Path) -> ExitCode {
    let faults = match gateway::verify(path) {
        Ok(faults) => faults,
        Err(error) => vec![error.to_string()],
    };
    for fault in &faults {
        complain(fault);
    }
    if !faults.is_empty() {
        return ExitCode::FAILURE;
    }
    say("no fault found\n");
    ExitCode::SUCCESS
}

fn back_up(path: &Path, to: &Path) -> ExitCode {
    match gateway::back_up(path, to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    // A closed output is no reason to stop.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn complain(reason: &str) {
    let _ = writeln!(std::io::stderr().lock(), "gateway: {}", reason.trim_end());
}
