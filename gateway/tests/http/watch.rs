//! Watching a collection over HTTP: what is told, to whom, and that a watcher who comes back misses nothing and sees nothing twice.

mod beside;
mod driver;
mod limits;
mod resume;
pub mod watcher;

use gateway::Key;
use serde_json::{Value, json};

use crate::support::{self, ACTIONS, Client, config};
use watcher::Watcher;

fn place() -> Value {
    json!({"database": "d", "collection": "c"})
}

fn with(more: Value) -> Value {
    let mut body = place();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn act(client: &mut Client, action: &str, more: Value) {
    let answer = client.act(action, "admin", &with(more)).await;
    assert!(matches!(answer.status, 200 | 201), "{action}: {}", answer.text);
}

fn told(event: &watcher::Event) -> (String, Value) {
    let data = event.data.as_ref().expect("an event has data");
    let document = data.get("fullDocument").unwrap_or(&data["documentKey"]);
    (event.name.clone(), document.clone())
}

#[tokio::test]
async fn every_change_is_told_in_the_shape_of_mongodb() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    act(&mut client, "insertOne", json!({"document": {"_id": 1, "n": 1}})).await;
    act(&mut client, "updateOne", json!({"filter": {"_id": 1}, "update": {"$inc": {"n": 1}}})).await;
    act(&mut client, "updateOne", json!({"filter": {"_id": 1}, "update": {"$set": {"n": 2}}})).await;
    act(&mut client, "replaceOne", json!({"filter": {"_id": 1}, "replacement": {"m": 1}})).await;
    act(&mut client, "insertOne", json!({"collection": "other", "document": {"_id": 9}})).await;
    act(&mut client, "deleteOne", json!({"filter": {"_id": 1}})).await;
    let events = watcher.events(4).await;
    let expected = [
        ("insert", json!({"_id": 1, "n": 1})),
        ("update", json!({"_id": 1, "n": 2})),
        ("replace", json!({"_id": 1, "m": 1})),
        ("delete", json!({"_id": 1})),
    ];
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), expected.map(|(name, document)| (name.to_owned(), document)));
    for event in &events {
        let data = event.data.as_ref().unwrap();
        assert_eq!(data["_id"], json!({"_data": event.id}));
        assert_eq!(data["operationType"], json!(event.name));
        assert_eq!(data["ns"], json!({"db": "d", "coll": "c"}));
        assert_eq!(data["documentKey"], json!({"_id": 1}));
        assert_eq!(data.get("fullDocument").is_some(), event.name != "delete");
        assert!(data["wallTime"].is_string() && data["clusterTime"]["$timestamp"]["t"].is_u64(), "{data}");
    }
}

#[tokio::test]
async fn a_transaction_is_told_after_its_commit_and_one_undone_never() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    let put = |id: i32| json!({"insertOne": {"collection": "c", "document": {"_id": id}}});
    let unmet = json!({"updateOne": {"collection": "c", "filter": {"_id": 0}, "update": {"$set": {"a": 1}}, "expect": {"matchedCount": 1}}});
    let transaction = |operations: Value| json!({"database": "d", "operations": operations});
    let undone = client.act("transaction", "admin", &transaction(json!([put(1), put(2), unmet]))).await;
    assert_eq!(undone.status, 409, "{}", undone.text);
    let twice = client.act("transaction", "admin", &transaction(json!([put(3), put(3)]))).await;
    assert_eq!(twice.status, 409, "{}", twice.text);
    let update = json!({"updateOne": {"collection": "c", "filter": {"_id": 4}, "update": {"$set": {"a": 1}}}});
    let made = client.act("transaction", "admin", &transaction(json!([put(4), update, put(5)]))).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let events: Vec<(String, Value)> = watcher.events(3).await.iter().map(told).collect();
    let expected = [("insert", json!({"_id": 4})), ("update", json!({"_id": 4, "a": 1})), ("insert", json!({"_id": 5}))];
    assert_eq!(events, expected.map(|(name, document)| (name.to_owned(), document)));
}

