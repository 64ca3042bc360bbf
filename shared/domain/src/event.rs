//! Events: what happened to which record, as a diff.

use serde_json::{Map, Value, json};

use crate::{Doc, Entity};

/// The diff of two states of a record: for each field that differs its `before` and `after`; hidden fields never show.
pub fn diff(entity: &Entity, before: Option<&Doc>, after: &Doc) -> Value {
    let mut changes = Map::new();
    for field in entity.fields.iter().filter(|field| !field.hidden) {
        let was = before.and_then(|doc| doc.get(field.name)).filter(|value| !value.is_null());
        let is = after.get(field.name).filter(|value| !value.is_null());
        if was != is {
            changes.insert(field.name.to_owned(), json!({ "before": was, "after": is }));
        }
    }
    Value::Object(changes)
}
