//! Commands that nobody waits for any more come to an end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bson::doc;
use engine::{Command, Mode, Session};

use crate::open::{Database, find};

/// A session that stops once it was asked so often.
fn stopping(db: &Database, mode: Mode, asked: u32) -> Session {
    let mut session = db.engine.begin(mode).unwrap();
    let left = AtomicU32::new(asked);
    session.stop_when(move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err());
    session
}

fn filled() -> Database {
    let db = Database::new();
    let words = "some more words to look through ".repeat(20);
    for start in 0..20 {
        db.insert((0..1000).map(|n| doc! {"_id": start * 1000 + n, "n": n, "text": words.as_str()}).collect()).unwrap();
    }
    db
}

fn aggregate(pipeline: Vec<bson::Document>) -> Command {
    Command::Aggregate { collection: "c".into(), pipeline }
}

#[test]
fn every_long_command_stops_when_it_is_told() {
    let db = filled();
    let many = doc! {"$range": [0, 2_000_000]};
    let commands = [
        find(doc! {"text": "none"}, doc! {}, 0),
        find(doc! {}, doc! {"text": 1}, 10),
        Command::CountDocuments { collection: "c".into(), filter: doc! {"text": {"$regex": "x$"}}, skip: None, limit: None },
        Command::Distinct { collection: "c".into(), field: "n".into(), filter: doc! {} },
        Command::Stats { collection: None },
        aggregate(vec![doc! {"$group": {"_id": "$n", "count": {"$sum": 1}}}]),
        aggregate(vec![doc! {"$lookup": {"from": "c", "localField": "text", "foreignField": "n", "as": "x"}}]),
        aggregate(vec![doc! {"$limit": 1}, doc! {"$set": {"x": many.clone()}}, doc! {"$unwind": "$x"}, doc! {"$count": "n"}]),
        aggregate(vec![
            doc! {"$limit": 1},
            doc! {"$project": {"x": {"$reduce": {"input": many, "initialValue": 0, "in": {"$add": ["$$value", 1]}}}}},
        ]),
    ];
    for command in commands {
        let mut session = stopping(&db, Mode::Read, 5);
        let error = session.run("test", &command).unwrap_err();
        assert_eq!((error.code, error.name), (50, "MaxTimeMSExpired"), "{command:?}");
        drop(session);
        let mut whole = db.engine.begin(Mode::Read).unwrap();
        whole.run("test", &find(doc! {"_id": 7}, doc! {}, 0)).unwrap();
    }
}

#[test]
fn a_write_that_stops_leaves_nothing() {
    let db = filled();
    let update = Command::UpdateMany {
        collection: "c".into(),
        filter: doc! {},
        update: engine::Update::Document(doc! {"$inc": {"n": 1}}),
        upsert: false,
        array_filters: Vec::new(),
    };
    let newest = db.engine.newest_change().unwrap();
    for asked in [0, 3, 15, 40] {
        let mut session = stopping(&db, Mode::Write, asked);
        assert_eq!(session.run("test", &update).unwrap_err().code, 50, "after {asked}");
    }
    assert_eq!(db.engine.newest_change().unwrap(), newest);
    assert_eq!(db.find(doc! {"_id": 7}, doc! {}, 0)[0].get_i32("n").unwrap(), 7);
    db.run(update).unwrap();
    assert_eq!(db.find(doc! {"_id": 7}, doc! {}, 0)[0].get_i32("n").unwrap(), 8);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_scan_stops_soon_after_it_is_told_to() {
    let db = filled();
    let (told, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut session = db.engine.begin(Mode::Read).unwrap();
    let (stop, asking) = (Arc::clone(&told), Arc::clone(&asked));
    session.stop_when(move || {
        asking.fetch_add(1, Ordering::Relaxed);
        stop.load(Ordering::Relaxed)
    });
    // All pairs of documents: hours of work.
    let pairs = doc! {"from": "c", "let": {"n": "$n"}, "pipeline": [{"$match": {"$expr": {"$gt": ["$$n", "$text"]}}}], "as": "x"};
    let running = std::thread::spawn(move || session.run("test", &aggregate(vec![doc! {"$lookup": pairs}])).unwrap_err());
    while asked.load(Ordering::Relaxed) < 100 {
        std::thread::yield_now();
    }
    let started = Instant::now();
    told.store(true, Ordering::Relaxed);
    assert_eq!(running.join().unwrap().code, 50);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}
