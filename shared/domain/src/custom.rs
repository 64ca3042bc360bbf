//! Custom fields: which values of its own definitions a tenant's record may hold, and by what they are found.

mod definition;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;
use crate::validate::READ_ONLY;
use crate::validate::value::{escape, merge_patch};
use crate::{Doc, Entity, Viewer, Violation, id, search};

pub use definition::{Definition, OPTIONS_MAX, TARGETS, TEXT_LEN_MAX, TYPES, bad_key, incompatible, is_key, violations};

/// The field of a record that holds the values, by their keys.
pub const FIELD: &str = "custom";
/// What stands before a key where one value is named, such as `custom.size`.
pub const PATH: &str = "custom.";
/// The hidden field by which values are found: for each its key, and a digest of key and value.
pub const INDEX_FIELD: &str = "custom_index";
/// The hidden field with the ids that the values refer to.
pub const REFS_FIELD: &str = "custom_refs";
/// The hidden field with the words of the values that are searched.
pub const WORDS_FIELD: &str = "custom_words";
/// The hidden field that holds the values that tell something about a person, which are encrypted.
pub const PERSONAL_FIELD: &str = "custom_personal";

/// The most active definitions of an entity.
pub const ACTIVE_MAX: usize = 100;
/// The most definitions of an entity, archived ones included.
pub const DEFINITIONS_MAX: usize = 300;
const WORDS_MAX: usize = 200;

/// The values of a record after a merge patch; without values before, of one that is made. Only what the patch touches is
/// checked: a definition that has changed since breaks no stored value.
pub fn merge(definitions: &[Doc], before: Option<&Doc>, patch: Doc) -> Result<Doc, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut after = before.cloned().unwrap_or_default();
    if before.is_some() && patch.is_empty() {
        return Ok(after);
    }
    for (key, part) in patch {
        let was = after.remove(&key);
        if part.is_null() || was.as_ref() == Some(&part) {
            after.extend(was.filter(|_| !part.is_null()).map(|was| (key, was)));
            continue;
        }
        let pointer = format!("/{FIELD}/{}", escape(&key));
        match find(definitions, &key) {
            None => violations.push(Violation::at(pointer, "unknown-field", "There is no such field.")),
            Some(definition) if definition.is_archived() => {
                violations.push(Violation::at(pointer, "read-only", "This field is archived."));
            }
            Some(definition) => {
                let merged = merge_patch(was.clone(), part);
                after.insert(key, definition.check(merged, was.as_ref(), &pointer, &mut violations));
            }
        }
    }
    for definition in active(definitions) {
        complete(definition, before.is_none(), &mut after, &mut violations);
    }
    if violations.is_empty() { Ok(after) } else { Err(violations) }
}

/// A field that nobody gave a value gets its default when the record is made, or where there must be one.
fn complete(definition: Definition<'_>, is_new: bool, after: &mut Doc, violations: &mut Vec<Violation>) {
    let key = definition.key();
    if after.contains_key(key) || !(is_new || definition.is_required()) {
        return;
    }
    match definition.default() {
        Some(default) => drop(after.insert(key.to_owned(), default.clone())),
        None if definition.is_required() && violations.iter().all(|known| !known.is_at(&[FIELD, key])) => {
            violations.push(Violation::at(format!("/{FIELD}/{key}"), "required", "This field is required."));
        }
        None => {}
    }
}

/// Gives a record its values, and all by which they are found.
pub fn place(definitions: &[Doc], record: &mut Doc, values: Doc) {
    let is_personal = |key: &String| find(definitions, key).is_some_and(Definition::is_personal);
    let (index, words) = (index(definitions, &values), words(definitions, &values));
    let refs = references(definitions, None, &values).into_iter().map(|(_, id, _)| id.into()).collect::<Vec<Value>>();
    let (personal, others): (Doc, Doc) = values.into_iter().partition(|(key, _)| is_personal(key));
    let fields = [
        (FIELD, others.is_empty(), Value::from(others)),
        (PERSONAL_FIELD, personal.is_empty(), personal.into()),
        (INDEX_FIELD, index.is_empty(), index.into()),
        (REFS_FIELD, refs.is_empty(), refs.into()),
        (WORDS_FIELD, words.is_empty(), words.into()),
    ];
    for (name, is_empty, value) in fields {
        match is_empty {
            true => drop(record.remove(name)),
            false => drop(record.insert(name.to_owned(), value)),
        }
    }
}

/// What all active definitions come to for a record that is made without values: whether it can be, and what it gets.
pub fn summary(definitions: &[Doc]) -> Doc {
    let defaults: Doc = active(definitions).filter_map(|of| Some((of.key().to_owned(), of.default()?.clone()))).collect();
    let is_lacking = |definition: Definition<'_>| definition.is_required() && definition.default().is_none();
    let mut summary = json::doc(vec![("has_required", active(definitions).any(is_lacking).into())]);
    if !defaults.is_empty() {
        let told = defaults.iter().map(|(key, value)| (key.clone(), json!({ "before": null, "after": value })));
        let told: Doc = told.collect();
        summary.insert("changes".to_owned(), told.into());
        summary.insert("index".to_owned(), index(definitions, &defaults).into());
        summary.insert("defaults".to_owned(), defaults.into());
    }
    summary
}

