//! Events: what happened to which record, as a diff.

use crate::json;
use serde_json::{Map, Value};

use crate::{Doc, Entity, Viewer};

/// What stands in a diff for the value of a personal field: events are kept for good, and people are not.
const PERSONAL: &str = "[personal]";

/// The diff of two states of a record: for each field that differs its `before` and `after`. Hidden fields never show, and of
/// personal ones only that they were there.
pub fn diff(entity: &Entity, before: Option<&Doc>, after: &Doc) -> Value {
    let mut changes = Map::new();
    for field in entity.fields.iter().filter(|field| !field.hidden) {
        let was = before.and_then(|doc| doc.get(field.name)).filter(|value| !value.is_null());
        let is = after.get(field.name).filter(|value| !value.is_null());
        if was != is {
            let [was, is] = match field.personal {
                true => [was, is].map(|value| value.map(|_| Value::from(PERSONAL))),
                false => [was, is].map(|value| value.cloned()),
            };
            changes.insert(field.name.to_owned(), json!({ "before": was, "after": is }));
        }
    }
    Value::Object(changes)
}

/// Takes out of an event what its reader may not read of the record that it is about, or of the member who acted.
/// A comment can repeat a hidden field.
pub fn withhold(entity: &Entity, event: &mut Doc, viewer: Option<&Viewer>) {
    let policy = viewer.map(|viewer| &viewer.policy).filter(|policy| policy.is_masked() && entity.name == "event");
    let Some(policy) = policy else { return };
    if let Some(Value::Object(actor)) = event.get_mut("actor") {
        actor.retain(|field, _| policy.reads("membership", field));
    }
    let of = event.get("record").and_then(|record| record.get("type")).and_then(Value::as_str).map(str::to_owned);
    if !of.as_deref().is_some_and(|of| policy.reads_all_of(of)) {
        event.remove("comment");
    }
    match (of, event.get_mut("changes")) {
        (Some(of), Some(Value::Object(changes))) => changes.retain(|field, _| policy.reads(&of, field)),
        _ => {
            event.remove("changes");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entities::MEMBERSHIP;

    fn doc(value: Value) -> Doc {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_diff_tells_what_changed_and_nothing_of_people_or_secrets() {
        let before = doc(json!({ "name": "Ada", "role": "expert", "status": "invited", "policy_version": 1 }));
        let after =
            doc(json!({ "name": "Bea", "role": "expert", "status": "active", "policy_version": 2, "email": "b@example.com" }));
        let expected = json!({
            "email": { "before": null, "after": "[personal]" },
            "name": { "before": "[personal]", "after": "[personal]" },
            "status": { "before": "invited", "after": "active" },
        });
        assert_eq!(diff(&MEMBERSHIP, Some(&before), &after), expected);
    }
}
