//! Sealing records anew, once their tenant has another key.

use data_api::{Action, Operation};
use domain::json::{object, of};
use domain::{Entity, Error, Kind};
use serde_json::{Map, Value};

use crate::keyring::MARK;
use crate::{Halt, Store};

/// So many records are read at once; of those that may be large, only a few.
const BATCH: u32 = 100;
const BATCH_OF_LARGE: u32 = 8;
/// So many bytes are written at once, unless it is one record alone: the gateway takes four times as many.
const BYTES_MAX: usize = 1_000_000;
/// A longer value is not compared with what it was.
const COMPARED_LEN_MAX: usize = 16_000;

/// By these a record is the one that was read: a change of what it holds counts its version, but for what jobs keep in it.
const KEPT: [&str; 3] = ["_id", "tenant_id", "version"];

/// What seals some records of an entity anew.
pub struct Resealing {
    /// What is to be written; a record that was changed meanwhile is sealed anew already, and left as it is.
    pub operations: Vec<Operation>,
    /// The last record that was looked at, when there may be more.
    pub last: Option<String>,
}

impl Store {
    /// What seals the tenant's records of an entity, from the one after an id on, as new ones are sealed: as many as one transaction
    /// takes.
    pub async fn resealing(&self, tenant: &str, entity: &Entity, after: &str) -> Result<Resealing, Halt> {
        let ring = self.client.rings.require(tenant)?;
        let fields = KEPT.into_iter().chain(entity.encrypted_fields().map(|field| field.name));
        let shown: Map<String, Value> = fields.map(|name| (name.to_owned(), 1.into())).collect();
        let filter = object(vec![("tenant_id", tenant.into()), ("_id", of("$gt", after))]);
        let found = Operation::new(Action::Find, entity.collection).with("filter", filter).with("sort", of("_id", 1));
        let is_large = entity.encrypted_fields().any(|field| matches!(field.kind, Kind::Text(max) if max > BYTES_MAX));
        let batch = if is_large { BATCH_OF_LARGE } else { BATCH };
        let found = found.with("limit", batch).with("projection", shown);
        let (stored, opened) = self.client.as_stored_and_opened(tenant, found).await.map_err(Error::from)?;
        let is_old = |value: &&Value| value.as_str().is_none_or(|text| !ring.is_current(text));
        let (mut operations, mut bytes, mut last, mut is_all) = (Vec::new(), 0, None, stored.len() < batch as usize);
        for (stored, opened) in stored.iter().zip(&opened) {
            let old = entity.encrypted_fields().filter_map(|field| {
                let was = stored.get(field.name).filter(|value| !value.is_null()).filter(is_old)?;
                Some((field.name, was.clone(), opened.get(field.name)?.clone()))
            });
            let old: Vec<_> = old.collect();
            bytes += 2 * old.iter().map(|(_, was, _)| len(was)).sum::<usize>();
            if bytes > BYTES_MAX && !operations.is_empty() {
                is_all = false;
                break;
            }
            last = stored.get("_id").and_then(Value::as_str);
            if old.is_empty() {
                continue;
            }
            let mut unchanged: Map<String, Value> = Map::new();
            unchanged.extend(KEPT.map(|name| (name.to_owned(), stored.get(name).cloned().unwrap_or_default())));
            // A plain value may be looked for by what stands for it, which is not there yet.
            let sealed = old.iter().filter(|(_, was, _)| is_sealed(was) && len(was) <= COMPARED_LEN_MAX);
            unchanged.extend(sealed.map(|(name, was, _)| ((*name).to_owned(), was.clone())));
            let anew: Map<String, Value> = old.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
            let operation = Operation::new(Action::UpdateOne, entity.collection).with("filter", unchanged);
            operations.push(operation.with("update", of("$set", anew)));
        }
        let last = last.filter(|_| !is_all).map(str::to_owned);
        Ok(Resealing { operations, last })
    }
}

fn is_sealed(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(MARK))
}

fn len(value: &Value) -> usize {
    value.as_str().map_or_else(|| value.to_string().len(), str::len)
}
