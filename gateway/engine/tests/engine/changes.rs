//! The log of changes: what it tells, in which order, and how it is kept short.

use std::sync::{Arc, Mutex};

use bson::{Bson, Document, doc};
use engine::{Change, ChangeKind, Command, Engine, Kept, Mode, Position};

use crate::open::Database;

const ALL: Kept = Kept { rows: u64::MAX, bytes: u64::MAX, age_ms: u64::MAX };

/// All changes of `test.<collection>` after the position.
fn changes(engine: &Engine, mut after: Position, collection: &str) -> Vec<Change> {
    let mut all = Vec::new();
    loop {
        let read = engine.changes(after, "test", collection).unwrap();
        all.extend(read.changes);
        after = read.position;
        if read.at_end {
            return all;
        }
    }
}

fn told(changes: &[Change]) -> Vec<(ChangeKind, Document)> {
    changes.iter().map(|change| (change.kind, change.document.clone())).collect()
}

fn replace(id: i32, replacement: Document) -> Command {
    let filter = doc! {"_id": id};
    Command::ReplaceOne { collection: "c".into(), filter, replacement, upsert: true, sort: None }
}

#[test]
fn every_change_is_told_with_the_state_after_it() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "n": 1}, doc! {"_id": 2, "n": 1}]).unwrap();
    db.update(doc! {"_id": 1}, doc! {"$inc": {"n": 1}}, false).unwrap();
    db.update(doc! {"_id": 1}, doc! {"$set": {"n": 2}}, false).unwrap();
    db.update(doc! {"_id": 1}, doc! {"$inc": {"n": 1}}, false).unwrap();
    db.run(replace(2, doc! {"m": 1})).unwrap();
    db.run(replace(3, doc! {"m": 1})).unwrap();
    db.update(doc! {"_id": 4}, doc! {"$set": {"n": 1}}, true).unwrap();
    db.run(Command::DeleteMany { collection: "c".into(), filter: doc! {"_id": {"$lt": 3}} }).unwrap();
    db.run(Command::InsertOne { collection: "other".into(), document: doc! {"_id": 1} }).unwrap();
    db.run(Command::DropCollection { collection: "c".into() }).unwrap();
    db.run(Command::DropCollection { collection: "c".into() }).unwrap();
    let expected = [
        (ChangeKind::Insert, doc! {"_id": 1, "n": 1}),
        (ChangeKind::Insert, doc! {"_id": 2, "n": 1}),
        (ChangeKind::Update, doc! {"_id": 1, "n": 2}),
        (ChangeKind::Update, doc! {"_id": 1, "n": 3}),
        (ChangeKind::Replace, doc! {"_id": 2, "m": 1}),
        (ChangeKind::Insert, doc! {"_id": 3, "m": 1}),
        (ChangeKind::Insert, doc! {"_id": 4, "n": 1}),
        (ChangeKind::Delete, doc! {"_id": 1}),
        (ChangeKind::Delete, doc! {"_id": 2}),
        (ChangeKind::Drop, doc! {}),
    ];
    let found = changes(&db.engine, Position::default(), "c");
    assert_eq!(told(&found), expected);
    assert_eq!(told(&changes(&db.engine, found[7].position, "c")), expected[8..]);
    assert_eq!(changes(&db.engine, db.engine.newest_change().unwrap(), "c"), []);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn merge_and_out_and_expiry_are_told_too() {
    let db = Database::new();
    let run = |stage: Document| {
        let pipeline = vec![doc! {"$set": {"at": bson::DateTime::from_millis(0)}}, stage];
        db.run(Command::Aggregate { collection: "c".into(), pipeline }).unwrap()
    };
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    run(doc! {"$merge": {"into": "kept"}});
    run(doc! {"$merge": {"into": "kept"}});
    run(doc! {"$out": "kept"});
    let index = doc! {"key": {"at": 1}, "expireAfterSeconds": 1};
    db.run(Command::CreateIndexes { collection: "kept".into(), indexes: vec![index] }).unwrap();
    assert_eq!(db.engine.sweep_expired(60_000).unwrap(), 1);
    let kinds: Vec<ChangeKind> = changes(&db.engine, Position::default(), "kept").iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Insert, ChangeKind::Delete, ChangeKind::Insert, ChangeKind::Delete]);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_undone_leaves_no_change_and_no_gap() {
    let db = Database::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    db.engine.on_change(move |namespaces| hears.lock().unwrap().extend(namespaces.to_vec()));
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    let mut session = db.engine.begin(Mode::Write).unwrap();
    session.run("test", &replace(7, doc! {})).unwrap();
    drop(session);
    db.insert(vec![doc! {"_id": 2}, doc! {"_id": 1}]).unwrap_err();
    let mut session = db.engine.begin(Mode::Write).unwrap();
    let twice = Command::InsertOne { collection: "c".into(), document: doc! {"_id": 1} };
    session.run("test", &twice).unwrap_err();
    session.run("test", &replace(3, doc! {})).unwrap();
    assert_eq!(changes(&db.engine, Position::default(), "c").len(), 1, "nothing is told before its commit");
    session.commit().unwrap();
    let found = changes(&db.engine, Position::default(), "c");
    let ids: Vec<Option<&Bson>> = found.iter().map(|change| change.document.get("_id")).collect();
    assert_eq!(ids, [Some(&Bson::Int32(1)), Some(&Bson::Int32(3))]);
    assert_eq!(found.iter().map(|change| change.position.sequence()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(*heard.lock().unwrap(), ["test.c", "test.c"]);
}

#[test]
fn a_long_log_is_read_in_parts() {
    let db = Database::new();
    let text = "x".repeat(3_000);
    db.insert((0..2_500).map(|id| doc! {"_id": id, "text": if id < 1_000 { text.as_str() } else { "" }}).collect()).unwrap();
    let first = db.engine.changes(Position::default(), "test", "c").unwrap();
    assert!(!first.at_end && first.changes.len() < 100, "{}", first.changes.len());
    let found = changes(&db.engine, Position::default(), "c");
    let ids: Vec<i32> = found.iter().map(|change| change.document.get_i32("_id").unwrap()).collect();
    assert_eq!(ids, (0..2_500).collect::<Vec<_>>());
    assert_eq!(changes(&db.engine, Position::default(), "other"), []);
}

#[test]
fn what_is_over_a_bound_is_forgotten_and_the_newest_is_kept() {
    let db = Database::new();
    let sequences = |after: Position| -> Vec<i64> {
        changes(&db.engine, after, "c").iter().map(|change| change.position.sequence()).collect()
    };
    db.insert((0..2_500).map(|id| doc! {"_id": id}).collect()).unwrap();
    let all = changes(&db.engine, Position::default(), "c");
    let now = all[2_499].position.at_ms();
    assert_eq!(db.engine.trim_changes(now, &ALL).unwrap(), 0);
    assert_eq!(db.engine.trim_changes(now, &Kept { rows: 1_000, ..ALL }).unwrap(), 1_500);
    let lost = db.engine.changes(all[1_499].position, "test", "c").unwrap_err();
    assert_eq!((lost.code, lost.name), (286, "ChangeStreamHistoryLost"));
    assert_eq!(db.engine.changes(Position::default(), "test", "c").unwrap_err().code, 286);
    assert_eq!(sequences(all[1_500].position), (1_502..=2_500).collect::<Vec<_>>());
    // 6 bytes of a name and 14 of a document each.
    assert_eq!(db.engine.trim_changes(now, &Kept { bytes: 200, ..ALL }).unwrap(), 990);
    assert_eq!(sequences(all[2_490].position), (2_492..=2_500).collect::<Vec<_>>());
    assert_eq!(db.engine.trim_changes(now + 10, &Kept { age_ms: 0, ..ALL }).unwrap(), 9);
    assert_eq!(db.engine.trim_changes(now + 10, &Kept { rows: 0, bytes: 0, age_ms: 0 }).unwrap(), 0);
    db.insert(vec![doc! {"_id": "next"}]).unwrap();
    assert_eq!(sequences(all[2_499].position), [2_501]);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_position_of_another_log_is_not_taken() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    let position = db.engine.newest_change().unwrap();
    let later: Position = format!("{:x}-{:x}", position.sequence() + 1, position.at_ms()).parse().unwrap();
    let elsewhere: Position = format!("{:x}-{:x}", position.sequence(), position.at_ms() + 1).parse().unwrap();
    for position in [later, elsewhere] {
        assert_eq!(db.engine.changes(position, "test", "c").unwrap_err().code, 286);
    }
    assert_eq!(Database::new().engine.newest_change().unwrap(), Position::default());
}
