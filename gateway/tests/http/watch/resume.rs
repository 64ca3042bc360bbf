//! Watchers that come back: after a break, after a restart, after a kill, and too late.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use gateway::{Backend, Config, Kept};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{
    act, place,
    watcher::{Event, Watcher},
    with,
};
use crate::{
    program,
    support::{self, ACTIONS, Client, config},
};

fn on_file(folder: &tempfile::TempDir) -> Config {
    let backend = Backend::Embedded { path: folder.path().join("data.sqlite") };
    let mut config = Config { backend, ..config() };
    config.limits.heartbeat = Duration::from_millis(20);
    config
}

fn ids(events: &[Event]) -> Vec<Value> {
    events.iter().map(|event| event.data.as_ref().unwrap()["documentKey"]["_id"].clone()).collect()
}

async fn insert(client: &mut Client, ids: std::ops::Range<i32>) {
    for id in ids {
        act(client, "insertOne", json!({"document": {"_id": id}})).await;
    }
}

#[tokio::test]
async fn the_body_and_the_header_resume_and_the_header_comes_first() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    let before = watcher.last_id.clone();
    insert(&mut client, 0..3).await;
    let events = watcher.events(3).await;
    let after = |id: &str| with(json!({"resumeAfter": id}));
    let mut again = Watcher::start(running.address, &after(&before), None).await;
    assert_eq!(again.events(3).await, events);
    let mut again = Watcher::start(running.address, &after(&before), Some(("last-event-id", &events[1].id))).await;
    assert_eq!(again.events(1).await, events[2..]);
    let mut again = Watcher::start(running.address, &place(), Some(("last-event-id", &events[0].id))).await;
    assert_eq!(again.events(2).await, events[1..]);
}

#[tokio::test]
async fn what_happened_elsewhere_moves_the_token_on() {
    let mut config = config();
    config.limits.heartbeat = Duration::from_millis(20);
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    let before = watcher.last_id.clone();
    act(&mut client, "insertOne", json!({"collection": "other", "document": {}})).await;
    while watcher.last_id == before {
        assert_eq!(watcher.block().await, Some(None));
    }
    insert(&mut client, 0..1).await;
    let mut again = Watcher::start(running.address, &with(json!({"resumeAfter": watcher.last_id})), None).await;
    assert_eq!(again.events(1).await, watcher.events(1).await);
}

