//! Custom fields: definitions, values, and what they are found by.

mod contention;
mod definitions;
mod queries;
mod values;

use serde_json::{Value, json};
use support::Caller;

/// Defines a field of leads and gives its id.
pub async fn define(owner: &Caller, fields: Value) -> String {
    let mut body = json!({ "entity": "lead", "label": "A field" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    owner.post("/v1/fields", body).send().await.expect(201).id()
}
