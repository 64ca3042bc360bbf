//! Transactions that meet each other.

use std::time::Duration;

use gateway::Config;
use serde_json::{Value, json};

use crate::support::{self, Client, config};

fn numbered(database: &str, client: usize, round: usize) -> Value {
    json!({"database": database, "operations": [
        {"findOneAndUpdate": {"collection": "counters", "filter": {"_id": "lead"}, "update": {"$inc": {"value": 1}}, "upsert": true, "returnDocument": "after"}},
        {"insertOne": {"collection": "leads", "document": {"_id": format!("{client}-{round}")}, "refs": {"document.number": "0.document.value"}}},
    ]})
}

#[tokio::test]
async fn concurrent_transactions_leave_no_gap_and_no_duplicate() {
    leave_no_gap(config(), false).await;
}

#[tokio::test]
async fn concurrent_transactions_leave_no_gap_on_mongodb() {
    if let Some(config) = support::mongodb("concurrent_transactions_leave_no_gap_on_mongodb") {
        tokio::time::timeout(TIME, leave_no_gap(config, true)).await.expect("somebody always wins");
    }
}

#[tokio::test]
async fn of_two_that_expect_the_same_state_one_is_refused() {
    refuse_one(config()).await;
}

#[tokio::test]
async fn of_two_that_expect_the_same_state_one_is_refused_on_mongodb() {
    if let Some(config) = support::mongodb("of_two_that_expect_the_same_state_one_is_refused_on_mongodb") {
        refuse_one(config).await;
    }
}

const TIME: Duration = Duration::from_secs(120);

/// The embedded engine lets writers wait for their turn; MongoDB refuses one of two that meet, for longer than the gateway tries again at times.
async fn leave_no_gap(config: Config, may_lose: bool) {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 10;
    let running = support::start(config).await;
    let database = format!("no_gap_{}", std::process::id());
    let mut working = Vec::new();
    for number in 0..CLIENTS {
        let mut client = Client::connect(running.address).await;
        let database = database.clone();
        working.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                let transaction = numbered(&database, number, round);
                let mut answer = client.act("transaction", "writer", &transaction).await;
                while may_lose && answer.status == 503 {
                    assert_eq!(answer.json()["error_code"], "WriteConflict");
                    answer = client.act("transaction", "writer", &transaction).await;
                }
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }));
    }
    for work in working {
        work.await.unwrap();
    }
    let mut client = Client::connect(running.address).await;
    let answer = client.act("distinct", "reader", &json!({"database": database, "collection": "leads", "field": "number"})).await;
    let expected: Vec<usize> = (1..=CLIENTS * ROUNDS).collect();
    assert_eq!(answer.json(), json!({"values": expected}));
}

async fn refuse_one(config: Config) {
    let running = support::start(config).await;
    let database = format!("refuse_one_{}", std::process::id());
    let mut client = Client::connect(running.address).await;
    let lead = json!({"database": database, "collection": "leads", "document": {"_id": "l", "status": "open"}});
    assert_eq!(client.act("insertOne", "writer", &lead).await.status, 201);
    let award = |bid: &str| {
        json!({"database": database, "operations": [
            {"updateOne": {"collection": "leads", "filter": {"_id": "l", "status": "open"}, "update": {"$set": {"status": "awarded"}}, "expect": {"matchedCount": 1}}},
            {"insertOne": {"collection": "awards", "document": {"_id": bid}}},
        ]})
    };
    let (mut one, mut other) = (Client::connect(running.address).await, Client::connect(running.address).await);
    let (first, second) = (award("a"), award("b"));
    let answers = tokio::join!(one.act("transaction", "writer", &first), other.act("transaction", "writer", &second));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{answers:?}");
    let awards = client.act("countDocuments", "reader", &json!({"database": database, "collection": "awards"})).await;
    assert_eq!(awards.text, r#"{"count":1}"#);
}
