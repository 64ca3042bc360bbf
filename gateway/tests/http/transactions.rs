//! Transactions that meet each other.

use serde_json::{Value, json};

use crate::support::{self, Client, config};

fn numbered(client: usize, round: usize) -> Value {
    json!({"database": "d", "operations": [
        {"findOneAndUpdate": {"collection": "counters", "filter": {"_id": "lead"}, "update": {"$inc": {"value": 1}}, "upsert": true, "returnDocument": "after"}},
        {"insertOne": {"collection": "leads", "document": {"_id": format!("{client}-{round}")}, "refs": {"document.number": "0.document.value"}}},
    ]})
}

#[tokio::test]
async fn concurrent_transactions_leave_no_gap_and_no_duplicate() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 10;
    let running = support::start(config()).await;
    let mut working = Vec::new();
    for number in 0..CLIENTS {
        let mut client = Client::connect(running.address).await;
        working.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                let answer = client.act("transaction", "writer", &numbered(number, round)).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }));
    }
    for work in working {
        work.await.unwrap();
    }
    let mut client = Client::connect(running.address).await;
    let answer = client.act("distinct", "reader", &json!({"database": "d", "collection": "leads", "field": "number"})).await;
    let expected: Vec<usize> = (1..=CLIENTS * ROUNDS).collect();
    assert_eq!(answer.json(), json!({"values": expected}));
}

#[tokio::test]
async fn of_two_that_expect_the_same_state_one_is_refused() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let lead = json!({"database": "d", "collection": "leads", "document": {"_id": "l", "status": "open"}});
    assert_eq!(client.act("insertOne", "writer", &lead).await.status, 201);
    let award = |bid: &str| {
        json!({"database": "d", "operations": [
            {"updateOne": {"collection": "leads", "filter": {"_id": "l", "status": "open"}, "update": {"$set": {"status": "awarded"}}, "expect": {"matchedCount": 1}}},
            {"insertOne": {"collection": "awards", "document": {"_id": bid}}},
        ]})
    };
    let mut statuses = Vec::new();
    let (mut one, mut other) = (Client::connect(running.address).await, Client::connect(running.address).await);
    let (first, second) = (award("a"), award("b"));
    let answers = tokio::join!(one.act("transaction", "writer", &first), other.act("transaction", "writer", &second));
    for answer in [answers.0, answers.1] {
        statuses.push(answer.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let awards = client.act("countDocuments", "reader", &json!({"database": "d", "collection": "awards"})).await;
    assert_eq!(awards.text, r#"{"count":1}"#);
}
