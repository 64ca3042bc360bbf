//! The public keys of outside providers, remembered across requests: read, and fetched by one request at a time.

use data_api::{Action, Operation, code};
use domain::entities::KEY_SET;
use domain::json;
use domain::{Error, Time, doc, id, validate};
use serde_json::Value;

use crate::{Failure, Halt, PlatformScope, Store};

/// Keys as they were fetched.
pub struct KeySet {
    /// As whoever fetched them wrote them; null before they were fetched first.
    pub keys: Value,
    /// When they were fetched.
    pub fetched_at: Option<Time>,
    /// Until when they need not be fetched again.
    pub fresh_until: Option<Time>,
    /// Before when nobody fetches them again.
    pub fetch_after: Time,
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

    /// What was fetched last, if anything was.
    pub async fn read(&self) -> Result<Option<KeySet>, Halt> {
        let operation = Operation::new(Action::FindOne, KEY_SET.collection).with("filter", self.filter());
        let answer = self.store.client.single(PlatformScope::TENANT, operation).await.map_err(Error::from)?;
        Ok(answer.document.and_then(doc::object).and_then(|set| {
            let time = |field: &str| doc::text(&set, field).and_then(Time::parse);
            let keys = set.get("keys").cloned().unwrap_or_default();
            Some(KeySet {
                keys,
                fetched_at: time("fetched_at"),
                fresh_until: time("fresh_until"),
                fetch_after: time("fetch_after")?,
            })
        }))
    }

    /// Whether the caller is the one to fetch now: nobody else is until so many milliseconds have passed, whatever comes of it.
    pub async fn claim(&self, quiet_ms: i64) -> Result<bool, Halt> {
        let now = self.store.now();
        let mut filter = self.filter();
        if let Value::Object(filter) = &mut filter {
            filter.insert("fetch_after".to_owned(), json!({ "$lte": now.ejson() }));
        }
        let update = json!({
            "$set": { "fetch_after": now.plus_ms(quiet_ms).ejson(), "updated_at": now.ejson() },
            "$setOnInsert": { "created_at": now.ejson(), "version": 1 },
        });
        let operation = Operation::new(Action::UpdateOne, KEY_SET.collection).with("filter", filter).with("update", update);
        match self.store.client.single(PlatformScope::TENANT, operation.with("upsert", true)).await {
            Ok(_) => Ok(true),
            // It is there, but its time has not come: the upsert found its id taken.
            Err(Failure::Refused(refusal)) if refusal.error_code == code::DUPLICATE_KEY => Ok(false),
            Err(failure) => Err(Error::from(failure).into()),
        }
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

    fn filter(&self) -> Value {
        json!({ "_id": self.id, "tenant_id": PlatformScope::TENANT })
    }
}
