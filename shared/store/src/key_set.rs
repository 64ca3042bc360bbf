//! The public keys of outside providers, remembered across requests: read, and fetched by one request at a time.

use data_api::{Action, Operation};
use domain::entities::KEY_SET;
use domain::json;
use domain::{Doc, Error, Time, doc, id, validate};
use serde_json::Value;

use crate::{Halt, PlatformScope, Store};

/// Keys as they were fetched.
pub struct KeySet {
    /// As whoever fetched them wrote them; null before they were fetched first.
    pub keys: Value,
    /// When they were fetched.
    pub fetched_at: Option<Time>,
    /// Before when nobody fetches them again.
    pub fetch_after: Option<Time>,
}

/// The memory of the keys at one URL: public facts alone, so it needs no proof.
pub struct KeySets<'a> {
    store: &'a Store,
    id: String,
}

impl<'a> KeySets<'a> {
    /// The memory of the keys at this URL.
    pub fn at(store: &'a Store, url: &str) -> Self {
        Self { store, id: id::derived(KEY_SET.prefix, &[url]) }
    }

    /// What was fetched last.
    pub async fn read(&self) -> Result<KeySet, Halt> {
        let operation = Operation::new(Action::FindOne, KEY_SET.collection).with("filter", self.filter());
        self.found(operation).await.map(|set| key_set(&set))
    }

    /// What was fetched last, and whether the caller is the one to fetch now: because this key is missing or the keys are not
    /// fresh, and nobody else has set out for so many milliseconds, whatever came of it.
    pub async fn look(&self, kid: &str, quiet_ms: i64) -> Result<(KeySet, bool), Halt> {
        let (now, claim) = (self.store.now(), self.store.id(&KEY_SET));
        let has_key = json!({ "$in": [{ "$literal": kid }, { "$ifNull": ["$keys.kid", []] }] });
        let is_fresh = json!({ "$and": [{ "$gt": ["$fresh_until", now.ejson()] }, has_key] });
        let is_due = json!({ "$and": [{ "$lte": ["$fetch_after", now.ejson()] }, { "$not": [is_fresh] }] });
        let when_due = |then: Value, field: &str| json!({ "$cond": [is_due, then, field] });
        let update = json!([{ "$set": {
            "claim": when_due(claim.as_str().into(), "$claim"),
            "fetch_after": when_due(now.plus_ms(quiet_ms).ejson(), "$fetch_after"),
            "updated_at": when_due(now.ejson(), "$updated_at"),
            "created_at": { "$ifNull": ["$created_at", now.ejson()] },
            "version": { "$ifNull": ["$version", 1] },
        } }]);
        let operation = Operation::new(Action::FindOneAndUpdate, KEY_SET.collection).with("filter", self.filter());
        let operation = operation.with("update", update).with("upsert", true).with("returnDocument", "after");
        let set = self.found(operation).await?;
        Ok((key_set(&set), doc::text(&set, "claim") == Some(&claim)))
    }

    /// Remembers keys that were fetched just now.
    pub async fn keep(&self, keys: &Value, fresh_until: Time) -> Result<(), Halt> {
        let fields = json!({ "keys": keys, "fetched_at": self.store.now(), "fresh_until": fresh_until });
        let set = validate::ejson(&KEY_SET, &doc::fields(fields));
        let operation = Operation::new(Action::UpdateOne, KEY_SET.collection).with("filter", self.filter());
        let operation = operation.with("update", json!({ "$set": set, "$inc": { "version": 1 } }));
        self.store.client.single(PlatformScope::TENANT, operation).await.map_err(Error::from)?;
        Ok(())
    }

    async fn found(&self, operation: Operation) -> Result<Doc, Halt> {
        let answer = self.store.client.single(PlatformScope::TENANT, operation).await.map_err(Error::from)?;
        Ok(answer.document.and_then(doc::object).unwrap_or_default())
    }

    fn filter(&self) -> Value {
        json!({ "_id": self.id, "tenant_id": PlatformScope::TENANT })
    }
}

fn key_set(set: &Doc) -> KeySet {
    let time = |field: &str| doc::text(set, field).and_then(Time::parse);
    KeySet {
        keys: set.get("keys").cloned().unwrap_or_default(),
        fetched_at: time("fetched_at"),
        fetch_after: time("fetch_after"),
    }
}
