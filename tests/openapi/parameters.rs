//! The parameters of requests: of queries as the engine parses them, of paths, and the headers.

use domain::{Entity, Field, Kind, lifecycle, validate};
use serde_json::{Value, json};

use crate::schema;

const RANGES: &[&str] = &["gt", "gte", "lt", "lte"];

/// A parameter of a query.
pub fn query(name: &str, schema: Value, about: &str) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
    if !about.is_empty() {
        parameter["description"] = about.into();
    }
    parameter
}

/// A reference to a parameter that many operations have.
pub fn common(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// Those that [`common`] refers to.
pub fn commons() -> Value {
    let header =
        |name: &str, schema: Value, about: &str| json!({ "name": name, "in": "header", "schema": schema, "description": about });
    let text = || json!({ "type": "string" });
    json!({
        "Limit": query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 25 }), "How many records a page has."),
        "Cursor": query("cursor", text(), "The `next` of the page before."),
        "Count": query("count", json!({ "type": "boolean" }), "Adds `total`."),
        "Trash": query("trash", json!({ "type": "boolean" }), "What is in the trash, for those who may delete."),
        "Archived": query("archived", json!({ "type": "string", "enum": ["true", "false", "all"] }), "What is archived, which lists leave out."),
        "IdempotencyKey": header(
            "Idempotency-Key",
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" }),
            "A repeat with the same key within two days gets the first answer.",
        ),
        "IfMatch": header("If-Match", text(), "The entity tag of the version that is to be changed."),
        "IfNoneMatch": header("If-None-Match", text(), "The entity tag of the version that is known already."),
    })
}

/// What a list of an entity takes.
pub fn of_list(entity: &'static Entity) -> Vec<Value> {
    let mut found: Vec<Value> = ["Limit", "Cursor", "Count", "Trash"].map(common).into();
    if entity.field(lifecycle::ARCHIVED_AT).is_some() {
        found.push(common("Archived"));
    }
    if entity.fields.iter().any(|field| field.searchable && !field.hidden) {
        found.push(query("q", json!({ "type": "string" }), "Words that must all be there; the last may be a beginning."));
    }
    found.extend(of_one(entity));
    let sortable: Vec<&str> = visible(entity).filter(|field| is_sortable(field)).map(|field| field.name).collect();
    let about = format!("Up to three of these, separated by commas, `-` for descending: id, {}.", sortable.join(", "));
    found.push(query("sort", json!({ "type": "string" }), &about));
    found.extend(visible(entity).flat_map(conditions));
    found
}

/// What one record of an entity takes.
pub fn of_one(entity: &'static Entity) -> Vec<Value> {
    let names: Vec<&str> = visible(entity).map(|field| field.name).collect();
    let references: Vec<&str> =
        visible(entity).filter(|field| lifecycle::target(field).is_some()).map(|field| field.name).collect();
    let list = |about: &str, names: &[&str]| format!("{about}, separated by commas: {}.", names.join(", "));
    let text = || json!({ "type": "string" });
    let mut found = vec![query("fields", text(), &list("The fields that are shown", &names))];
    if !references.is_empty() {
        found.push(query("expand", text(), &list("What is put in the place of its id", &references)));
    }
    found
}

fn visible(entity: &'static Entity) -> impl Iterator<Item = &'static Field> {
    entity.all_fields().filter(|field| !field.hidden)
}

fn is_sortable(field: &Field) -> bool {
    !field.encrypted && !matches!(field.kind, Kind::List(..)) && validate::comparable(field).is_some()
}

/// A field's conditions: equality under its own name, others with the operator in brackets.
fn conditions(field: &'static Field) -> Vec<Value> {
    let schema = match (&field.kind, validate::comparable(field)) {
        (Kind::List(Kind::Object(_), _), _) | (_, None) => return Vec::new(),
        (Kind::List(of, _), _) => of_value(of),
        (kind, _) => of_value(kind),
    };
    let with = |op: &str, schema: Value| query(&format!("{}[{op}]", field.name), schema, "");
    let mut found = vec![with("exists", json!({ "type": "boolean" }))];
    if field.encrypted && !field.blind {
        return found;
    }
    found.push(query(field.name, schema.clone(), ""));
    found.push(with("ne", schema.clone()));
    found.push(with("in", json!({ "type": "string", "description": "Values, separated by commas." })));
    if !field.encrypted && matches!(field.kind, Kind::Date | Kind::Integer(..) | Kind::Number | Kind::Money) {
        found.extend(RANGES.iter().map(|op| with(op, schema.clone())));
    }
    found
}

fn of_value(kind: &Kind) -> Value {
    match kind {
        Kind::Integer(..) | Kind::Money => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date-time" }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Reference(name) => {
            domain::entities::by_name(name).map_or_else(|| json!({ "type": "string" }), |entity| schema::id(entity.prefix))
        }
        _ => json!({ "type": "string" }),
    }
}
