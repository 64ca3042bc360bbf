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
