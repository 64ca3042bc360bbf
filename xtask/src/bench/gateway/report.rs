//! The section of docs/PERFORMANCE.md: a table for each number of clients, and what the aims came to.

use super::measure::Sample;
use super::run::{CLIENTS, ROUNDS, Row};
use super::work::{FEW, MANY, Work};
use crate::bench::section;
use std::fmt::Write as _;

/// Of the engine to bare SQLite, where one document is read or a few are written.
const MOST_TIMES: f64 = 3.0;
/// Of processor time, for what is not the engine's.
const MOST_HTTP_US: f64 = 150.0;
/// Of a list from the larger collection to one from the smaller.
const MOST_GROWTH: f64 = 1.3;

pub fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, rows);
    text
}

fn write(text: &mut String, rows: &[Row]) -> std::fmt::Result {
    writeln!(text, "## Gateway\n\n`cargo xtask bench gateway` on {}.\n", section::machine())?;
    writeln!(
        text,
        "The same documents (about 300 bytes of BSON) three times: bare SQLite that stores and returns their bytes with the engine's pragmas (WAL,\n\
         `synchronous=FULL`) and as many b-trees; the embedded engine in the measuring process; the gateway as a process of its own over HTTP/1.1 with kept\n\
         connections. {FEW} documents in the smaller collection, {MANY} in the larger. {ROUNDS} rounds in turns; the clients share the cores with what they measure.\n\
         Times are microseconds per request: p50 / p99 as a client sees them, CPU as the kernel counted it for whoever did the work. For `$group`, SQLite only reads all bytes.\n\
         Engine ÷ SQLite is the middle of the rounds' ratios, of medians by one client, of the time for all by several."
    )?;
    for clients in CLIENTS {
        let plural = if clients == 1 { "" } else { "s" };
        writeln!(
            text,
            "\n| {clients} client{plural} | SQLite | engine | gateway | engine ÷ SQLite | gateway per s | CPU SQLite | CPU engine | CPU gateway | HTTP adds |\n|---|---|---|---|---|---|---|---|---|---|"
        )?;
        for row in rows.iter().filter(|row| row.clients == clients) {
            let [sqlite, engine, gateway] = &row.samples;
            writeln!(
                text,
                "| {} | {} | {} | {} | {:.1} | {:.0} | {} | {} | {} | {} |",
                row.work.name(),
                latency(sqlite),
                latency(engine),
                latency(gateway),
                row.ratio,
                gateway.per_second(),
                told(sqlite.cpu_us()),
                told(engine.cpu_us()),
                told(gateway.cpu_us()),
                told(http_us(row))
            )?;
        }
    }
    writeln!(text)?;
    aims(text, rows)
}

fn aims(text: &mut String, rows: &[Row]) -> std::fmt::Result {
    let alone = |work: Work| rows.iter().find(move |row| row.work == work && row.clients == 1);
    writeln!(text, "Aims, by one client:\n")?;
    for work in [Work::FindOne, Work::InsertOne, Work::Transaction] {
        if let Some(row) = alone(work) {
            verdict(
                text,
                &format!("{}: the engine takes {:.1} times as long as bare SQLite", work.name(), row.ratio),
                row.ratio,
                MOST_TIMES,
            )?;
        }
    }
    for work in [Work::FindOne, Work::List, Work::InsertOne, Work::Transaction] {
        if let Some(us) = alone(work).and_then(http_us) {
            verdict(text, &format!("{}: HTTP adds {us:.0} µs of CPU", work.name()), us, MOST_HTTP_US)?;
        }
    }
    for (who, name) in [(1, "engine"), (2, "gateway")] {
        let median = |work: Work| Some(alone(work)?.samples.get(who)?.percentile(50).as_secs_f64());
        if let (Some(few), Some(of_many)) = (median(Work::List), median(Work::ListOfMany)) {
            let growth = of_many / few;
            verdict(
                text,
                &format!("a list from {MANY} documents takes the {name} {growth:.2} times as long as one from {FEW}"),
                growth,
                MOST_GROWTH,
            )?;
        }
    }
    Ok(())
}

fn verdict(text: &mut String, said: &str, value: f64, most: f64) -> std::fmt::Result {
    let verdict = if value <= most { "met" } else { "missed" };
    writeln!(text, "- {said} (at most {most}: {verdict})")
}

/// The processor time of a request that is not the engine's.
fn http_us(row: &Row) -> Option<f64> {
    let [_, engine, gateway] = &row.samples;
    Some(gateway.cpu_us()? - engine.cpu_us()?)
}

fn latency(sample: &Sample) -> String {
    let us = |part: usize| sample.percentile(part).as_secs_f64() * 1e6;
    format!("{:.0} / {:.0}", us(50), us(99))
}

fn told(us: Option<f64>) -> String {
    us.map_or_else(|| "–".to_owned(), |us| format!("{us:.0}"))
}
