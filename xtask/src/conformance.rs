//! Replays recorded cases of MongoDB's behaviour through the Data API and counts what holds.
//!
//! A case's commands run in order on an empty database, each as the action it corresponds to; what the protocol cannot express counts as failed.

mod compare;
mod server;
mod translate;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};

use server::Server;

/// One recorded case.
#[derive(Deserialize)]
struct Case {
    id: String,
    area: String,
    kind: String,
    commands: Vec<Recorded>,
    expect: Vec<compare::Expectation>,
}

#[derive(Deserialize)]
struct Recorded {
    cmd: Map<String, Value>,
}

struct Options {
    files: Vec<PathBuf>,
    url: Option<String>,
    key: Option<String>,
    failures: Option<PathBuf>,
    thresholds: Option<PathBuf>,
}

/// The least share of cases that must hold, in percent, by area and kind.
type Thresholds = BTreeMap<String, BTreeMap<String, f64>>;

/// Runs `FILE.jsonl[.gz]… [--url URL --key KEY] [--failures FILE] [--thresholds FILE]` and prints the counts.
///
/// A failing case is no error of the run, but a share below its threshold is.
pub fn run(words: &[String]) -> Result<()> {
    let options = Options::read(words)?;
    let mut cases = Vec::new();
    for file in &options.files {
        read(file, &mut cases).with_context(|| format!("cannot read {}", file.display()))?;
    }
    let server = match options.url {
        Some(url) => Server::remote(url, options.key.unwrap_or_default()),
        None => Server::in_process()?,
    };
    let results = replay(&server, &cases)?;
    server.stop();
    if let Some(path) = &options.failures {
        tell_failures(path, &cases, &results).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let counts = count(&cases, &results);
    tell_counts(&counts)?;
    match &options.thresholds {
        Some(path) => hold(&counts, path),
        None => Ok(()),
    }
}

impl Options {
    fn read(words: &[String]) -> Result<Self> {
        let mut options = Self { files: Vec::new(), url: None, key: None, failures: None, thresholds: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--url" => options.url = Some(value()?.clone()),
                "--key" => options.key = Some(value()?.clone()),
                "--failures" => options.failures = Some(PathBuf::from(value()?)),
                "--thresholds" => options.thresholds = Some(PathBuf::from(value()?)),
                option if option.starts_with("--") => {
                    bail!("{option} is unknown: FILE.jsonl[.gz]… [--url URL --key KEY] [--failures FILE] [--thresholds FILE]")
                }
                file => options.files.push(PathBuf::from(file)),
            }
        }
        if options.files.is_empty() {
            bail!("no file of cases is given");
        }
        Ok(options)
    }
}

fn read(path: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let file = File::open(path)?;
    let is_packed = path.extension().is_some_and(|extension| extension == "gz");
    let text: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    for (number, line) in BufReader::new(text).lines().enumerate() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let mut json = serde_json::Deserializer::from_str(&line);
        // Some cases are about nesting itself; the threads below have the stack for them.
        json.disable_recursion_limit();
        let case = on_large_stack(|| Case::deserialize(&mut json))?;
        cases.push(case.with_context(|| format!("line {}", number + 1))?);
    }
    Ok(())
}

/// The fault of each case, in the order of the cases; none where it holds.
fn replay(server: &Server, cases: &[Case]) -> Result<Vec<Option<String>>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; cases.len()]);
    let work = || {
        let client = server.client();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(number) else { return };
            let fault = replay_case(&client, case, number).err();
            if let Some(result) = results.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
                *result = fault;
            }
        }
    };
    thread::scope(|scope| -> Result<()> {
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            workers.push(thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?);
        }
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a worker ended in a fault"))?;
        }
        Ok(())
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

const WORKERS: usize = 4;
const STACK_BYTES: usize = 64 * 1024 * 1024;

fn replay_case(client: &server::Client, case: &Case, number: usize) -> Result<(), String> {
    let database = format!("conformance_{}_{number}", std::process::id());
    let mut replies = Vec::with_capacity(case.commands.len());
    for recorded in &case.commands {
        replies.push(translate::perform(client, &database, &recorded.cmd));
    }
    for expectation in &case.expect {
        let reply = replies.get(expectation.step).ok_or("the case expects something of a command that it does not have")?;
        expectation.check(reply)?;
    }
    Ok(())
}

fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        worker.join().map_err(|_| anyhow::anyhow!("a worker ended in a fault"))
    })
}

fn tell_failures(path: &Path, cases: &[Case], results: &[Option<String>]) -> Result<()> {
    let mut file = File::create(path)?;
    for (case, fault) in cases.iter().zip(results) {
        if let Some(fault) = fault {
            writeln!(file, "{} {} {}\t{fault}", case.area, case.kind, case.id)?;
        }
    }
    Ok(())
}

/// How many cases hold, and how many there are, by area and kind.
type Counts<'a> = BTreeMap<(&'a str, &'a str), (usize, usize)>;

fn count<'a>(cases: &'a [Case], results: &[Option<String>]) -> Counts<'a> {
    let mut counts = Counts::new();
    for (case, fault) in cases.iter().zip(results) {
        let (passed, all) = counts.entry((&case.area, &case.kind)).or_default();
        *passed += usize::from(fault.is_none());
        *all += 1;
    }
    counts
}

fn tell_counts(counts: &Counts<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for ((area, kind), (passed, all)) in counts {
        writeln!(out, "{area} {kind} {passed}/{all}")?;
    }
    let (passed, all) = counts.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    writeln!(out, "{passed} passed, {} failed", all - passed)?;
    Ok(())
}

/// Fails when a share is below its threshold, or when a threshold has no cases.
fn hold(counts: &Counts<'_>, path: &Path) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let thresholds: Thresholds =
        serde_json::from_str(&text).with_context(|| format!("{} holds no thresholds", path.display()))?;
    let mut below = Vec::new();
    for (area, kinds) in &thresholds {
        for (kind, least) in kinds {
            let (passed, all) = counts.get(&(area.as_str(), kind.as_str())).copied().unwrap_or_default();
            if all == 0 || share(passed, all) < *least {
                below.push(format!("{area} {kind}: {passed} of {all}, {least} % wanted"));
            }
        }
    }
    if !below.is_empty() {
        bail!("{}", below.join("; "));
    }
    Ok(())
}

/// In percent; the counts are far below where a float loses whole numbers.
#[expect(clippy::cast_precision_loss, reason = "a few thousand cases")]
fn share(passed: usize, all: usize) -> f64 {
    passed as f64 * 100.0 / all as f64
}
