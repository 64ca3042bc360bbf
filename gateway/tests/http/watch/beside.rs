//! Another process at work on the same file: it writes without waking anybody, and may trim the log.

use std::{path::PathBuf, time::Duration};

use bson::doc;
use engine::{Command, Engine, Kept, Mode};
use gateway::{Backend, Config};
use serde_json::json;

use super::{act, place, told, watcher::Watcher};
use crate::support::{self, Client, config};

fn on_file(folder: &tempfile::TempDir, heartbeat: Duration) -> (Config, PathBuf) {
    let path = folder.path().join("data.sqlite");
    let mut config = Config { backend: Backend::Embedded { path: path.clone() }, ..config() };
    config.limits.heartbeat = heartbeat;
    (config, path)
}

fn insert(engine: &Engine, collection: &str) {
    let mut session = engine.begin(Mode::Write).unwrap();
    session.run("d", &Command::InsertOne { collection: collection.into(), document: doc! {"_id": "beside"} }).unwrap();
    session.commit().unwrap();
}

#[tokio::test]
async fn what_another_process_writes_is_told_by_the_next_heartbeat() {
    let folder = tempfile::tempdir().unwrap();
    let (config, path) = on_file(&folder, Duration::from_millis(20));
    let running = support::start(config).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    insert(&Engine::open_beside(&path).unwrap(), "c");
    assert_eq!(told(&watcher.events(1).await[0]), ("insert".into(), json!({"_id": "beside"})));
}

#[tokio::test]
async fn a_watcher_that_fell_behind_the_log_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let (config, path) = on_file(&folder, Duration::from_secs(60));
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    act(&mut client, "insertOne", json!({"document": {"_id": 1}})).await;
    assert_eq!(watcher.events(1).await[0].name, "insert");
    let seen = watcher.last_id.clone();
    let beside = Engine::open_beside(&path).unwrap();
    insert(&beside, "other");
    beside.trim_changes(0, &Kept { rows: 0, bytes: 0, age_ms: u64::MAX }).unwrap();
    act(&mut client, "insertOne", json!({"document": {"_id": 2}})).await;
    let last = watcher.events(1).await.remove(0);
    let data = last.data.unwrap();
    assert_eq!((last.name.as_str(), &data["error_code"], &data["code"]), ("error", &json!("ResumeTokenExpired"), &json!(286)));
    assert_eq!(watcher.last_id, seen, "what was not seen is not passed over");
    assert_eq!(watcher.next().await, None);
}
