//! How long the engine takes beside bare SQLite: `speed [documents]`.

use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

use bson::{Bson, Document, doc};
use engine::{Command, Engine, Mode, Outcome, Update};

fn main() -> Result<(), Box<dyn Error>> {
    let total: i32 = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let engine = Engine::open(&folder.path().join("speed.db"))?;
    let mut out = std::io::stdout();
    run(
        &engine,
        &Command::CreateIndexes {
            collection: "leads".into(),
            indexes: vec![doc! {"key": {"tenant_id": 1, "status": 1, "created_at": -1, "_id": -1}, "name": "list"}],
        },
    )?;
    let started = Instant::now();
    for start in (0..total).step_by(1000) {
        let documents = (start..(start + 1000).min(total)).map(lead).collect();
        run(&engine, &Command::InsertMany { collection: "leads".into(), documents, ordered: true })?;
    }
    writeln!(out, "fill {total}: {:?}", started.elapsed())?;

    let by_id = |id: i32| Command::FindOne {
        collection: "leads".into(),
        filter: doc! {"_id": format!("lead_{id:08}"), "tenant_id": format!("t{}", id % 10)},
        projection: None,
        sort: None,
        skip: None,
    };
    report(&mut out, "findOne by id", 2000, |round| run(&engine, &by_id(round.wrapping_mul(7919) % total)))?;
    let list = Command::Find {
        collection: "leads".into(),
        filter: doc! {"tenant_id": "t3", "status": "open", "deleted_at": Bson::Null},
        projection: None,
        sort: Some(doc! {"created_at": -1, "_id": -1}),
        limit: Some(51),
        skip: None,
    };
    report(&mut out, "list of 51", 500, |_| run(&engine, &list))?;
    let range = Command::Find {
        collection: "leads".into(),
        filter: doc! {"tenant_id": "t3", "status": "open", "created_at": {"$gte": bson::DateTime::from_millis(i64::from(total / 2))}},
        projection: None,
        sort: Some(doc! {"created_at": -1, "_id": -1}),
        limit: Some(50),
        skip: None,
    };
    report(&mut out, "list of 50 in a range", 500, |_| run(&engine, &range))?;
    report(&mut out, "insertOne", 1000, |round| {
        run(&engine, &Command::InsertOne { collection: "leads".into(), document: lead(total + round) })
    })?;
    report(&mut out, "transaction of 5", 500, |round| {
        let mut session = engine.begin(Mode::Write)?;
        for command in transaction(total + 1000 + 3 * round) {
            session.run("speed", &command)?;
        }
        Ok(session.commit()?)
    })?;
    let group = Command::Aggregate {
        collection: "leads".into(),
        pipeline: vec![doc! {"$group": {"_id": "$status", "n": {"$sum": 1}, "value": {"$sum": "$value"}}}],
    };
    report(&mut out, "group all", 3, |_| run(&engine, &group))?;
    let scan = Command::CountDocuments { collection: "leads".into(), filter: doc! {"title": "none"}, skip: None, limit: None };
    report(&mut out, "scan all", 3, |_| run(&engine, &scan))?;
    beside_a_build(&mut out, &engine, total + 10_000)?;
    bare(&mut out, &folder.path().join("bare.db"), total)
}

fn lead(id: i32) -> Document {
    doc! {
        "_id": format!("lead_{id:08}"), "tenant_id": format!("t{}", id % 10), "status": if id % 3 == 0 { "open" } else { "won" },
        "title": format!("Lead number {id}"), "value": id, "deleted_at": Bson::Null, "created_at": bson::DateTime::from_millis(i64::from(id)),
        "person": {"name": "Somebody", "email": "somebody@example.com"}, "tags": ["a", "b"],
    }
}

