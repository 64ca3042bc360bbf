//! What each function weighs on each runtime, against its budget.

use crate::progress::{say, step};
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use xtask::manifest::Manifest;
use xtask::runtime::Kind;
use xtask::workspace::Workspace;

const KB: usize = 1_000;

/// `size.toml`: kilobytes after gzip, for all functions or for one.
#[derive(Deserialize)]
struct Budgets {
    workers: Budget,
    spin: Budget,
}

#[derive(Deserialize)]
struct Budget {
    gzip_kb: usize,
    #[serde(default)]
    only: BTreeMap<String, usize>,
}

struct Weight {
    raw: usize,
    gzip: usize,
}

/// Builds the functions and prints the table; fails when one is over its budget.
pub fn run(workspace: &Workspace) -> Result<()> {
    for kind in [Kind::Workerd, Kind::Wasi] {
        step(&format!("functions for {kind}"), || kind.build_functions(workspace))?;
    }
    let text = fs::read_to_string(workspace.root.join("size.toml")).context("reading size.toml")?;
    let budgets: Budgets = toml::from_str(&text).context("reading size.toml")?;
    say(&format!("\n{:<14} {:>22} {:>22}   kB, raw and gzip", "function", "Workers", "Spin"));
    let mut over = Vec::new();
    for function in Manifest::read(workspace)?.functions() {
        let folder = workspace.workers().join(&function);
        let workers = weigh(&[folder.join("index_bg.wasm"), folder.join("index.js")])?;
        let spin = weigh(&[workspace.components().join(&function).with_extension("wasm")])?;
        let cells = [(&workers, &budgets.workers, "Workers"), (&spin, &budgets.spin, "Spin")];
        let mut line = format!("{function:<14}");
        for (weight, budget, runtime) in cells {
            let limit = budget.only.get(&function).copied().unwrap_or(budget.gzip_kb);
            line += &format!(" {:>7.1} {:>6.1} of {limit:>3}", kb(weight.raw), kb(weight.gzip));
            if weight.gzip > limit * KB {
                over.push(format!("{function} on {runtime}: {:.1} kB of {limit}", kb(weight.gzip)));
            }
        }
        say(&line);
    }
    if !over.is_empty() {
        bail!("over budget (size.toml):\n{}", over.join("\n"));
    }
    Ok(())
}

fn weigh(files: &[PathBuf]) -> Result<Weight> {
    let mut weight = Weight { raw: 0, gzip: 0 };
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).context("compressing")?;
        weight.raw += bytes.len();
        weight.gzip += encoder.finish().context("compressing")?.len();
    }
    Ok(weight)
}

fn kb(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
}
