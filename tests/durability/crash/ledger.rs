//! What was acknowledged and attempted, and what has to be stored because of that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::client::Client;

pub const WRITERS: usize = 6;

/// What all writers were told.
pub struct Ledger {
    pub writers: Vec<Writer>,
}

/// What one writer was told. Its writes are numbered: by threes an insert, an update, a transaction.
#[derive(Default)]
pub struct Writer {
    /// Every number below it was attempted.
    pub next: u64,
    pub acknowledged: BTreeSet<u64>,
}

/// What the database holds, by `_id` as text.
pub struct Stored {
    inserts: BTreeMap<String, Value>,
    updates: BTreeMap<String, Value>,
    left: BTreeMap<String, Value>,
    right: BTreeMap<String, Value>,
    totals: BTreeMap<String, Value>,
}

/// What an inserted document carries, so that its contents can be checked.
pub fn text(writer: usize, number: u64) -> String {
    format!("{writer} wrote {number}; ").repeat(5 + usize::try_from(number % 40).unwrap())
}

impl Default for Ledger {
    fn default() -> Self {
        Self { writers: (0..WRITERS).map(|_| Writer::default()).collect() }
    }
}

impl Ledger {
    pub fn acknowledged(&self) -> usize {
        self.writers.iter().map(|writer| writer.acknowledged.len()).sum()
    }

    /// What is lost, half done, or was never asked for.
    pub fn faults(&self, stored: &Stored) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, writer) in self.writers.iter().enumerate() {
            writer.check_inserts(name, stored, &mut faults);
            writer.check_updates(name, stored, &mut faults);
            writer.check_transactions(name, stored, &mut faults);
        }
        let known = |id: &String, kind: u64| {
            let parts = id.split_once('-').and_then(|(name, number)| Some((name.parse().ok()?, number.parse::<u64>().ok()?)));
            parts.is_some_and(|(name, number): (usize, u64)| {
                number % 3 == kind && self.writers.get(name).is_some_and(|writer| number < writer.next)
            })
        };
        for (kind, ids) in [(0, stored.inserts.keys()), (2, stored.left.keys()), (2, stored.right.keys())] {
            faults.extend(ids.filter(|id| !known(id, kind)).map(|id| format!("{id} was never asked for")));
        }
        faults
    }
}

impl Writer {
    /// The acknowledged numbers of a kind.
    pub fn of_kind(&self, kind: u64) -> impl Iterator<Item = u64> {
        self.acknowledged.iter().copied().filter(move |number| number % 3 == kind)
    }

    fn check_inserts(&self, name: usize, stored: &Stored, faults: &mut Vec<String>) {
        for number in self.of_kind(0) {
            let id = format!("{name}-{number}");
            match stored.inserts.get(&id) {
                None => faults.push(format!("the insert {id} is lost")),
                Some(document) if document["text"] != text(name, number) => faults.push(format!("the insert {id} is damaged")),
                Some(_) => {}
            }
        }
    }

    fn check_updates(&self, name: usize, stored: &Stored, faults: &mut Vec<String>) {
        let document = stored.updates.get(&name.to_string());
        let number = |field: &str| document.and_then(|document| document[field].as_u64());
        let (last, times) = (number("last"), number("times").unwrap_or(0));
        if last < self.of_kind(1).last() {
            faults.push(format!("the update {name}-{:?} is lost: {last:?}", self.of_kind(1).last()));
        }
        let attempted = (self.next + 1) / 3;
        if times < self.of_kind(1).count() as u64 || times > attempted {
            faults.push(format!("{times} updates of {name} of {} and {attempted} attempted", self.of_kind(1).count()));
        }
        let recent = document.and_then(|document| document["recent"].as_array()?.last()?.as_u64());
        if recent != last {
            faults.push(format!("an update of {name} is half there: {recent:?} and {last:?}"));
        }
    }

    fn check_transactions(&self, name: usize, stored: &Stored, faults: &mut Vec<String>) {
        for number in self.of_kind(2) {
            let id = format!("{name}-{number}");
            if !stored.left.contains_key(&id) && !stored.right.contains_key(&id) {
                faults.push(format!("the transaction {id} is lost"));
            }
        }
        let own = format!("{name}-");
        let of = |side: &BTreeMap<String, Value>| -> BTreeSet<String> {
            side.keys().filter(|id| id.starts_with(&own)).cloned().collect()
        };
        let (left, right) = (of(&stored.left), of(&stored.right));
        faults.extend(left.symmetric_difference(&right).map(|id| format!("the transaction {id} is half there")));
        let total = stored.totals.get(&name.to_string()).and_then(|total| total["transactions"].as_u64()).unwrap_or(0);
        if total != left.len() as u64 {
            faults.push(format!("a transaction of {name} is half there: {total} of {}", left.len()));
        }
    }
}

impl Stored {
    pub async fn read(client: &Client) -> Self {
        Self {
            inserts: by_id(client, "inserts").await,
            updates: by_id(client, "updates").await,
            left: by_id(client, "left").await,
            right: by_id(client, "right").await,
            totals: by_id(client, "totals").await,
        }
    }
}

async fn by_id(client: &Client, collection: &str) -> BTreeMap<String, Value> {
    let id = |document: &Value| document["_id"].as_str().map_or_else(|| document["_id"].to_string(), str::to_owned);
    client.all(collection).await.into_iter().map(|document| (id(&document), document)).collect()
}