/// The references among the values that differ from those before: where each stands, what it names, and the entity of that.
pub fn references<'a>(
    definitions: &'a [Doc],
    before: Option<&'a Doc>,
    after: &'a Doc,
) -> Vec<(String, &'a str, &'static Entity)> {
    let changed = after.iter().filter(|(key, value)| before.and_then(|before| before.get(*key)) != Some(*value));
    let reference = |(key, value): (&'a String, &'a Value)| {
        Some((format!("/{FIELD}/{key}"), value.as_str()?, find(definitions, key)?.target()?))
    };
    changed.filter_map(reference).collect()
}

/// The patterns that changed values must have: where each stands, the id of its definition, and the text.
pub fn patterns<'a>(definitions: &'a [Doc], before: Option<&Doc>, after: &'a Doc) -> Vec<(String, &'a str, &'a str)> {
    let changed = after.iter().filter(|(key, value)| before.and_then(|before| before.get(*key)) != Some(*value));
    let pattern = |(key, value): (&'a String, &'a Value)| {
        let definition = find(definitions, key).filter(|definition| definition.has_pattern())?;
        Some((format!("/{FIELD}/{key}"), definition.id(), value.as_str()?))
    };
    changed.filter_map(pattern).collect()
}

/// The definition of a key, archived or not.
pub fn find<'a>(definitions: &'a [Doc], key: &str) -> Option<Definition<'a>> {
    definitions.iter().map(Definition::of).find(|definition| definition.key() == key)
}

/// What stands in the index for a value of a key; another key or value has another. Money goes by its minor units.
pub fn digest(key: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(money) => money.get("minor").map(Value::to_string).unwrap_or_default(),
        other => other.to_string(),
    };
    id::derived(key, &[&text])
}

fn active(definitions: &[Doc]) -> impl Iterator<Item = Definition<'_>> {
    definitions.iter().map(Definition::of).filter(|definition| !definition.is_archived())
}

/// A personal value is found by its key alone: a digest of it could be guessed.
fn index(definitions: &[Doc], values: &Doc) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    for (key, value) in values {
        entries.push(key.as_str().into());
        match value {
            _ if find(definitions, key).is_some_and(Definition::is_personal) => {}
            Value::Array(items) => entries.extend(items.iter().map(|item| Value::from(digest(key, item)))),
            value => entries.push(digest(key, value).into()),
        }
    }
    entries
}

fn words(definitions: &[Doc], values: &Doc) -> Vec<Value> {
    let searched = values.iter().filter(|(key, _)| find(definitions, key).is_some_and(Definition::is_searchable));
    let texts = searched.flat_map(|(_, value)| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    let words: BTreeSet<String> = texts.flat_map(|text| search::words(text).collect::<Vec<_>>()).collect();
    words.into_iter().take(WORDS_MAX).map(Value::from).collect()
}

/// The values that a record holds, whether or not they tell something about a person.
pub fn values(record: &Doc) -> Option<Doc> {
    let parts = [FIELD, PERSONAL_FIELD].map(|name| record.get(name).and_then(Value::as_object));
    let is_none = parts.iter().all(Option::is_none);
    let all = parts.into_iter().flatten().flatten().map(|(key, value)| (key.clone(), value.clone()));
    (!is_none).then(|| all.collect())
}

/// Those of some values that a viewer may read; nobody stands for the system.
pub fn readable(entity: &Entity, mut values: Doc, viewer: Option<&Viewer>) -> Doc {
    if let Some(viewer) = viewer {
        values.retain(|key, _| viewer.policy.reads_custom(entity.name, key));
    }
    values
}

/// What a viewer gives that masks keep from them, taken out of it. Sending back what is there already is no offence.
pub fn refused(entity: &Entity, were: &Doc, given: &mut Doc, viewer: &Viewer) -> Vec<Violation> {
    let mut violations = Vec::new();
    given.retain(|key, value| {
        let path = [PATH, key].concat();
        let wrong = match (viewer.policy.reads(entity.name, &path), viewer.policy.writes(entity.name, &path)) {
            (false, _) => ("unknown-field", "There is no such field."),
            (true, false) if were.get(key).unwrap_or(&Value::Null) != value => ("read-only", READ_ONLY),
            _ => return true,
        };
        violations.push(Violation::at(format!("/{FIELD}/{}", escape(key)), wrong.0, wrong.1));
        false
    });
    violations
}

/// Whether some input is what a record holds already.
pub fn is_unchanged(record: &Doc, input: &Value) -> bool {
    input.as_object().is_some_and(|input| values(record).as_ref() == Some(input))
}

/// Whether the value of a key tells something about a person.
pub fn is_personal(record: &Doc, key: &str) -> bool {
    record.get(PERSONAL_FIELD).and_then(Value::as_object).is_some_and(|values| values.contains_key(key))
}

/// Takes the values that tell something about a person out of a record, and all by which they are found.
pub fn remove_personal(record: &mut Doc) {
    let Some(Value::Object(personal)) = record.remove(PERSONAL_FIELD) else { return };
    if let Some(Value::Array(index)) = record.get_mut(INDEX_FIELD) {
        index.retain(|entry| entry.as_str().is_none_or(|key| !personal.contains_key(key)));
    }
}

/// Takes the values out of some input and leaves an empty object in their place, for the table's own checks: what is no
/// object, or the values that were there already, stays for them. `null` takes all values away that are seen.
pub fn take(input: &mut Doc, were: &Doc, seen: &Doc) -> Option<Doc> {
    let given = input.get_mut(FIELD)?;
    let values = match given {
        Value::Object(values) if values.is_empty() || values != were => std::mem::take(values),
        Value::Null => seen.iter().map(|(key, _)| (key.clone(), Value::Null)).collect(),
        _ => return None,
    };
    *given = Value::Object(Doc::new());
    Some(values)
}

#[cfg(test)]
mod tests;
