//! Writers that go on until the gateway is gone.

use serde_json::{Value, json};

use super::ledger::{Ledger, WRITERS, Writer, text};
use crate::client::Client;

pub async fn create_indexes(client: &Client) {
    let indexes = [
        ("inserts", json!([{"key": {"writer": 1, "number": 1}, "unique": true}, {"key": {"tags": 1}}])),
        ("updates", json!([{"key": {"last": 1}}, {"key": {"recent": 1}}])),
        ("left", json!([{"key": {"writer": 1, "number": -1}}])),
        ("totals", json!([{"key": {"transactions": -1}}])),
    ];
    for (collection, indexes) in indexes {
        client.act("createIndexes", json!({"collection": collection, "indexes": indexes})).await;
    }
}

/// Every writer writes until its connection ends; what it was told goes into the ledger.
pub async fn write(clients: Vec<Client>, ledger: &mut Ledger) {
    let mut writing = Vec::new();
    for (name, (writer, client)) in std::mem::take(&mut ledger.writers).into_iter().zip(clients).enumerate() {
        writing.push(tokio::spawn(until_the_end(client, name, writer)));
    }
    for writer in writing {
        ledger.writers.push(writer.await.expect("a writer is refused nothing"));
    }
    assert_eq!(ledger.writers.len(), WRITERS);
}

async fn until_the_end(client: Client, name: usize, mut writer: Writer) -> Writer {
    loop {
        let number = writer.next;
        writer.next += 1;
        let (action, body) = match number % 3 {
            0 => ("insertOne", insert(name, number)),
            1 => ("updateOne", update(name, number)),
            _ => ("transaction", transaction(name, number)),
        };
        let Some((status, answer)) = client.try_act(action, body).await else { return writer };
        assert!(status < 300, "{action}: {status} {answer}");
        writer.acknowledged.insert(number);
    }
}

fn insert(writer: usize, number: u64) -> Value {
    let tags = [format!("t{}", number % 7), format!("u{}", number % 11), format!("w{writer}")];
    let document = json!({"_id": format!("{writer}-{number}"), "writer": writer, "number": number, "tags": tags, "text": text(writer, number)});
    json!({"collection": "inserts", "document": document})
}

fn update(writer: usize, number: u64) -> Value {
    let change = json!({"$set": {"last": number}, "$inc": {"times": 1}, "$push": {"recent": {"$each": [number], "$slice": -5}}});
    json!({"collection": "updates", "filter": {"_id": writer}, "update": change, "upsert": true})
}

fn transaction(writer: usize, number: u64) -> Value {
    let document = json!({"_id": format!("{writer}-{number}"), "writer": writer, "number": number});
    let count =
        json!({"collection": "totals", "filter": {"_id": writer}, "update": {"$inc": {"transactions": 1}}, "upsert": true});
    json!({"operations": [
        {"insertOne": {"collection": "left", "document": document}},
        {"updateOne": count},
        {"insertOne": {"collection": "right", "document": document}},
    ]})
}
