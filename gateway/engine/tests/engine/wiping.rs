//! Secrets that were deleted: no byte of them stays in the file.

use std::path::Path;

use bson::doc;
use engine::{Command, Engine, Error, Kept, Mode};

/// Whether the bytes of the file, or of SQLite's log beside it, hold the text.
fn holds(path: &Path, text: &str) -> bool {
    let log = path.with_extension("db-wal");
    [path, &log].iter().any(|path| std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes()))
}

#[test]
fn what_is_deleted_from_a_wiping_file_leaves_no_trace_once_the_log_has_let_go_of_it() {
    let check = |open: fn(&Path) -> Result<Engine, Error>| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        let engine = open(&path).unwrap();
        let run = |command: Command| {
            let mut session = engine.begin(Mode::Write).unwrap();
            session.run("d", &command).unwrap();
            session.commit().unwrap();
        };
        let documents = (0..50).map(|id| doc! {"_id": id, "secret": format!("swordfish-{id}")}).collect();
        run(Command::InsertMany { collection: "c".into(), documents, ordered: true });
        run(Command::DeleteOne { collection: "c".into(), filter: doc! {"_id": 7} });
        assert!(holds(&path, "swordfish-7"), "the log of changes tells of it");
        engine.trim_changes(i64::MAX, &Kept { rows: 1, bytes: 1, age_ms: 0 }).unwrap();
        engine.checkpoint().unwrap();
        assert!(holds(&path, "swordfish-8"));
        holds(&path, "swordfish-7")
    };
    assert!(!check(Engine::open_wiping));
    assert!(check(Engine::open), "or the test would show nothing");
}