/// How long a writer waits while an index over everything is built.
fn beside_a_build(out: &mut impl Write, engine: &Engine, first: i32) -> Result<(), Box<dyn Error>> {
    let (building, started) = (engine.clone(), Instant::now());
    let build =
        std::thread::spawn(move || building.create_indexes("speed", "leads", &[doc! {"key": {"tenant_id": 1, "value": 1}}]));
    let mut times = Vec::new();
    while !build.is_finished() {
        let written = Instant::now();
        run(engine, &Command::InsertOne { collection: "leads".into(), document: lead(first + i32::try_from(times.len())?) })?;
        times.push(written.elapsed());
    }
    build.join().map_err(|_| "the build ended in a fault")??;
    writeln!(out, "index build: {:?}, with {} writes beside it", started.elapsed(), times.len())?;
    report_times(out, "insertOne beside it", times)
}

/// Three documents, a counter, and a change of a document.
fn transaction(first: i32) -> Vec<Command> {
    let update = |collection: &str, id: String, update: Document, upsert: bool| Command::UpdateOne {
        collection: collection.into(),
        filter: doc! {"_id": id},
        update: Update::Document(update),
        upsert,
        array_filters: Vec::new(),
        sort: None,
    };
    let insert = |id: i32| Command::InsertOne { collection: "leads".into(), document: lead(id) };
    vec![
        update("counters", "lead".into(), doc! {"$inc": {"value": 1}}, true),
        insert(first),
        insert(first + 1),
        insert(first + 2),
        update("leads", format!("lead_{first:08}"), doc! {"$set": {"status": "won"}}, false),
    ]
}

fn run(engine: &Engine, command: &Command) -> Result<(), Box<dyn Error>> {
    let mut session = engine.begin(if command.writes() { Mode::Write } else { Mode::Read })?;
    let outcome = session.run("speed", command)?;
    session.commit()?;
    match outcome {
        Outcome::Document(None) => Err("nothing found".into()),
        _ => Ok(()),
    }
}

fn report(
    out: &mut impl Write,
    name: &str,
    rounds: i32,
    mut work: impl FnMut(i32) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..rounds {
        let started = Instant::now();
        work(round)?;
        times.push(started.elapsed());
    }
    report_times(out, name, times)
}

fn report_times(out: &mut impl Write, name: &str, mut times: Vec<Duration>) -> Result<(), Box<dyn Error>> {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let longest = times.last().copied().unwrap_or_default();
    writeln!(out, "{name}: p50 {:?}, p95 {:?}, at most {longest:?}", at(50), at(95))?;
    Ok(())
}

fn bare(out: &mut impl Write, path: &std::path::Path, total: i32) -> Result<(), Box<dyn Error>> {
    let sql = rusqlite::Connection::open(path)?;
    sql.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE d (id TEXT PRIMARY KEY, body BLOB); BEGIN",
    )?;
    let insert = |id: i32| -> Result<(), Box<dyn Error>> {
        let body = lead(id).to_vec()?;
        sql.prepare_cached("INSERT INTO d VALUES (?1, ?2)")?.execute(rusqlite::params![format!("lead_{id:08}"), body])?;
        Ok(())
    };
    for id in 0..total {
        insert(id)?;
    }
    sql.execute_batch("COMMIT")?;
    report(out, "bare SELECT", 2000, |round| {
        let id = format!("lead_{:08}", round.wrapping_mul(7919) % total);
        let body: Vec<u8> = sql.prepare_cached("SELECT body FROM d WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
        Document::from_reader(body.as_slice())?;
        Ok(())
    })?;
    report(out, "bare INSERT", 1000, |round| insert(total + round))?;
    report(out, "bare transaction of 5", 500, |round| {
        sql.execute_batch("BEGIN IMMEDIATE")?;
        for number in 0..4 {
            insert(total + 1000 + 4 * round + number)?;
        }
        let id = format!("lead_{:08}", total + 1000 + 4 * round);
        sql.prepare_cached("UPDATE d SET body = ?2 WHERE id = ?1")?.execute(rusqlite::params![id, lead(0).to_vec()?])?;
        Ok(sql.execute_batch("COMMIT")?)
    })
}
