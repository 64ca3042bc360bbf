//! Fills the three files, lets everybody do every work in turns, and writes the report.

use super::bare::Sqlite;
use super::engine::{Bare, checkpoint};
use super::http::Gateway;
use super::measure::{Contestant, Sample, round};
use super::report;
use super::work::{MANY, Work};
use crate::bench::section;
use crate::progress::{say, step};
use anyhow::{Context, Result};
use std::fs;
use xtask::build;
use xtask::workspace::Workspace;

pub const CLIENTS: [usize; 2] = [1, 16];
/// Odd, so that the middle of the ratios is one of them.
pub const ROUNDS: usize = 5;

/// SQLite, the engine and the gateway, in this order.
pub const NAMES: [&str; 3] = ["SQLite", "engine", "gateway"];

/// One work by so many clients: what everybody needed.
pub struct Row {
    pub work: Work,
    pub clients: usize,
    pub samples: [Sample; 3],
    /// The middle of the rounds' ratios, of the engine to SQLite: of medians by one client, of the time for all by several.
    pub ratio: f64,
}

pub fn run(workspace: &Workspace) -> Result<()> {
    step("building the gateway", || build::tool(workspace, "gateway"))?;
    let folder = tempfile::tempdir_in(&workspace.target).context("making a folder")?;
    let path = |name: &str| folder.path().join(name);
    let sqlite = step("filling SQLite", || Sqlite::fill(&path("bare.sqlite"), MANY))?;
    step(&format!("filling the engine with {MANY} documents"), || {
        Bare::open(&path("engine.sqlite"))?.fill(MANY)?;
        checkpoint(&path("engine.sqlite"))?;
        fs::copy(path("engine.sqlite"), path("gateway.sqlite")).context("copying the engine's file")
    })?;
    let engine = Bare::open(&path("engine.sqlite"))?;
    let (gateway, _process) = Gateway::start(workspace, &path("gateway.sqlite"), &path("gateway.log"))?;
    let contestants: [&dyn Contestant; 3] = [&sqlite, &engine, &gateway];
    let mut rows = Vec::new();
    for work in Work::ALL {
        for clients in CLIENTS {
            let name = format!("{} by {clients}", work.name());
            rows.push(step(&name, || row(&contestants, work, clients))?);
        }
    }
    let text = report::text(&rows);
    say(&format!("\n{text}"));
    section::write(workspace, "gateway", &text)
}

/// All rounds; everybody's turn comes first in some.
fn row(contestants: &[&dyn Contestant; 3], work: Work, clients: usize) -> Result<Row> {
    let mut samples: [Sample; 3] = Default::default();
    let mut ratios = Vec::new();
    for turn in 0..ROUNDS {
        let mut times = [0.0; 3];
        for place in 0..contestants.len() {
            let who = (place + turn) % contestants.len();
            let contestant = contestants.get(who).context("one of three")?;
            let sample = round(*contestant, work, clients).with_context(|| format!("{work:?} of {:?}", NAMES.get(who)))?;
            let time = if clients == 1 { sample.percentile(50) } else { sample.wall };
            *times.get_mut(who).context("one of three")? = time.as_secs_f64();
            samples.get_mut(who).context("one of three")?.add(sample);
        }
        let [sqlite, engine, _] = times;
        ratios.push(engine / sqlite);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios.get(ROUNDS / 2).copied().unwrap_or_default();
    Ok(Row { work, clients, samples, ratio })
}