#[tokio::test]
async fn a_filter_is_about_the_document_and_of_a_deleted_one_about_its_id() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let watch = |filter: Value| with(json!({"filter": filter}));
    let mut tenant = Watcher::start(running.address, &watch(json!({"tenant_id": "t1"})), None).await;
    let mut others = Watcher::start(running.address, &watch(json!({"tenant_id": {"$ne": "t1"}})), None).await;
    let mut second = Watcher::start(running.address, &watch(json!({"_id": {"$gt": 1}})), None).await;
    for (id, tenant) in [(1, "t1"), (2, "t2"), (3, "t1")] {
        act(&mut client, "insertOne", json!({"document": {"_id": id, "tenant_id": tenant}})).await;
    }
    act(&mut client, "deleteMany", json!({"filter": {"_id": {"$lt": 3}}})).await;
    act(&mut client, "updateOne", json!({"filter": {"_id": 3}, "update": {"$set": {"tenant_id": "t2"}}})).await;
    act(&mut client, "updateOne", json!({"filter": {"_id": 3}, "update": {"$set": {"tenant_id": "t1"}}})).await;
    let seen = |events: Vec<watcher::Event>| -> Vec<(String, Value)> {
        events.into_iter().map(|event| (event.name, event.data.unwrap()["documentKey"]["_id"].clone())).collect()
    };
    let pairs = |list: &[(&str, i32)]| -> Vec<(String, Value)> {
        list.iter().map(|(name, id)| ((*name).to_owned(), json!(id))).collect()
    };
    assert_eq!(seen(tenant.events(3).await), pairs(&[("insert", 1), ("insert", 3), ("update", 3)]));
    assert_eq!(seen(others.events(4).await), pairs(&[("insert", 2), ("delete", 1), ("delete", 2), ("update", 3)]));
    assert_eq!(seen(second.events(5).await), pairs(&[("insert", 2), ("insert", 3), ("delete", 2), ("update", 3), ("update", 3)]));
}

#[tokio::test]
async fn the_document_is_left_out_where_it_is_not_wanted() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let brief = with(json!({"filter": {"n": 1}, "fullDocument": false}));
    let mut watcher = Watcher::start(running.address, &brief, None).await;
    for n in [2, 1] {
        act(&mut client, "insertOne", json!({"document": {"_id": n, "n": n}})).await;
    }
    let data = watcher.events(1).await.remove(0).data.unwrap();
    assert_eq!((&data["documentKey"], data.get("fullDocument")), (&json!({"_id": 1}), None));
}

#[tokio::test]
async fn types_are_told_where_they_are_asked_for() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let accept = Some(("accept", "text/event-stream, application/ejson"));
    let mut watcher = Watcher::start(running.address, &place(), accept).await;
    act(&mut client, "insertOne", json!({"document": {"_id": 1, "text": "line\nbreak"}})).await;
    let data = watcher.events(1).await.remove(0).data.unwrap();
    assert_eq!(data["fullDocument"], json!({"_id": {"$numberInt": "1"}, "text": "line\nbreak"}));
    assert!(data["wallTime"]["$date"]["$numberLong"].is_string(), "{data}");
}

#[tokio::test]
async fn what_is_no_request_to_watch_is_refused_and_named() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let table = [
        (json!({"pipeline": []}), "pipeline"),
        (json!({"resumeAfter": "yesterday"}), "resumeAfter"),
        (json!({"resumeAfter": {"_data": "1-2"}}), "resumeAfter"),
        (json!({"resumeAfter": "01-2"}), "resumeAfter"),
        (json!({"fullDocument": "whenAvailable"}), "fullDocument"),
        (json!({"filter": {"$where": "true"}}), "$where"),
        (json!({"filter": {"$text": {"$search": "a"}}}), "$text"),
        (json!({"filter": {"a": {"$near": 1}}}), "$near"),
        (json!({"collection": 1}), "collection"),
    ];
    for (more, named) in table {
        let answer = client.act("watch", "reader", &with(more.clone())).await;
        assert_eq!(answer.status, 400, "{more}: {}", answer.text);
        assert!(answer.json()["error"].as_str().unwrap().contains(named), "{more}: {}", answer.text);
    }
    let headers = [("api-key", "reader"), ("last-event-id", "yesterday")];
    let answer = client.request("POST", &format!("{ACTIONS}watch"), &headers, &place().to_string()).await;
    assert_eq!((answer.status, answer.json()["code"].as_i64()), (400, Some(260)), "{}", answer.text);
    assert!(answer.text.contains("Last-Event-ID"), "{}", answer.text);
}

#[tokio::test]
async fn only_who_may_read_the_database_may_watch_it() {
    let mut config = config();
    config.keys.push(Key { read: false, ..Key::new("mute") });
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    for key in ["mute", "elsewhere", "unknown"] {
        let answer = client.act("watch", key, &place()).await;
        assert_eq!(
            (answer.status, answer.json()["error_code"].as_str()),
            (401, Some("InvalidSession")),
            "{key}: {}",
            answer.text
        );
    }
    let answer = client.request("GET", &format!("{ACTIONS}watch"), &[("api-key", "reader")], "").await;
    assert_eq!(answer.status, 405, "{}", answer.text);
    let operation = json!({"database": "d", "operations": [{"watch": {"collection": "c"}}]});
    assert_eq!(client.act("transaction", "admin", &operation).await.status, 400);
    Watcher::start(running.address, &place(), Some(("api-key", "reader"))).await;
}
