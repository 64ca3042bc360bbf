//! Sessions: all or nothing, one writer, readers beside it, and what survives a kill.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command as Process, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::open::Database;
use bson::doc;
use engine::{Command, Engine, Mode, Outcome, Update};

fn insert(id: i32) -> Command {
    Command::InsertOne { collection: "c".into(), document: doc! {"_id": id, "n": id % 7, "words": ["a", id.to_string()]} }
}

fn count(engine: &Engine) -> u64 {
    let command = Command::CountDocuments { collection: "c".into(), filter: doc! {}, skip: None, limit: None };
    match engine.begin(Mode::Read).unwrap().run("test", &command).unwrap() {
        Outcome::Count(count) => count,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dropped_session_leaves_nothing() {
    let db = Database::new();
    let mut session = db.engine.begin(Mode::Write).unwrap();
    session.run("test", &insert(1)).unwrap();
    session.run("test", &Command::CreateIndexes { collection: "c".into(), indexes: vec![doc! {"key": {"a": 1}}] }).unwrap();
    drop(session);
    assert_eq!(count(&db.engine), 0);
    db.insert(vec![doc! {"_id": 1, "a": 1}]).unwrap();
    assert_eq!(db.ids(doc! {"a": 1}, doc! {}), [1]);
}

#[test]
fn a_failed_command_leaves_the_session_usable() {
    let db = Database::new();
    db.index(doc! {"key": {"u": 1}, "unique": true}).unwrap();
    let mut session = db.engine.begin(Mode::Write).unwrap();
    let put = |id: i32, u: i32| Command::InsertOne { collection: "c".into(), document: doc! {"_id": id, "u": u} };
    session.run("test", &put(1, 1)).unwrap();
    let error = session.run("test", &put(2, 1)).unwrap_err();
    assert_eq!(error.code, 11000);
    let key = error.key.unwrap();
    assert_eq!((key.index.as_str(), key.collection.as_str(), key.pattern), ("u_1", "c", doc! {"u": 1}));
    session.run("test", &put(3, 3)).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ids(doc! {}, doc! {}), [1, 3]);
}

#[test]
fn readers_see_the_state_of_their_beginning() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    let mut reader = db.engine.begin(Mode::Read).unwrap();
    let all = crate::open::find(doc! {}, doc! {}, 0);
    assert!(matches!(reader.run("test", &all).unwrap(), Outcome::Documents(found) if found.len() == 1));
    db.insert(vec![doc! {"_id": 2}]).unwrap();
    assert!(matches!(reader.run("test", &all).unwrap(), Outcome::Documents(found) if found.len() == 1));
    assert_eq!(reader.run("test", &insert(3)).unwrap_err().code, 20);
    drop(reader);
    assert_eq!(count(&db.engine), 2);
}

#[test]
fn concurrent_increments_are_all_counted() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "n": 0}]).unwrap();
    let add = Command::UpdateOne {
        collection: "c".into(),
        filter: doc! {"_id": 1},
        update: Update::Document(doc! {"$inc": {"n": 1}}),
        upsert: false,
        array_filters: Vec::new(),
        sort: None,
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let mut session = db.engine.begin(Mode::Write).unwrap();
                    session.run("test", &add).unwrap();
                    session.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(db.find(doc! {}, doc! {}, 0), [doc! {"_id": 1, "n": 200}]);
}

#[test]
fn what_has_expired_is_swept() {
    let db = Database::new();
    db.index(doc! {"key": {"at": 1}, "expireAfterSeconds": 60}).unwrap();
    let at = |seconds: i64| bson::DateTime::from_millis(seconds * 1000);
    db.insert(vec![
        doc! {"_id": 1, "at": at(0)},
        doc! {"_id": 2, "at": at(100)},
        doc! {"_id": 3, "at": "never"},
        doc! {"_id": 4},
    ])
    .unwrap();
    assert_eq!(db.engine.sweep_expired(61_000).unwrap(), 1);
    assert_eq!(db.ids(doc! {}, doc! {}), [2, 3, 4]);
}

/// Started by the next test: writes without end and names what is committed.
#[test]
fn writer_that_is_killed() {
    let Ok(path) = std::env::var("ENGINE_TEST_WRITER") else {
        return;
    };
    let engine = Engine::open(path.as_ref()).unwrap();
    let mut session = engine.begin(Mode::Write).unwrap();
    let indexes = vec![doc! {"key": {"n": 1, "words": -1}}, doc! {"key": {"words": 1}}];
    session.run("test", &Command::CreateIndexes { collection: "c".into(), indexes }).unwrap();
    session.commit().unwrap();
    for id in 0.. {
        let mut session = engine.begin(Mode::Write).unwrap();
        session.run("test", &insert(2 * id)).unwrap();
        session.run("test", &insert(2 * id + 1)).unwrap();
        session.commit().unwrap();
        writeln!(std::io::stderr(), "committed {id}").unwrap();
    }
}

#[test]
fn an_acknowledged_commit_survives_a_kill_and_no_half_transaction_does() {
    let db = Database::new();
    let path = db.path.with_file_name("killed.db");
    let mut writer = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "transactions::writer_that_is_killed", "--nocapture"])
        .env("ENGINE_TEST_WRITER", &path)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stderr.take().unwrap()).lines();
    let mut last = 0;
    while last < 50 {
        let line = lines.next().unwrap().unwrap();
        last = line.strip_prefix("committed ").unwrap().parse().unwrap();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    let acknowledged =
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("committed ")?.parse().ok()).last().unwrap_or(last);
    let reopened = Engine::open(&path).unwrap();
    assert_eq!(reopened.verify().unwrap(), Vec::<String>::new());
    let found = count(&reopened);
    assert!(found >= 2 * (acknowledged + 1), "{found} after {acknowledged}");
    assert_eq!(found % 2, 0);
}

#[test]
fn a_file_whose_index_lacks_a_key_does_not_verify() {
    let db = Database::new();
    db.index(doc! {"key": {"n": 1}}).unwrap();
    db.insert(vec![doc! {"_id": 1, "n": 1}, doc! {"_id": 2, "n": [2, 3]}]).unwrap();
    db.update(doc! {"_id": 2}, doc! {"$set": {"n": 4}}, false).unwrap();
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
    rusqlite::Connection::open(&db.path).unwrap().execute("DELETE FROM i_1 WHERE rid = 1", []).unwrap();
    assert_eq!(db.engine.verify().unwrap().len(), 2);
}

#[test]
fn a_writer_leaves_the_queue_when_it_should_and_only_so_many_wait() {
    let db = Database::new();
    let writing = db.engine.begin(Mode::Write).unwrap();
    let stopped = Arc::new(AtomicBool::new(false));
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (engine, stopped) = (db.engine.clone(), Arc::clone(&stopped));
            thread::spawn(move || engine.begin_write(3, move || stopped.load(Ordering::Relaxed)).map(drop))
        })
        .collect();
    let started = Instant::now();
    // There is no place left once both wait.
    let is_full = || db.engine.begin_write(2, || true).unwrap_err().code == 46;
    while !is_full() {
        assert!(started.elapsed() < Duration::from_secs(30), "nobody waits");
    }
    stopped.store(true, Ordering::Relaxed);
    for one in waiting {
        assert_eq!(one.join().unwrap().unwrap_err().code, 50);
    }
    drop(writing);
    drop(db.engine.begin_write(1, || false).unwrap());
}
