//! Events: what happened to which record, as a diff.

use crate::json;
use serde_json::{Map, Value};

use crate::{Doc, Entity, Kind, Viewer, custom};

/// What stands in a diff for the value of a personal field: events are kept for good, and people are not.
pub const PERSONAL: &str = "[personal]";

/// The diff of two states of a record: for each field that differs, and for each custom value, its `before` and `after`. Hidden fields never show, and of
/// personal ones only that they were there.
pub fn diff(entity: &Entity, before: Option<&Doc>, after: &Doc) -> Value {
    let mut changes = Map::new();
    for field in entity.fields.iter().filter(|field| !field.hidden) {
        let was = before.and_then(|doc| doc.get(field.name)).filter(|value| !value.is_null());
        let is = after.get(field.name).filter(|value| !value.is_null());
        let told = match field.kind {
            Kind::Custom => diff_of_custom(before, after),
            _ => (was != is).then(|| told(was, is, field.personal)),
        };
        changes.extend(told.map(|told| (field.name.to_owned(), told)));
    }
    Value::Object(changes)
}

/// The same for each of a record's custom values.
fn diff_of_custom(before: Option<&Doc>, after: &Doc) -> Option<Value> {
    let mut changes = Map::new();
    let (was, is) = (before.and_then(custom::values).unwrap_or_default(), custom::values(after).unwrap_or_default());
    for key in was.keys().chain(is.keys()) {
        let (was, is) = (was.get(key), is.get(key));
        if was != is {
            let is_personal = before.into_iter().chain([after]).any(|record| custom::is_personal(record, key));
            changes.insert(key.clone(), told(was, is, is_personal));
        }
    }
    (!changes.is_empty()).then_some(Value::Object(changes))
}

fn told(was: Option<&Value>, is: Option<&Value>, is_personal: bool) -> Value {
    let shown = |value: &Value| if is_personal { PERSONAL.into() } else { value.clone() };
    json!({ "before": was.map(shown), "after": is.map(shown) })
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
        (Some(of), Some(Value::Object(changes))) => {
            changes.retain(|field, _| policy.reads(&of, field));
            if let Some(Value::Object(values)) = changes.get_mut(custom::FIELD) {
                values.retain(|key, _| policy.reads_custom(&of, key));
            }
        }
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
