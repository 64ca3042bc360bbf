//! Sealing records anew, once their tenant has another key.

use data_api::{Action, Operation};
use domain::json::{object, of};
use domain::{Entity, Error};
use serde_json::{Map, Value};

use crate::keyring::MARK;
use crate::{Halt, Store};

/// So many records are sealed anew at once.
const BATCH: u32 = 100;

/// What seals some records of an entity anew.
pub struct Resealing {
    /// What is to be written; a record that was changed meanwhile is sealed anew already, and left as it is.
    pub operations: Vec<Operation>,
    /// The last record that was looked at, when there may be more.
    pub last: Option<String>,
}

impl Store {
    /// What seals the tenant's records of an entity, from the one after an id on, as new ones are sealed.
    pub async fn resealing(&self, tenant: &str, entity: &Entity, after: &str) -> Result<Resealing, Halt> {
        let ring = self.client.rings.require(tenant)?;
        let fields = ["_id", "tenant_id"].into_iter().chain(entity.encrypted_fields().map(|field| field.name));
        let shown: Map<String, Value> = fields.map(|name| (name.to_owned(), 1.into())).collect();
        let filter = object(vec![("tenant_id", tenant.into()), ("_id", of("$gt", after))]);
        let found = Operation::new(Action::Find, entity.collection).with("filter", filter).with("sort", of("_id", 1));
        let found = found.with("limit", BATCH).with("projection", shown);
        let (stored, opened) = self.client.as_stored_and_opened(tenant, found).await.map_err(Error::from)?;
        let is_old = |value: &&Value| value.as_str().is_none_or(|text| !text.starts_with(MARK) || !ring.is_current(text));
        let mut operations = Vec::new();
        for (stored, opened) in stored.iter().zip(&opened) {
            let old = entity.encrypted_fields().filter_map(|field| {
                let was = stored.get(field.name).filter(|value| !value.is_null()).filter(is_old)?;
                Some((field.name, was.clone(), opened.get(field.name)?.clone()))
            });
            let old: Vec<_> = old.collect();
            if old.is_empty() {
                continue;
            }
            let mut unchanged: Map<String, Value> = Map::new();
            unchanged.extend(["_id", "tenant_id"].map(|name| (name.to_owned(), stored.get(name).cloned().unwrap_or_default())));
            unchanged.extend(old.iter().map(|(name, was, _)| ((*name).to_owned(), was.clone())));
            let anew: Map<String, Value> = old.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
            let operation = Operation::new(Action::UpdateOne, entity.collection).with("filter", unchanged);
            operations.push(operation.with("update", of("$set", anew)));
        }
        let last = stored.last().filter(|_| stored.len() == BATCH as usize);
        let last = last.and_then(|last| last.get("_id")?.as_str()).map(str::to_owned);
        Ok(Resealing { operations, last })
    }
}
