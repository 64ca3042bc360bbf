//! Everything on this machine: gateway, stand-ins, functions on one port, a demo tenant.

mod options;
mod secrets;
mod stack;
mod tenant;

use crate::demo::Note;
use crate::progress::{say, step};
use anyhow::{Context, Result, bail};
use options::{Options, Place};
use secrets::Secrets;
use stack::Stack;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use xtask::workspace::Workspace;

const JOBS_EVERY: Duration = Duration::from_secs(1);

/// Starts everything and waits for Ctrl-C, which stops everything.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<()> {
    let options = Options::read(words)?;
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // A second Ctrl-C while things stop has nobody to tell.
        let _ = stop.send(());
    })
    .context("waiting for Ctrl-C")?;
    say("edgewise");
    build(workspace, &options)?;
    let place = Place::of(&options)?;
    let secrets = Secrets::read_or_make(&place.folder)?;
    let mut stack = step("starting", || Stack::start(workspace, &options, &place, &secrets))?;
    step("indexes", || stack.create_indexes(workspace))?;
    let tenant = step("demo tenant", || tenant::demo(&stack, &place.folder))?;
    let note = Note { url: stack.url.clone(), standins: stack.standins_url().to_owned(), password: stack.demo_password.clone() };
    note.leave(workspace)?;
    say(&stack.summary(&options));
    say(&tenant.summary(&stack.url));
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(JOBS_EVERY) {
        stack.run_jobs();
        if let Some(ended) = stack.ended() {
            bail!("{ended}");
        }
    }
    Note::take_away(workspace);
    step("stopping", || {
        drop(stack);
        drop(place);
        Ok(())
    })
}

fn build(workspace: &Workspace, options: &Options) -> Result<()> {
    let kind = options.runtime;
    step("gateway", || xtask::build::tool(workspace, "gateway"))?;
    step("stand-ins for Xero and mail", || xtask::build::tool(workspace, "standins"))?;
    step(&format!("functions and runtime ({kind})"), || kind.build(workspace))
}
