//! Events stay when a person is erased; values in their diffs do not.

use data_api::{Action, Operation};
use domain::doc::text;
use domain::entities::EVENT;
use domain::event::PERSONAL;
use domain::privacy::goes;
use domain::{Doc, Entity, json};
use serde_json::Value;
use store::Command;

/// Takes what goes of some records out of the diffs about them.
pub fn scrub(command: &mut Command<'_>, tenant: &str, entity: &Entity, records: &[Doc]) {
    let ids: Vec<Value> = records.iter().filter_map(|record| text(record, "_id")).map(Value::from).collect();
    if ids.is_empty() {
        return;
    }
    for field in entity.fields.iter().filter(|field| goes(field) && !field.hidden) {
        for side in ["before", "after"] {
            let path = ["changes", field.name, side].join(".");
            let filter = json!({
                "tenant_id": tenant, "record.id": { "$in": ids }, (path.as_str()): { "$nin": [null, PERSONAL] },
            });
            let update = json!({ "$set": { (path.as_str()): PERSONAL } });
            let operation = Operation::new(Action::UpdateMany, EVENT.collection).with("filter", filter);
            command.operation(operation.with("update", update), None);
        }
    }
}