#[tokio::test]
async fn a_restart_leaves_no_gap_and_too_old_a_token_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let running = support::start(on_file(&folder)).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    insert(&mut client, 0..2).await;
    let seen = watcher.events(1).await;
    running.shutdown().await;

    let running = support::start(on_file(&folder)).await;
    let mut client = Client::connect(running.address).await;
    insert(&mut client, 2..4).await;
    let after = with(json!({"resumeAfter": seen[0].id}));
    let mut watcher = Watcher::start(running.address, &after, None).await;
    assert_eq!(ids(&watcher.events(3).await), [json!(1), json!(2), json!(3)]);
    running.shutdown().await;

    let mut config = on_file(&folder);
    config.limits.changes = Kept { rows: 1, ..Kept::default() };
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    // The first sweep comes with the start, but not before the first request.
    let mut attempts = 0;
    let gone = loop {
        let headers = [("api-key", "admin"), ("last-event-id", seen[0].id.as_str())];
        match Watcher::open(running.address, &after, None).await {
            Err(_) => break client.request("POST", &format!("{ACTIONS}watch"), &headers, &place().to_string()).await,
            Ok(_) => attempts += 1,
        }
        assert!(attempts < 1_000, "the log is never trimmed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((gone.status, gone.json()["error_code"].as_str()), (410, Some("ResumeTokenExpired")), "{}", gone.text);
    assert_eq!(gone.json()["code"], 286);
    let mut current = Watcher::start(running.address, &with(json!({"resumeAfter": watcher.last_id})), None).await;
    insert(&mut client, 4..5).await;
    assert_eq!(ids(&current.events(1).await), [json!(4)]);
}

const WRITERS: usize = 6;
const ROUNDS: usize = 40;

/// Each round one transaction of an insert and an update, and one that is undone.
async fn write(address: SocketAddr, writer: usize) {
    let mut client = Client::connect(address).await;
    for round in 0..ROUNDS {
        let id = format!("{writer}-{round}");
        let insert = |id: &str| json!({"insertOne": {"collection": "c", "document": {"_id": id}}});
        let update = json!({"updateOne": {"collection": "c", "filter": {"_id": id}, "update": {"$set": {"done": true}}}});
        let made = json!({"database": "d", "operations": [insert(&id), update]});
        let answer = client.act("transaction", "writer", &made).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let undone = json!({"database": "d", "operations": [insert("undone"), insert(&id)]});
        assert_eq!(client.act("transaction", "writer", &undone).await.status, 409);
    }
}

/// Numbers that look random and are the same each time (xorshift).
fn scatter(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state % 23).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_breaks_off_again_and_again_sees_each_change_once() {
    let running = support::start(config()).await;
    let address = running.address;
    let whole = Watcher::start(address, &place(), None).await;
    let mut token = whole.last_id.clone();
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(address, writer))).collect();
    let mut seen: Vec<(String, Value)> = Vec::new();
    let (mut random, mut breaks) = (0x9e37_79b9_7f4a_7c15, 0);
    while seen.len() < 2 * WRITERS * ROUNDS {
        let by_header = scatter(&mut random).is_multiple_of(2);
        let mut watcher = match by_header {
            true => Watcher::start(address, &place(), Some(("last-event-id", &token))).await,
            false => Watcher::start(address, &with(json!({"resumeAfter": token})), None).await,
        };
        for _ in 0..=scatter(&mut random) {
            if seen.len() == 2 * WRITERS * ROUNDS {
                break;
            }
            let event = watcher.next().await.expect("the stream goes on");
            seen.push(super::told(&event));
        }
        token = watcher.last_id.clone();
        breaks += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(breaks > 10, "{breaks} breaks");
    let mut expected = HashSet::new();
    for (writer, round) in (0..WRITERS).flat_map(|writer| (0..ROUNDS).map(move |round| (writer, round))) {
        let id = format!("{writer}-{round}");
        let at = |event: &(String, Value)| seen.iter().position(|found| found == event);
        let inserted = at(&("insert".into(), json!({"_id": id}))).expect("the insert is told");
        let updated = at(&("update".into(), json!({"_id": id, "done": true}))).expect("the update is told");
        assert_eq!(updated, inserted + 1, "a transaction is told as a whole");
        expected.extend([inserted, updated]);
    }
    assert_eq!(expected.len(), seen.len(), "nothing is told twice, and nothing that was undone");
    // One that never broke off has seen the same.
    let mut whole = whole;
    assert_eq!(whole.events(seen.len()).await.iter().map(super::told).collect::<Vec<_>>(), seen);
}

#[tokio::test]
async fn a_kill_leaves_no_gap_between_what_was_told_and_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut told: Vec<Value> = Vec::new();
    let mut token: Option<String> = None;
    let mut acknowledged = 0;
    for _ in 0..3 {
        let (mut running, address) = program::serve(&folder);
        let body = token.as_ref().map_or_else(place, |token| with(json!({"resumeAfter": token})));
        let mut watcher = Watcher::start(address, &body, Some(("api-key", "swordfish"))).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let first = acknowledged;
        let writing = tokio::spawn(async move {
            let mut last = first;
            let document = |n: i64| with(json!({"document": {"n": n}}));
            while let Some(status) = Watcher::post(&mut stream, "insertOne", "swordfish", &document(last)).await {
                assert_eq!(status, 201);
                last += 1;
            }
            last
        });
        for event in watcher.events(30).await {
            told.push(event.data.unwrap()["fullDocument"].clone());
        }
        token = Some(watcher.last_id.clone());
        running.kill();
        acknowledged = writing.await.unwrap();
    }
    let (_running, address) = program::serve(&folder);
    let mut client = Client::connect(address).await;
    let path = format!("{ACTIONS}find");
    let found = client.request("POST", &path, &[("api-key", "swordfish")], &place().to_string()).await;
    let kept = found.json()["documents"].as_array().unwrap().clone();
    let body = with(json!({"resumeAfter": token.unwrap()}));
    let mut watcher = Watcher::start(address, &body, Some(("api-key", "swordfish"))).await;
    let rest = watcher.events(kept.len() - told.len()).await;
    told.extend(rest.into_iter().map(|event| event.data.unwrap()["fullDocument"].clone()));
    assert_eq!(told, kept, "in the order of their commits");
    let numbers: HashSet<i64> = kept.iter().map(|document| document["n"].as_i64().unwrap()).collect();
    assert!((0..acknowledged).all(|number| numbers.contains(&number)), "what was acknowledged is kept");
}
