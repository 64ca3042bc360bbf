//! Clients that move amounts between accounts while others add them up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    client::{Client, KEY},
    is_full,
};

const CLIENTS: usize = 16;
const READERS: usize = 3;
const TRANSFERS: usize = 40;
const TRANSFERS_FULL: usize = 1_000;
const ACCOUNTS: usize = 12;
const OPENING: i64 = 100;
const TIME: Duration = Duration::from_secs(120);
const TIME_FULL: Duration = Duration::from_secs(900);

/// What all transfers together came to.
#[derive(Default)]
struct Count {
    made: AtomicUsize,
    refused: AtomicUsize,
    read: AtomicUsize,
    ended: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_of_all_accounts_never_changes_for_any_reader() {
    let running = start().await;
    let url = running.url("durability");
    let client = Client::new(&url);
    open_accounts(&client).await;
    let (transfers, time) = if is_full() { (TRANSFERS_FULL, TIME_FULL) } else { (TRANSFERS, TIME) };
    let count = Arc::new(Count::default());
    let reading: Vec<_> = (0..READERS).map(|_| tokio::spawn(read(Client::new(&url), Arc::clone(&count)))).collect();
    let moving: Vec<_> =
        (0..CLIENTS).map(|number| tokio::spawn(transfer(Client::new(&url), number, transfers, Arc::clone(&count)))).collect();
    let all = async {
        for client in moving {
            client.await.expect("a transfer is made or refused");
        }
        count.ended.store(true, Ordering::Relaxed);
        for reader in reading {
            reader.await.expect("the sum is the same in every state");
        }
    };
    tokio::time::timeout(time, all).await.expect("the transfers end in their time");

    let (made, refused) = (count.made.load(Ordering::Relaxed), count.refused.load(Ordering::Relaxed));
    assert_eq!(made + refused, CLIENTS * transfers);
    assert!(made > 0 && refused > 0, "{made} made and {refused} refused: neither may be missing");
    assert!(count.read.load(Ordering::Relaxed) > READERS, "the readers read while amounts moved");
    assert_eq!(fault(&client).await, None);
    assert_eq!(client.act("countDocuments", json!({"collection": "transfers", "filter": {}})).await["count"], made);
    running.shutdown().await;
}

#[tokio::test]
async fn a_planted_half_transfer_is_seen_by_the_reader() {
    let running = start().await;
    let client = Client::new(&running.url("durability"));
    open_accounts(&client).await;
    assert_eq!(fault(&client).await, None);
    client.act("updateOne", json!({"collection": "accounts", "filter": {"_id": 0}, "update": {"$inc": {"balance": -1}}})).await;
    assert!(fault(&client).await.is_some_and(|fault| fault.contains("1199")), "half a transfer");
    client.act("updateOne", json!({"collection": "accounts", "filter": {"_id": 1}, "update": {"$inc": {"balance": 1}}})).await;
    assert!(fault(&client).await.is_some_and(|fault| fault.contains("account 0")), "a transfer without its record");
    running.shutdown().await;
}

async fn start() -> gateway::Running {
    gateway::start(gateway::Config::temporary(KEY)).await.unwrap()
}

async fn open_accounts(client: &Client) {
    let accounts: Vec<Value> = (0..ACCOUNTS).map(|id| json!({"_id": id, "balance": OPENING})).collect();
    client.act("insertMany", json!({"collection": "accounts", "documents": accounts})).await;
    client.act("createIndexes", json!({"collection": "accounts", "indexes": [{"key": {"balance": 1}}]})).await;
}

async fn transfer(client: Client, number: usize, transfers: usize, count: Arc<Count>) {
    for round in 0..transfers {
        let from = (number * 7 + round * 5) % ACCOUNTS;
        let to = (from + 1 + (number + round) % (ACCOUNTS - 1)) % ACCOUNTS;
        // Some ask for more than an account ever holds.
        let amount = if round % 8 == 7 { OPENING * 100 } else { 1 + (round * 13 + number) as i64 % OPENING };
        let change = |account: usize, by: i64| {
            let filter = if by < 0 { json!({"_id": account, "balance": {"$gte": -by}}) } else { json!({"_id": account}) };
            let body = json!({"collection": "accounts", "filter": filter, "update": {"$inc": {"balance": by}}, "expect": {"matchedCount": 1}});
            json!({"updateOne": body})
        };
        let record = json!({"collection": "transfers", "document": {"from": from, "to": to, "amount": amount}});
        // What is refused comes last: by then the rest has been written, and must be undone.
        let operations = json!([{"insertOne": record}, change(to, amount), change(from, -amount)]);
        let (status, answer) = client.try_act("transaction", json!({"operations": operations})).await.expect("an answer");
        let counted = match status {
            200 => &count.made,
            409 if answer["error_code"] == "ExpectationFailed" && answer["operation"] == 2 => &count.refused,
            _ => panic!("{status} {answer}"),
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }
}

async fn read(client: Client, count: Arc<Count>) {
    while !count.ended.load(Ordering::Relaxed) {
        assert_eq!(sum(&client).await, ACCOUNTS as i64 * OPENING);
        assert_eq!(fault(&client).await, None);
        count.read.fetch_add(1, Ordering::Relaxed);
    }
}

async fn sum(client: &Client) -> i64 {
    let group = json!([{"$group": {"_id": null, "sum": {"$sum": "$balance"}}}]);
    let answer = client.act("aggregate", json!({"collection": "accounts", "pipeline": group})).await;
    answer["documents"][0]["sum"].as_i64().expect("a sum")
}

/// What does not add up in one state of accounts and records.
async fn fault(client: &Client) -> Option<String> {
    let total = |field: &str| {
        json!({"aggregate": {"collection": "transfers", "pipeline": [
            {"$group": {"_id": format!("${field}"), "amount": {"$sum": "$amount"}}},
        ]}})
    };
    let accounts = json!({"find": {"collection": "accounts", "sort": {"_id": 1}}});
    let answer = client.act("transaction", json!({"operations": [accounts, total("from"), total("to")]})).await;
    let documents = |operation: usize| answer["results"][operation]["documents"].as_array().expect("documents");
    let balances = documents(0);
    let sum: i64 = balances.iter().filter_map(|account| account["balance"].as_i64()).sum();
    if sum != ACCOUNTS as i64 * OPENING {
        return Some(format!("the sum is {sum}"));
    }
    let moved = |operation: usize, id: &Value| {
        let of = documents(operation).iter().find(|total| total["_id"] == *id);
        of.map_or(0, |total| total["amount"].as_i64().expect("an amount"))
    };
    let wrong = balances.iter().find(|account| {
        let expected = OPENING - moved(1, &account["_id"]) + moved(2, &account["_id"]);
        account["balance"] != expected || expected < 0
    });
    wrong.map(|account| format!("account {} does not agree with its transfers", account["_id"]))
}
