//! The checks can fail: what is broken on purpose is reported.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};

use super::{Ledger, Life, faults};
use crate::program::{Program, verify};

/// A file that was killed, and copies of it to break.
struct Killed {
    life: Life,
    ledger: Ledger,
}

impl Killed {
    async fn new() -> Self {
        let (life, mut ledger) = (Life::new(), Ledger::default());
        // Enough is written when the first writer has done each of the three.
        while (0..3).any(|kind| ledger.writers[0].of_kind(kind).next().is_none()) {
            life.round(&mut ledger, Duration::from_millis(200)).await;
        }
        Self { life, ledger }
    }

    fn copy(&self) -> Life {
        let copy = Life::new();
        for suffix in ["", "-wal"] {
            let path = |file: &Path| format!("{}{suffix}", file.display());
            fs::copy(path(&self.life.file), path(&copy.file)).unwrap();
        }
        copy
    }

    fn id(&self, kind: u64) -> String {
        format!("0-{}", self.ledger.writers[0].of_kind(kind).next().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_loss_is_reported() {
    let killed = Killed::new().await;
    let on = |collection: &str, id: Value, update: Option<Value>| {
        let mut body = json!({"collection": collection, "filter": {"_id": id}});
        match update {
            Some(update) => {
                body["update"] = update;
                ("updateOne", body)
            }
            None => ("deleteOne", body),
        }
    };
    let (insert, transaction) = (killed.id(0), killed.id(2));
    let foreign = ("insertOne", json!({"collection": "inserts", "document": {"_id": "0-3000000000", "writer": 0, "number": -1}}));
    let table = [
        (on("inserts", json!(insert), None), format!("the insert {insert} is lost")),
        (on("inserts", json!(insert), Some(json!({"$set": {"text": ""}}))), format!("the insert {insert} is damaged")),
        (on("updates", json!(0), Some(json!({"$set": {"last": 0, "recent": [0]}}))), "is lost: Some(0)".into()),
        (on("updates", json!(0), Some(json!({"$inc": {"times": -100_000}}))), "updates of 0 of".into()),
        (on("updates", json!(0), Some(json!({"$pop": {"recent": 1}}))), "an update of 0 is half there".into()),
        (on("right", json!(transaction), None), format!("the transaction {transaction} is half there")),
        (on("totals", json!(0), Some(json!({"$inc": {"transactions": 1}}))), "a transaction of 0 is half there".into()),
        (foreign, "0-3000000000 was never asked for".into()),
    ];
    assert_eq!(faults(&killed.copy().file, &killed.ledger).await, Vec::<String>::new(), "nothing is wrong with the file itself");
    for ((action, body), expected) in table {
        let copy = killed.copy();
        let program = Program::start(&copy.file);
        program.client().act(action, body.clone()).await;
        program.kill();
        let found = faults(&copy.file, &killed.ledger).await;
        assert!(found.iter().any(|fault| fault.contains(&expected)), "{body}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_fault_of_the_file_is_reported() {
    let killed = Killed::new().await;
    let table = [
        ("DELETE FROM {index} WHERE key = (SELECT MIN(key) FROM {index})", "lacks a key"),
        ("INSERT INTO {index} (key, rid) VALUES (x'00', 987654321)", "instead of"),
        ("UPDATE {documents} SET body = x'0102' WHERE rid = (SELECT MIN(rid) FROM {documents})", "cannot be read"),
        ("UPDATE {documents} SET id_key = x'0102' WHERE rid = (SELECT MIN(rid) FROM {documents})", "is not found by its _id"),
    ];
    assert_eq!(verify(&killed.copy().file), Vec::<String>::new());
    for (statement, expected) in table {
        let copy = killed.copy();
        let sql = rusqlite::Connection::open(&copy.file).unwrap();
        let table = |letter: &str| -> String {
            let text =
                format!("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '{letter}_[0-9]*' ORDER BY rowid");
            let mut statement = sql.prepare(&text).unwrap();
            let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let filled = |name: &&String| {
                sql.query_row(&format!("SELECT COUNT(*) FROM {name}"), [], |row| row.get::<_, i64>(0)).unwrap() > 0
            };
            names.iter().find(filled).unwrap().clone()
        };
        let statement = statement.replace("{index}", &table("i")).replace("{documents}", &table("d"));
        assert!(sql.execute(&statement, []).unwrap() > 0);
        drop(sql);
        let found = verify(&copy.file);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{statement}: {found:?}");
    }
}
