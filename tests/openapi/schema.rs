//! Entities and fields as JSON Schemas (2020-12).

use domain::entity::{BASE_FIELDS, Input};
use domain::money::MINOR_MAX;
use domain::{Entity, Field, Kind, entities, lifecycle};
use serde_json::{Map, Value, json};

/// What a schema is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A record as it is shown.
    Shown,
    /// What a record is made of.
    Made,
    /// A merge patch of a record.
    Patched,
}

const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// The name of an entity's schema: `field_definition` is `FieldDefinition`.
pub fn name_of(entity: &Entity) -> String {
    entity.name.split('_').map(capital).collect()
}

/// The first letter as a capital.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A reference to a schema of the document.
pub fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The id of a record.
pub fn id(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$") })
}

/// An entity's schema for a use, with its name.
pub fn of_entity(entity: &'static Entity, of: Use) -> (String, Value) {
    match of {
        Use::Shown => (name_of(entity), shown(entity)),
        Use::Made => (format!("{}Create", name_of(entity)), input(entity, of)),
        Use::Patched => (format!("{}Update", name_of(entity)), input(entity, of)),
    }
}

/// What a verb takes.
pub fn of_input(fields: &[Field]) -> Value {
    object(fields.iter().collect(), Use::Made, None)
}

/// What a merge patch of these fields is.
pub fn patch_of(fields: &[Field]) -> Value {
    object(fields.iter().collect(), Use::Patched, None)
}

/// What a merge patch of some of an entity's fields is.
pub fn patch_of_some(entity: &'static Entity, names: &[&str]) -> Value {
    object(entity.fields.iter().filter(|field| names.contains(&field.name)).collect(), Use::Patched, Some(entity))
}

/// What a record is made of.
pub fn made_of(entity: &'static Entity) -> Value {
    input(entity, Use::Made)
}

/// What a merge patch of a record is.
pub fn patched_of(entity: &'static Entity) -> Value {
    input(entity, Use::Patched)
}

/// A JSON object with these properties, all of which are there.
pub fn all_of(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().map(|properties| properties.keys().collect()).unwrap_or_default();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// Masks and `fields=` can leave out anything but the id.
fn shown(entity: &'static Entity) -> Value {
    let fields = entity.fields.iter().chain(BASE_FIELDS).filter(|field| !field.hidden);
    let mut properties: Map<String, Value> = Map::new();
    properties.insert("id".to_owned(), id(entity.prefix));
    properties.extend(fields.map(|field| (field.name.to_owned(), property(field, Use::Shown, Some(entity)))));
    json!({ "type": "object", "required": ["id"], "properties": properties })
}

fn input(entity: &'static Entity, of: Use) -> Value {
    let is_taken = |field: &&Field| match field.input {
        Input::Anyone | Input::Staff => true,
        Input::OnCreate => of == Use::Made,
        Input::Nobody => false,
    };
    object(entity.fields.iter().filter(|field| !field.hidden).filter(is_taken).collect(), of, Some(entity))
}

fn object(fields: Vec<&Field>, of: Use, entity: Option<&'static Entity>) -> Value {
    let is_needed = |field: &&&Field| of == Use::Made && field.required && field.default.is_none();
    let required: Vec<&str> = fields.iter().filter(is_needed).map(|field| field.name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), property(field, of, entity))).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if of != Use::Shown {
        schema["additionalProperties"] = false.into();
    }
    schema
}

fn property(field: &Field, of: Use, entity: Option<&'static Entity>) -> Value {
    let schema = match (&field.kind, entity) {
        (Kind::Custom, Some(entity)) => named(&format!("{}Custom", name_of(entity))),
        (_, Some(_)) if of == Use::Shown => expandable(field),
        (kind, _) => of_kind(kind, of),
    };
    // What is not needed may be null: it is then as if it were not there, and in a patch it goes.
    let is_optional = of == Use::Patched && !field.required || of == Use::Made && !(field.required && field.default.is_none());
    let mut schema = if is_optional { nullable(schema) } else { schema };
    if of == Use::Shown && matches!(field.input, Input::Nobody) {
        schema["readOnly"] = true.into();
    }
    if of != Use::Shown && matches!(field.input, Input::Staff) {
        schema["description"] = "Set by those who may write every such record.".into();
    }
    schema
}

/// `expand=` puts the record in the place of its id, where it may be seen.
fn expandable(field: &Field) -> Value {
    match (lifecycle::target(field), &field.kind) {
        (Some(target), Kind::List(..)) => json!({ "type": "array", "items": id_or_record(target) }),
        (Some(target), _) => id_or_record(target),
        (None, kind) => of_kind(kind, Use::Shown),
    }
}

fn id_or_record(target: &'static Entity) -> Value {
    match super::document::is_shown(target) {
        true => json!({ "anyOf": [id(target.prefix), named(&name_of(target))] }),
        false => id(target.prefix),
    }
}

fn nullable(schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(Value::String(word)) if schema.get("enum").is_none() => {
            let mut schema = schema;
            schema["type"] = json!([word, "null"]);
            schema
        }
        None if schema == json!({}) => schema,
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn of_kind(kind: &Kind, of: Use) -> Value {
    match kind {
        // Blank text is refused.
        Kind::Text(max) if of != Use::Shown => json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": "\\S" }),
        Kind::Text(_) | Kind::Phone => json!({ "type": "string" }),
        Kind::Email => json!({ "type": "string", "format": "email" }),
        Kind::FileUrl => json!({ "type": "string", "maxLength": 2000 }),
        Kind::Url => json!({ "type": "string", "format": "uri", "maxLength": 2000 }),
        Kind::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number => json!({ "type": "number", "minimum": -EXACT_MAX, "maximum": EXACT_MAX }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date-time" }),
        Kind::Money => named("Money"),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Reference(name) => entities::by_name(name).map_or_else(|| json!({ "type": "string" }), |entity| id(entity.prefix)),
        Kind::List(item, max) => json!({ "type": "array", "items": of_kind(item, of), "maxItems": max }),
        // A patch of an object may leave out what the object needs.
        Kind::Object(fields) => object(fields.iter().collect(), of, None),
        Kind::Opaque(_) => json!({}),
        Kind::Custom => json!({ "type": "object" }),
    }
}

/// An amount of money.
pub fn money() -> Value {
    let currency = json!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "An ISO 4217 code." });
    let minor = json!({ "type": "integer", "minimum": 0, "maximum": MINOR_MAX, "description": "Whole minor units." });
    let mut schema = all_of(json!({ "minor": minor, "currency": currency }));
    schema["additionalProperties"] = false.into();
    schema
}
