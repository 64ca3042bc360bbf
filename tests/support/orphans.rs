//! Looks for orphans: live records that refer to what is not there, or lies in the trash.

use std::collections::{BTreeMap, BTreeSet};

use domain::custom::{REFS_FIELD, TARGETS};
use domain::entity::Gone;
use domain::id::is;
use domain::{entities, lifecycle};
use serde_json::{Value, json};

use crate::App;

/// Global records belong to no tenant.
const STAYING: &[&str] = &["identity"];

/// Every reference of a tenant's live records that leads nowhere, but for those that their tables keep: `bid.lead bid_1 lead_1`.
pub async fn orphans(tenant: &str) -> Vec<String> {
    let mut records: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for entity in entities::ALL {
        let filter = json!({ "tenant_id": tenant, "deleted_at": null });
        records.insert(entity.name, App::shared().as_stored(entity.collection, filter).await);
    }
    let ids = |name: &str| -> BTreeSet<&str> { records[name].iter().filter_map(|record| record["_id"].as_str()).collect() };
    let mut orphans = Vec::new();
    for entity in entities::ALL {
        for record in &records[entity.name] {
            let by_custom = referred(&record[REFS_FIELD]).filter(|id| {
                let target = TARGETS.iter().filter_map(|name| entities::by_name(name)).find(|target| is(target.prefix, id));
                // Of members who were removed, values keep the ids.
                target.is_none_or(|target| target.name != "membership" && !ids(target.name).contains(id))
            });
            orphans.extend(by_custom.map(|id| format!("{}.custom {} {id}", entity.name, record["_id"])));
        }
        for field in entity.fields.iter().filter(|field| field.gone != Gone::Keep) {
            let Some(target) = lifecycle::target(field).filter(|target| !STAYING.contains(&target.name)) else { continue };
            let there = ids(target.name);
            for record in &records[entity.name] {
                let lost = referred(&record[field.name]).filter(|id| !there.contains(id));
                orphans.extend(lost.map(|id| format!("{}.{} {} {id}", entity.name, field.name, record["_id"])));
            }
        }
    }
    orphans
}

/// The ids in a field: one, or a list of them.
fn referred(value: &Value) -> impl Iterator<Item = &str> {
    let listed = value.as_array().into_iter().flatten();
    std::iter::once(value).chain(listed).filter_map(Value::as_str)
}
