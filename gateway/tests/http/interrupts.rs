//! A request that is out of time is worked on no longer.

use std::time::Duration;

use serde_json::json;

use crate::support::{self, Client, config};

#[tokio::test]
async fn a_request_out_of_time_gives_its_place_back() {
    let mut config = config();
    (config.limits.concurrent, config.limits.time) = (1, Duration::from_secs(2));
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let documents: Vec<_> = (0..1_000).map(|id| json!({"_id": id})).collect();
    let inserted = client.act("insertMany", "admin", &json!({"database": "d", "collection": "c", "documents": documents})).await;
    assert_eq!(inserted.status, 201, "{}", inserted.text);
    // All triples of documents: hours of work.
    let pairs = json!({"$lookup": {"from": "c", "pipeline": [{"$match": {"$expr": {"$lt": ["$_id", "$$NOW"]}}}], "as": "x"}});
    let triples = json!({"$lookup": {"from": "c", "pipeline": [pairs], "as": "y"}});
    let long = json!({"database": "d", "collection": "c", "pipeline": [triples, {"$count": "n"}]});
    let refused = client.act("aggregate", "admin", &long).await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(50)), "{}", refused.text);
    // The one place is free once the work has ended.
    let mut attempts = 0;
    while client.act("findOne", "admin", &json!({"database": "d", "collection": "c"})).await.status == 429 {
        attempts += 1;
        assert!(attempts < 300, "the work goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn writes_that_wait_leave_places_to_read_in() {
    let mut config = config();
    (config.limits.concurrent, config.limits.time) = (6, Duration::from_secs(3));
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let documents: Vec<_> = (0..1_000).map(|id| json!({"_id": id})).collect();
    let inserted = client.act("insertMany", "admin", &json!({"database": "d", "collection": "c", "documents": documents})).await;
    assert_eq!(inserted.status, 201, "{}", inserted.text);
    let sum = json!({"$reduce": {"input": {"$range": [0, 1_000_000]}, "initialValue": 0, "in": {"$add": ["$$value", 1]}}});
    let slow = json!({"database": "d", "collection": "c", "filter": {"$expr": {"$lt": [sum, 0]}}, "update": {"$set": {"a": 1}}});
    let mut writes = vec![("updateMany", slow)];
    writes.extend((0..6).map(|id| ("insertOne", json!({"database": "d", "collection": "c", "document": {"_id": 5_000 + id}}))));
    let mut waiting = Vec::new();
    for (action, body) in writes {
        let mut writer = Client::connect(running.address).await;
        waiting.push(tokio::spawn(async move { writer.act(action, "admin", &body).await }));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let read = client.act("findOne", "admin", &json!({"database": "d", "collection": "c"})).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let mut answers = Vec::new();
    for one in waiting {
        let answer = one.await.unwrap();
        answers.push((answer.status, answer.json()["code"].as_i64()));
    }
    // The one at work runs out of time, which gives the three behind it their turn; for the others there was no place in the queue.
    let (late, written, refused) = ((400, Some(50)), (201, None), (429, None));
    assert_eq!(answers, [late, written, written, written, refused, refused, refused]);
}
