//! The custom values of an entity as a JSON Schema (2020-12).

use domain::custom::{Definition, TEXT_LEN_MAX};
use domain::doc::text;
use domain::entities::{CUSTOMIZABLE, FIELD_DEFINITION};
use domain::{Doc, Error, Filter, json, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

/// The most that can be: every entity has only so many active fields.
const LIMIT: u32 = 1_000;

/// The schema of one entity's `custom`, or those of all entities by their names.
pub async fn schema(call: &Call) -> Outcome {
    let (one, scope) = (asked(call.query())?, call.scope()?);
    let active = scope.reach(&FIELD_DEFINITION, "read").and(Filter::is("status", "active"));
    let of = one.as_deref().map_or(Filter::All, |entity| Filter::is("entity", entity));
    let mut reading = call.store.reading(scope);
    let step = reading.many(&FIELD_DEFINITION, &active.and(of), json!({ "position": 1, "_id": 1 }), LIMIT);
    let found = reading.run().await?.docs(step).into_iter();
    let found: Vec<Doc> = found.map(|doc| validate::render(&FIELD_DEFINITION, doc, scope.viewer())).collect();
    let schema_of = |entity: &str| object(found.iter().filter(|doc| text(doc, "entity") == Some(entity)));
    let body = match one {
        Some(entity) => schema_of(&entity),
        None => CUSTOMIZABLE.iter().map(|entity| ((*entity).to_owned(), schema_of(entity))).collect(),
    };
    Ok(Reply::json(200, &body))
}

fn asked(query: &str) -> Result<Option<String>, Error> {
    let mut entity = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "entity" {
            return Err(Error::parameter(&name, "This endpoint takes `entity` alone."));
        }
        if !CUSTOMIZABLE.contains(&&*value) {
            return Err(Error::parameter("entity", format!("Expected one of: {}.", CUSTOMIZABLE.join(", "))));
        }
        entity = Some(value.into_owned());
    }
    Ok(entity)
}

fn object<'a>(definitions: impl Iterator<Item = &'a Doc>) -> Value {
    let (mut properties, mut required) = (Doc::new(), Vec::new());
    for doc in definitions.filter(|doc| doc.contains_key("key") && doc.contains_key("type")) {
        let definition = Definition::of(doc);
        properties.insert(definition.key().to_owned(), property(doc).into());
        if definition.is_required() && definition.default().is_none() {
            required.push(Value::from(definition.key()));
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties,
        "required": required, "additionalProperties": false,
    })
}

fn property(doc: &Doc) -> Doc {
    let definition = Definition::of(doc);
    let options: Vec<&str> = definition.options().filter(|(_, is_archived)| !is_archived).map(|(option, _)| option).collect();
    let bound = |name: &str| doc.get(name).cloned();
    let or = |name: &str, other: i64| bound(name).unwrap_or_else(|| other.into());
    let fields = match definition.word() {
        "number" => vec![("type", Some("number".into())), ("minimum", bound("min")), ("maximum", bound("max"))],
        "boolean" => vec![("type", Some("boolean".into()))],
        "date" => vec![("type", Some("string".into())), ("format", Some("date-time".into()))],
        "email" => vec![("type", Some("string".into())), ("format", Some("email".into()))],
        "phone" => vec![("type", Some("string".into()))],
        "select" => vec![("type", Some("string".into())), ("enum", Some(json!(options)))],
        "multiselect" => vec![
            ("type", Some("array".into())),
            ("items", Some(json!({ "type": "string", "enum": options }))),
            ("uniqueItems", Some(true.into())),
            ("minItems", bound("min")),
            ("maxItems", bound("max")),
        ],
        "currency" => vec![
            ("type", Some("object".into())),
            (
                "properties",
                Some(json!({
                    "minor": { "type": "integer", "minimum": or("min", 0), "maximum": or("max", domain::money::MINOR_MAX) },
                    "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
                })),
            ),
            ("required", Some(json!(["minor", "currency"]))),
            ("additionalProperties", Some(false.into())),
        ],
        "reference" => {
            let prefix = definition.target().map_or("", |entity| entity.prefix);
            let pattern = format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$");
            vec![("type", Some("string".into())), ("pattern", Some(pattern.into()))]
        }
        word => vec![
            ("type", Some("string".into())),
            ("format", (word == "url").then(|| "uri".into())),
            ("minLength", Some(or("min", 1))),
            ("maxLength", Some(or("max", TEXT_LEN_MAX))),
            ("pattern", bound("pattern")),
        ],
    };
    let told = [("title", bound("label")), ("description", bound("help")), ("default", bound("default"))];
    let all = fields.into_iter().chain(told);
    all.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
