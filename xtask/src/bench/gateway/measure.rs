//! Does a work so many times by so many clients, and tells how long each took and what it cost.

use super::work::Work;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Whoever is measured.
pub trait Contestant: Sync {
    /// A client of its own.
    fn worker(&self) -> Result<Box<dyn Worker + '_>>;

    /// The process that does the work, where that is another one.
    fn process(&self) -> Option<u32> {
        None
    }
}

/// One client.
pub trait Worker {
    /// Does it once; `number` never comes twice.
    fn work(&mut self, work: Work, number: i32) -> Result<()>;
}

/// What came of one round, or of several.
#[derive(Default)]
pub struct Sample {
    pub latencies: Vec<Duration>,
    pub wall: Duration,
    /// The processor time of whoever did the work, where the system tells.
    pub cpu: Option<Duration>,
}

impl Sample {
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        self.wall += other.wall;
        self.cpu = other.cpu.map(|cpu| cpu + self.cpu.unwrap_or_default());
    }

    pub fn percentile(&self, part: usize) -> Duration {
        let place = (self.latencies.len() * part / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).copied().unwrap_or_default()
    }

    pub fn cpu_us(&self) -> Option<f64> {
        Some(self.cpu?.as_secs_f64() * 1e6 / count(self.latencies.len()))
    }

    pub fn per_second(&self) -> f64 {
        count(self.latencies.len()) / self.wall.as_secs_f64().max(f64::EPSILON)
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures are told with a few digits")]
pub fn count(number: usize) -> f64 {
    number as f64
}

/// Documents that are written get numbers that no other has.
static NUMBERS: AtomicI32 = AtomicI32::new(10_000_000);
const WARM_UP: usize = 3;

/// One round: every client connects and warms up, and then all begin at once.
pub fn round(contestant: &dyn Contestant, work: Work, clients: usize) -> Result<Sample> {
    let each = (work.times() / clients).max(1);
    let (ready, go) = (Barrier::new(clients + 1), Barrier::new(clients + 1));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(|| client(contestant, work, each, &ready, &go))).collect();
        ready.wait();
        let before = contestant.process().map(process_cpu);
        go.wait();
        let started = Instant::now();
        let mut sample = Sample::default();
        let mut own = Some(Duration::ZERO);
        for client in clients {
            let (latencies, cpu) = client.join().ok().context("a client panicked")??;
            sample.latencies.extend(latencies);
            own = own.zip(cpu).map(|(sum, cpu)| sum + cpu);
        }
        sample.wall = started.elapsed();
        sample.cpu = match (contestant.process(), before) {
            (Some(process), Some(Some(before))) => process_cpu(process).map(|after| difference(&before, &after)),
            (Some(_), _) => None,
            (None, _) => own,
        };
        sample.latencies.sort_unstable();
        Ok(sample)
    })
}

type Done = (Vec<Duration>, Option<Duration>);

fn client(contestant: &dyn Contestant, work: Work, each: usize, ready: &Barrier, go: &Barrier) -> Result<Done> {
    let next = || NUMBERS.fetch_add(1, Ordering::Relaxed);
    let warmed = contestant.worker().and_then(|mut worker| {
        for _ in 0..WARM_UP {
            worker.work(work, next())?;
        }
        Ok(worker)
    });
    // Whoever fails goes on to both barriers, or the others would wait for ever.
    ready.wait();
    go.wait();
    let mut worker = warmed?;
    let before = thread_cpu();
    let mut latencies = Vec::with_capacity(each);
    for _ in 0..each {
        let number = next();
        let started = Instant::now();
        worker.work(work, number)?;
        latencies.push(started.elapsed());
    }
    let cpu = thread_cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
    Ok((latencies, cpu))
}

/// The processor time of this thread; the kernel brings it up to date when the thread yields.
fn thread_cpu() -> Option<Duration> {
    thread::yield_now();
    run_time("/proc/thread-self/schedstat")
}

/// The processor times of a process by its threads. One that ends in between was idle for long and is missed by nobody.
fn process_cpu(process: u32) -> Option<HashMap<String, Duration>> {
    let mut times = HashMap::new();
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let path = thread.ok()?.path();
        if let Some(time) = run_time(&path.join("schedstat").to_string_lossy()) {
            times.insert(path.to_string_lossy().into_owned(), time);
        }
    }
    Some(times)
}

fn difference(before: &HashMap<String, Duration>, after: &HashMap<String, Duration>) -> Duration {
    let since = |(thread, time): (&String, &Duration)| time.saturating_sub(before.get(thread).copied().unwrap_or_default());
    after.iter().map(since).sum()
}

fn run_time(path: &str) -> Option<Duration> {
    let text = fs::read_to_string(path).ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
