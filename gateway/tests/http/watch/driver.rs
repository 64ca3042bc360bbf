//! Watching through the driver, where `MONGODB_URI` names a server with change streams.

use std::time::Duration;

use gateway::Config;
use serde_json::{Value, json};

use super::{
    told,
    watcher::{Event, Watcher},
};
use crate::support::{self, Client};

/// The server, and a place of the test's own on it.
fn mongodb(test: &str) -> Option<(Config, Value)> {
    let mut config = support::mongodb(test)?;
    config.limits.heartbeat = Duration::from_millis(200);
    let database = format!("{test}_{}", std::process::id());
    Some((config, json!({"database": database, "collection": "c"})))
}

fn with(place: &Value, more: Value) -> Value {
    let mut body = place.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn act(client: &mut Client, action: &str, body: Value) {
    let answer = client.act(action, "admin", &body).await;
    assert!(matches!(answer.status, 200 | 201), "{action}: {}", answer.text);
}

fn ids(events: &[Event]) -> Vec<Value> {
    events.iter().map(|event| event.data.as_ref().unwrap()["documentKey"]["_id"].clone()).collect()
}

#[tokio::test]
async fn changes_are_told_and_resumed_on_mongodb() {
    let Some((config, place)) = mongodb("changes_are_told_and_resumed_on_mongodb") else { return };
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    act(&mut client, "insertOne", with(&place, json!({"document": {"_id": 0}}))).await;
    let mut watcher = Watcher::start(running.address, &place, None).await;
    let before = watcher.last_id.clone();
    act(&mut client, "insertOne", with(&place, json!({"document": {"_id": 1, "n": 1}}))).await;
    assert_eq!(watcher.events(1).await.iter().map(told).collect::<Vec<_>>(), [("insert".into(), json!({"_id": 1, "n": 1}))]);
    act(&mut client, "updateOne", with(&place, json!({"filter": {"_id": 1}, "update": {"$inc": {"n": 1}}}))).await;
    let update = watcher.events(1).await.remove(0);
    assert_eq!(told(&update), ("update".into(), json!({"_id": 1, "n": 2})));
    act(&mut client, "replaceOne", with(&place, json!({"filter": {"_id": 1}, "replacement": {"m": 1}}))).await;
    act(&mut client, "deleteOne", with(&place, json!({"filter": {"_id": 1}}))).await;
    let names: Vec<String> = watcher.events(2).await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["replace", "delete"]);
    let data = update.data.unwrap();
    assert_eq!((&data["_id"], &data["ns"]["coll"]), (&json!({"_data": update.id}), &json!("c")));

    let after = |token: &str| with(&place, json!({"resumeAfter": token}));
    let mut again = Watcher::start(running.address, &after(&before), None).await;
    let names: Vec<String> = again.events(4).await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["insert", "update", "replace", "delete"]);
    let mut again = Watcher::start(running.address, &after(&before), Some(("last-event-id", &update.id))).await;
    assert_eq!(again.events(2).await[0].name, "replace");
    let refused = client.act("watch", "reader", &after("yesterday")).await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(260)), "{}", refused.text);
    running.shutdown().await;
    assert_eq!(watcher.next().await, None);
}

#[tokio::test]
async fn a_heartbeat_can_be_resumed_from_on_mongodb() {
    let Some((config, place)) = mongodb("a_heartbeat_can_be_resumed_from_on_mongodb") else { return };
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    act(&mut client, "insertOne", with(&place, json!({"document": {"_id": 0}}))).await;
    let filter = json!({"filter": {"tenant_id": "t1"}});
    let mut watcher = Watcher::start(running.address, &with(&place, filter), None).await;
    for (id, tenant) in [(1, "t2"), (2, "t1")] {
        act(&mut client, "insertOne", with(&place, json!({"document": {"_id": id, "tenant_id": tenant}}))).await;
    }
    act(&mut client, "deleteOne", with(&place, json!({"filter": {"_id": 2}}))).await;
    // Looked up after its end, the document may be known by its key alone, which the filter does not let pass.
    let heard = loop {
        match watcher.block().await.expect("the stream goes on") {
            Some(event) => assert_eq!(ids(&[event]), [json!(2)]),
            None => break watcher.last_id.clone(),
        }
    };
    drop(watcher);
    act(&mut client, "insertOne", with(&place, json!({"document": {"_id": 3, "tenant_id": "t1"}}))).await;
    let mut again = Watcher::start(running.address, &with(&place, json!({"resumeAfter": heard})), None).await;
    let last = again.events(1).await.remove(0);
    // The heartbeat may have come before the last changes.
    let rest = if ids(std::slice::from_ref(&last)) == [json!(3)] { last } else { last_of(&mut again, 3).await };
    assert_eq!(told(&rest).1["tenant_id"], "t1");
}

async fn last_of(watcher: &mut Watcher, id: i32) -> Event {
    loop {
        let event = watcher.events(1).await.remove(0);
        if ids(std::slice::from_ref(&event)) == [json!(id)] {
            return event;
        }
    }
}

#[tokio::test]
async fn a_watcher_that_breaks_off_misses_nothing_on_mongodb() {
    let Some((config, place)) = mongodb("a_watcher_that_breaks_off_misses_nothing_on_mongodb") else { return };
    let running = support::start(config).await;
    let address = running.address;
    let mut client = Client::connect(address).await;
    act(&mut client, "insertOne", with(&place, json!({"document": {"_id": "first"}}))).await;
    let mut token = Watcher::start(address, &place, None).await.last_id;
    let database = place["database"].clone();
    let writing = tokio::spawn(async move {
        for round in 0..40 {
            let put = |id: i32| json!({"insertOne": {"collection": "c", "document": {"_id": id}}});
            let made = json!({"database": database, "operations": [put(2 * round), put(2 * round + 1)]});
            act(&mut client, "transaction", made).await;
            let undone = json!({"database": database, "operations": [put(-1), put(2 * round)]});
            assert_eq!(client.act("transaction", "admin", &undone).await.status, 409);
        }
    });
    let mut seen = Vec::new();
    while seen.len() < 80 {
        let mut watcher = Watcher::start(address, &with(&place, json!({"resumeAfter": token})), None).await;
        let count = (1 + seen.len() * 7 % 5).min(80 - seen.len());
        seen.extend(ids(&watcher.events(count).await));
        token = watcher.last_id.clone();
    }
    writing.await.unwrap();
    assert_eq!(seen, (0..80).map(|id| json!(id)).collect::<Vec<_>>());
}
