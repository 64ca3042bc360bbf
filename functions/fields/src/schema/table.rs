//! The table of an entity as a JSON Schema.

use domain::entity::{Field, Kind};
use domain::money::MINOR_MAX;
use domain::{Doc, Entity, Viewer, access, entities, json};
use serde_json::Value;

use super::custom;

/// What a schema describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A record as it is shown, one in the trash included.
    Record,
    /// A body that makes a record.
    Create,
    /// A merge patch: nothing must be there, and `null` takes away what can go.
    Change,
}

/// What every record has besides what its table requires.
const ALWAYS: &[&str] = &["created_at", "updated_at", "version"];

/// The schema of an entity in a shape, for a viewer.
pub fn schema(entity: &Entity, viewer: &Viewer, definitions: &[&Doc], shape: Shape) -> Value {
    let (mut properties, mut required) = (Doc::new(), Vec::new());
    if shape == Shape::Record {
        properties.insert("id".to_owned(), reference(entity.prefix));
        required.push(Value::from("id"));
    }
    for field in entity.all_fields().filter(|field| is_in(entity, field, viewer, shape)) {
        let (schema, is_needed) = match field.kind {
            Kind::Custom => custom::values(entity, viewer, definitions, shape),
            kind => (of_kind(&kind, shape), field.required || ALWAYS.contains(&field.name)),
        };
        properties.insert(field.name.to_owned(), if field.required { schema } else { nullable(schema, shape) });
        if is_needed && shape != Shape::Change {
            required.push(field.name.into());
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": entity.name, "type": "object",
        "properties": properties, "required": required, "additionalProperties": false,
    })
}

fn is_in(entity: &Entity, field: &Field, viewer: &Viewer, shape: Shape) -> bool {
    let is_read = access::may_read(entity, field, Some(viewer));
    match shape {
        Shape::Record => is_read,
        Shape::Create => is_read && access::may_write(entity, field, viewer, true),
        Shape::Change => is_read && access::may_write(entity, field, viewer, false),
    }
}

/// The schema of a kind of value.
pub fn of_kind(kind: &Kind, shape: Shape) -> Value {
    match kind {
        Kind::Text(max) => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        Kind::Email => json!({ "type": "string", "format": "email" }),
        Kind::Phone => json!({ "type": "string", "maxLength": 60 }),
        Kind::FileUrl => json!({ "type": "string", "format": "uri-reference", "maxLength": 2_000 }),
        Kind::Url => json!({ "type": "string", "format": "uri", "maxLength": 2_000 }),
        Kind::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date-time" }),
        Kind::Money => money(Value::from(0), MINOR_MAX.into(), shape),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Reference(name) => reference(entities::by_name(name).map_or("", |entity| entity.prefix)),
        Kind::List(of, max) => json!({ "type": "array", "items": of_kind(of, Shape::Create), "maxItems": max }),
        Kind::Object(fields) => object(fields, shape),
        Kind::Opaque(_) | Kind::Custom => json!({}),
    }
}

/// The id of a record, whose prefix says of what.
pub fn reference(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": (["^", prefix, "_[0-7][0-9A-HJKMNP-TV-Z]{25}$"].concat()) })
}

/// An amount between two bounds, in minor units.
pub fn money(min: Value, max: Value, shape: Shape) -> Value {
    let required: &[&str] = if shape == Shape::Change { &[] } else { &["minor", "currency"] };
    json!({
        "type": "object", "required": required, "additionalProperties": false,
        "properties": {
            "minor": { "type": "integer", "minimum": min, "maximum": max },
            "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
        },
    })
}

fn object(fields: &[Field], shape: Shape) -> Value {
    let schema = |field: &Field| {
        let schema = of_kind(&field.kind, shape);
        (field.name.to_owned(), if field.required { schema } else { nullable(schema, shape) })
    };
    let properties: Doc = fields.iter().map(schema).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required && shape != Shape::Change).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// In a merge patch, what can be without a value takes `null`.
pub fn nullable(mut schema: Value, shape: Shape) -> Value {
    if let (Shape::Change, Value::Object(parts)) = (shape, &mut schema) {
        if let Some(word) = parts.remove("type") {
            parts.insert("type".to_owned(), json!([word, "null"]));
        }
        if let Some(Value::Array(words)) = parts.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    schema
}
