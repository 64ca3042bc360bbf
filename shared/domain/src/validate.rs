//! The one engine that checks input against the entity tables: what a record becomes, or everything that is wrong with it.

pub mod card;
pub(crate) mod value;

use serde_json::Value;

use crate::entity::{Entity, Fallback, Field, Input};
use crate::rules::Moment;
use crate::{Doc, Error, Kind, Result, Viewer, Violation, access, custom, event, search};

pub use card::is_card_name;
pub use value::{escape, is_email, merge_patch};

pub(crate) const READ_ONLY: &str = "This field cannot be written here.";

/// A change that was found right: the record after it, and what to set and remove for that.
#[derive(Debug)]
pub struct Change {
    /// The record as it becomes.
    pub after: Doc,
    /// Fields that get a new value.
    pub set: Doc,
    /// Fields that go.
    pub unset: Vec<String>,
}

impl Change {
    /// Whether anything differs at all.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty()
    }
}

/// A new record from input, with defaults; or all violations at once.
pub fn create(entity: &Entity, mut input: Doc, moment: Moment<'_>) -> Result<Doc> {
    let mut violations = refused_keys(entity, &input, None, moment);
    let mut doc = Doc::new();
    for field in entity.fields {
        let given = input.remove(field.name).filter(|value| !value.is_null());
        let given = given.filter(|_| violates_none(&violations, field));
        if let Some(value) = given.map(|value| value::check(&field.kind, value, &format!("/{}", field.name), &mut violations)) {
            doc.insert(field.name.to_owned(), value);
        } else if let Some(fallback) = field.default {
            doc.insert(field.name.to_owned(), fallback_value(fallback));
        }
    }
    finish(entity, None, doc, violations, moment)
}

/// A record changed by a merge patch (RFC 7396); or all violations at once.
pub fn update(entity: &Entity, before: &Doc, patch: Doc, moment: Moment<'_>) -> Result<Change> {
    let mut violations = refused_keys(entity, &patch, Some(before), moment);
    let mut after = before.clone();
    for field in entity.fields {
        let Some(part) = patch.get(field.name).filter(|_| violates_none(&violations, field)) else { continue };
        if matches!(field.kind, Kind::Custom) {
            if !custom::is_unchanged(before, part) {
                value::check(&field.kind, part.clone(), &format!("/{}", field.name), &mut violations);
            }
            continue;
        }
        let merged = merge_patch(before.get(field.name).cloned(), part.clone());
        if merged.is_null() {
            after.remove(field.name);
        } else {
            let value = value::check(&field.kind, merged, &format!("/{}", field.name), &mut violations);
            after.insert(field.name.to_owned(), value);
        }
    }
    let after = finish(entity, Some(before), after, violations, moment)?;
    Ok(change(before, after))
}

/// The input of a verb, checked against fields of its own; or all violations at once.
pub fn input(fields: &'static [Field], input: Doc) -> Result<Doc> {
    let mut violations = Vec::new();
    let checked = value::check(&Kind::Object(fields), Value::Object(input), "", &mut violations);
    match checked {
        Value::Object(checked) if violations.is_empty() => Ok(checked),
        _ => Err(Error::invalid(violations)),
    }
}

/// As [`input`], of a verb that gives fields of a record new values, or takes them away: those that a mask forbids are refused.
pub fn input_for(entity: &Entity, fields: &'static [Field], input: Doc, moment: Moment<'_>) -> Result<Doc> {
    let may = |name: &str| moment.viewer.is_none_or(|viewer| viewer.policy.writes(entity.name, name));
    let given = fields.iter().filter(|field| input.contains_key(field.name));
    let refused = given.filter(|field| !may(field.name));
    let refused: Vec<Violation> = refused.map(|field| Violation::on(field.name, "read-only", READ_ONLY)).collect();
    if refused.is_empty() { self::input(fields, input) } else { Err(Error::invalid(refused)) }
}

/// What leads from one state of a record to another.
pub fn change(before: &Doc, after: Doc) -> Change {
    let set = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    let set = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let unset = before.keys().filter(|name| !after.contains_key(*name)).cloned().collect();
    Change { after, set, unset }
}

