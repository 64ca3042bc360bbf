//! The custom values of an entity as a JSON Schema.

use domain::custom::{Definition, PATH, TEXT_LEN_MAX};
use domain::{Doc, Entity, Viewer, json};
use serde_json::Value;

use super::table::{Shape, money, nullable, reference};

/// The schema of the values, and whether some must be given. A record shows those of archived fields too, and what its values
/// have become since is asked of new ones alone, so of a record nothing is said but their types.
pub fn values(entity: &Entity, viewer: &Viewer, definitions: &[&Doc], shape: Shape) -> (Value, bool) {
    let (mut properties, mut required) = (Doc::new(), Vec::new());
    for doc in definitions.iter().filter(|doc| doc.contains_key("key") && doc.contains_key("type")) {
        let definition = Definition::of(doc);
        let may_write = || viewer.policy.writes(entity.name, &[PATH, definition.key()].concat());
        if shape != Shape::Record && (definition.is_archived() || !may_write()) {
            continue;
        }
        let schema = described(property(doc, shape), doc);
        let schema = if definition.is_required() { schema } else { nullable(schema, shape) };
        properties.insert(definition.key().to_owned(), schema);
        if shape == Shape::Create && definition.is_required() && definition.default().is_none() {
            required.push(Value::from(definition.key()));
        }
    }
    let is_needed = !required.is_empty();
    let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    (schema, is_needed)
}

fn property(doc: &Doc, shape: Shape) -> Value {
    let definition = Definition::of(doc);
    let is_new = shape != Shape::Record;
    let options = definition.options().filter(|(_, is_archived)| !(is_new && *is_archived)).map(|(option, _)| option);
    let options: Vec<&str> = options.collect();
    let told = |name: &str| doc.get(name).cloned();
    let bound = |name: &str| told(name).filter(|_| is_new);
    let or = |name: &str, other: i64| bound(name).unwrap_or_else(|| other.into());
    let string = ("type", Some(Value::from("string")));
    let fields = match definition.word() {
        "number" => vec![("type", Some("number".into())), ("minimum", bound("min")), ("maximum", bound("max"))],
        "boolean" => vec![("type", Some("boolean".into()))],
        "date" => vec![string, ("format", Some("date-time".into()))],
        "email" => vec![string, ("format", Some("email".into()))],
        "phone" => vec![string],
        "select" => vec![string, ("enum", Some(json!(options)))],
        "multiselect" => vec![
            ("type", Some("array".into())),
            ("items", Some(json!({ "type": "string", "enum": options }))),
            ("uniqueItems", Some(true.into())),
            ("minItems", bound("min")),
            ("maxItems", bound("max")),
        ],
        "currency" => return money(or("min", 0), or("max", domain::money::MINOR_MAX), shape),
        "reference" => return reference(definition.target().map_or("", |entity| entity.prefix)),
        word => vec![
            string,
            ("format", (word == "url").then(|| "uri".into())),
            ("minLength", Some(or("min", 1))),
            ("maxLength", Some(or("max", TEXT_LEN_MAX))),
            ("pattern", bound("pattern")),
        ],
    };
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The same with what the definition says of itself.
fn described(mut schema: Value, definition: &Doc) -> Value {
    if let Value::Object(schema) = &mut schema {
        let told = [("title", "label"), ("description", "help"), ("default", "default")];
        schema.extend(told.into_iter().filter_map(|(name, field)| Some((name.to_owned(), definition.get(field)?.clone()))));
    }
    schema
}