/// A document as the database takes it: dates of the table become dates of Extended JSON.
pub fn ejson(entity: &Entity, doc: &Doc) -> Value {
    let typed = |(name, value): (&String, &Value)| {
        let field = entity.field(name);
        (name.clone(), field.map_or_else(|| value.clone(), |field| value::ejson(&field.kind, value)))
    };
    Value::Object(doc.iter().map(typed).collect())
}

/// A document as a viewer sees it: `id` first, then the fields of the table that are there and may be read.
pub fn render(entity: &Entity, mut doc: Doc, viewer: Option<&Viewer>) -> Doc {
    event::withhold(entity, &mut doc, viewer);
    let mut shown = Doc::new();
    if let Some(id) = doc.remove("_id") {
        shown.insert("id".to_owned(), id);
    }
    for field in entity.all_fields().filter(|field| access::may_read(entity, field, viewer)) {
        let value = match field.kind {
            Kind::Custom => {
                let values = custom::values(&doc).map(|values| custom::readable(entity, values, viewer));
                values.filter(|values| !values.is_empty()).map(Value::from)
            }
            _ => doc.remove(field.name),
        };
        if let Some(value) = value {
            shown.insert(field.name.to_owned(), value);
        }
    }
    shown
}

fn finish(
    entity: &Entity,
    before: Option<&Doc>,
    mut doc: Doc,
    mut violations: Vec<Violation>,
    moment: Moment<'_>,
) -> Result<Doc> {
    if violations.is_empty() {
        entity.rules.prepare(&mut doc, moment);
    }
    for field in entity.fields.iter().filter(|field| field.required && !doc.contains_key(field.name)) {
        if violates_none(&violations, field) {
            violations.push(Violation::on(field.name, "required", "This field is required."));
        }
    }
    if violations.is_empty() {
        violations = entity.rules.check(before, &doc, moment);
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    if search::is_searchable(entity) {
        search::index(entity, before, &mut doc);
    }
    Ok(doc)
}

/// Keys that the table does not know or that this viewer may not write. Sending back what is there already is no offence.
fn refused_keys(entity: &Entity, input: &Doc, before: Option<&Doc>, moment: Moment<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, value) in input {
        if name == "id" && before.is_some_and(|doc| doc.get("_id") == Some(value)) {
            continue;
        }
        let Some(field) = entity.field(name).filter(|field| access::may_read(entity, field, moment.viewer)) else {
            let pointer = format!("/{}", escape(name));
            violations.push(Violation::at(pointer, "unknown-field", "There is no such field."));
            continue;
        };
        let is_same = |doc: &Doc| match field.kind {
            Kind::Custom => custom::is_unchanged(doc, value),
            _ => doc.get(name) == Some(value),
        };
        let unchanged = before.is_some_and(is_same);
        let writable = match moment.viewer {
            Some(viewer) => access::may_write(entity, field, viewer, before.is_none()),
            None => field.input != Input::Nobody,
        };
        if !writable && !unchanged {
            violations.push(Violation::on(name, "read-only", READ_ONLY));
        }
    }
    violations
}

fn violates_none(violations: &[Violation], field: &Field) -> bool {
    let pointer = format!("/{}", field.name);
    !violations.iter().any(|violation| matches!(&violation.place, crate::error::Place::Pointer(at) if *at == pointer))
}

fn fallback_value(fallback: Fallback) -> Value {
    match fallback {
        Fallback::Word(word) => word.into(),
        Fallback::Flag(flag) => flag.into(),
        Fallback::Integer(number) => number.into(),
        Fallback::EmptyList => Value::Array(Vec::new()),
    }
}

/// Whether a kind can be compared and sorted by, and the path of what is compared.
pub fn comparable(field: &Field) -> Option<String> {
    match field.kind {
        Kind::Money => Some(format!("{}.minor", field.name)),
        Kind::Object(_) | Kind::Opaque(_) | Kind::Custom => None,
        _ => Some(field.name.to_owned()),
    }
}

#[cfg(test)]
mod tests;
