//! The whole document: paths from the routes, schemas from the tables.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::Entity;
use edge::{Access, Content, Route, Verb};
use serde_json::{Map, Value, json};
use support::{about, endpoints};

use crate::operation::{Gives, Operation, Takes};
use crate::operations::OPERATIONS;
use crate::parameters;
use crate::schema::{self, Use, all_of, capital, name_of, named};

/// The version of the API.
const VERSION: &str = "2026-11-01";
const ABOUT: &str = "A multi-tenant CRM and services marketplace. Errors are `application/problem+json` (RFC 9457).";

/// What may be answered besides, and when.
const PROBLEMS: &[(u16, &str)] = &[
    (400, "It cannot be read: not JSON, a bad id, a bad parameter."),
    (401, "No valid token, or one that is out of date."),
    (403, "The role or the plan does not allow it."),
    (404, "It is not there, or not for you."),
    (409, "It contradicts the present state."),
    (410, "The tenant's keys were destroyed, and with them what they sealed."),
    (412, "Your copy is out of date."),
    (413, "The body is too large."),
    (415, "The body is of a type that is not taken."),
    (422, "A field breaks a rule."),
    (429, "Too many attempts."),
    (500, "Something went wrong here."),
    (503, "The database does not answer; try again."),
];

/// Whether records of this kind are shown by some operation.
pub fn is_shown(entity: &Entity) -> bool {
    operations().any(|(_, route, operation)| match operation.answer(route) {
        Gives::Record(_, shown) | Gives::Page(shown) => shown.name == entity.name,
        _ => false,
    })
}

/// An operation with its function's name and its route.
type Described = (&'static str, &'static Route, &'static Operation);

/// Every operation; asked for by each reference of each schema.
fn operations() -> impl Iterator<Item = Described> {
    static ALL: LazyLock<Vec<Described>> = LazyLock::new(|| {
        let described = |(function, route): (&'static str, &'static Route)| {
            let name = format!("{route:?}");
            Some((function, route, OPERATIONS.iter().find(|operation| operation.route == name)?))
        };
        endpoints().filter_map(described).collect()
    });
    ALL.iter().copied()
}

/// The document of all functions.
pub fn document() -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (function, route, operation) in operations() {
        let verb = route.verb.name().to_ascii_lowercase();
        paths.entry(route.path).or_default().insert(verb, described(function, route, operation));
    }
    let tags: Vec<Value> = tags().into_iter().map(|tag| json!({ "name": tag })).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Edgewise", "version": VERSION, "description": ABOUT, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "servers": [{ "url": "/" }],
        "security": [{ "session": [] }, { "apiKey": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": security(),
            "parameters": parameters::commons(),
            "headers": headers(),
            "responses": problems(),
            "schemas": schemas(),
        },
    })
}

fn tags() -> Vec<&'static str> {
    let mut tags: Vec<&str> = operations().map(|(function, ..)| function).collect();
    tags.dedup();
    tags
}

fn described(function: &str, route: &Route, operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation_id(route),
        "tags": [function],
        "summary": operation.summary,
        "parameters": parameters_of(route, operation),
        "responses": responses(route, operation),
    });
    if !operation.about.is_empty() {
        described["description"] = operation.about.into();
    }
    if let Some(body) = body(route, operation) {
        described["requestBody"] = body;
    }
    match (route.access, route.path) {
        (Access::Public, path) if path.starts_with("/v1/operator/") => described["security"] = json!([{ "operator": [] }]),
        (Access::Public, path) if path.ends_with("/run") => described["security"] = json!([{ "scheduler": [] }]),
        (Access::Public, _) => described["security"] = json!([]),
        (Access::Member, _) => described["security"] = json!([{ "session": [] }]),
        (Access::May(permission), _) => described["x-permission"] = permission.into(),
    }
    described
}

/// `POST /v1/leads/{id}/publish` is `leads.publish`, `GET /v1/leads/{id}` is `leads.get`.
fn operation_id(route: &Route) -> String {
    let mut words: Vec<String> = route.path.split('/').skip(2).filter(|part| !part.starts_with('{')).map(camel).collect();
    let is_of_one = route.path.ends_with('}');
    let is_verb = route.verb == Verb::Post && (route.entity.is_none() || route.path.contains('{'));
    match route.verb {
        Verb::Get if is_of_one || route.entity.is_none() => words.push("get".to_owned()),
        Verb::Get => words.push("list".to_owned()),
        Verb::Post if is_verb => {}
        Verb::Post => words.push("create".to_owned()),
        Verb::Patch => words.push("update".to_owned()),
        Verb::Put => words.push("set".to_owned()),
        Verb::Delete => words.push("delete".to_owned()),
    }
    words.join(".")
}

fn camel(part: &str) -> String {
    let mut words = part.split('-');
    words.next().unwrap_or_default().to_owned() + &words.map(capital).collect::<String>()
}

fn parameters_of(route: &Route, operation: &Operation) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        found.push(json!({ "name": name, "in": "path", "required": true, "schema": in_path(route, name) }));
    }
    let writes = route.verb != Verb::Get;
    if writes && route.content != Content::Raw {
        found.push(parameters::common("IdempotencyKey"));
    }
    let of_one = matches!(operation.answer(route), Gives::Record(200, _)) && route.path.contains('{');
    if of_one || route.verb == Verb::Delete && route.path.ends_with("{id}") {
        found.push(parameters::common(if writes { "IfMatch" } else { "IfNoneMatch" }));
    }
    if route.has_query {
        match operation.answer(route) {
            Gives::Page(entity) => found.extend(parameters::of_list(entity)),
            Gives::Record(_, entity) if route.verb == Verb::Get => found.extend(parameters::of_one(entity)),
            _ => {}
        }
    }
    found.extend((operation.query)());
    found
}

fn in_path(route: &Route, name: &str) -> Value {
    match (name, about(route)) {
        ("id", Some(entity)) => schema::id(entity.prefix),
        ("id", None) => panic!("whose id stands in {}?", route.path),
        _ => json!({ "type": "string", "minLength": 1 }),
    }
}

fn body(route: &Route, operation: &Operation) -> Option<Value> {
    let takes = operation.body(route)?;
    let schema = match (takes, route.entity, route.verb) {
        (Takes::Fields(fields), ..) => schema::of_input(fields),
        (Takes::Json(schema), ..) => schema(),
        (Takes::Raw, ..) => return Some(json!({ "content": { "*/*": { "schema": {} } } })),
        (Takes::Usual, Some(entity), Verb::Patch) => named(&format!("{}Update", name_of(entity))),
        (Takes::Usual, Some(entity), _) if !route.path.contains('{') => named(&format!("{}Create", name_of(entity))),
        (Takes::Usual, ..) => panic!("{}: what it takes does not follow from its route", operation.route),
    };
    let needs = |schema: &Value| schema.get("required").is_some() || schema.get("$ref").is_some();
    let mut content = Map::new();
    if route.content == Content::MergePatch {
        content.insert("application/merge-patch+json".to_owned(), json!({ "schema": schema }));
    }
    let required = needs(&schema) && route.verb == Verb::Post;
    content.insert("application/json".to_owned(), json!({ "schema": schema }));
    Some(json!({ "required": required, "content": content }))
}

fn responses(route: &Route, operation: &Operation) -> Value {
    let mut found = Map::new();
    let (status, mut answer) = match operation.answer(route) {
        Gives::Nothing(status) => (status, json!({ "description": "Done." })),
        Gives::Record(status, entity) => (status, content(named(&name_of(entity)), "The record.")),
        Gives::Page(entity) => (200, content(named(&format!("{}Page", name_of(entity))), "A page of records.")),
        Gives::Json(status, schema) => (status, content(schema(), "Done.")),
        Gives::Events => (
            200,
            json!({ "description": "Server-sent events.", "content": { "text/event-stream": { "schema": { "type": "string" } } } }),
        ),
        Gives::Usual => panic!("{}: its answer was resolved", operation.route),
    };
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    let mut headers = json!({ "X-Request-Id": header("RequestId") });
    if let Gives::Record(status, _) = operation.answer(route) {
        headers["ETag"] = header("ETag");
        if status == 201 {
            headers["Location"] = header("Location");
        }
    }
    answer["headers"] = headers;
    found.insert(status.to_string(), answer);
    if let Some((status, schema)) = operation.or {
        found.insert(status.to_string(), content(schema(), "Done."));
    }
    if route.verb == Verb::Get && matches!(operation.answer(route), Gives::Record(..)) {
        found.insert("304".to_owned(), json!({ "description": "You have this version already." }));
    }
    let writes = route.verb != Verb::Get;
    let may = |status: &u16| writes || operation.refuses.contains(status) || !matches!(status, 409 | 412 | 413 | 415 | 422);
    for (status, about) in PROBLEMS.iter().filter(|(status, _)| may(status)) {
        let problem = json!({ "$ref": format!("#/components/responses/Problem{status}") });
        let is_silent = operation.silent.contains(status);
        found.insert(status.to_string(), if is_silent { json!({ "description": about }) } else { problem });
    }
    found.into()
}

fn content(schema: Value, about: &str) -> Value {
    json!({ "description": about, "content": { "application/json": { "schema": schema } } })
}

fn problems() -> Value {
    let problem = |(status, about): &(u16, &str)| {
        let content = json!({ "application/problem+json": { "schema": named("Problem") } });
        (format!("Problem{status}"), json!({ "description": about, "content": content }))
    };
    Value::Object(PROBLEMS.iter().map(problem).collect())
}

fn headers() -> Value {
    let header = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "ETag": header("The version of the record."),
        "Location": header("Where the record is."),
        "RequestId": header("The id of the request, as the log and the events have it."),
    })
}

fn security() -> Value {
    let bearer = |about: &str| json!({ "type": "http", "scheme": "bearer", "description": about });
    json!({
        "session": bearer("An access token, good for 15 minutes."),
        "apiKey": bearer("An API key, `ewk_live_…`."),
        "operator": bearer("The secret of whoever runs the platform."),
        "scheduler": bearer("The secret of the jobs."),
    })
}

fn schemas() -> BTreeMap<String, Value> {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    found.insert("Money".to_owned(), schema::money());
    found.insert("Problem".to_owned(), problem());
    for (_, route, operation) in operations() {
        let shown = match operation.answer(route) {
            Gives::Record(_, entity) | Gives::Page(entity) => Some(entity),
            _ => None,
        };
        if let Some(entity) = shown {
            found.extend([schema::of_entity(entity, Use::Shown)]);
            if entity.is_customizable() {
                let custom = json!({ "type": "object", "description": "Values of the tenant's own fields, by their keys." });
                found.insert(format!("{}Custom", name_of(entity)), custom);
            }
        }
        if let Gives::Page(entity) = operation.answer(route) {
            found.insert(format!("{}Page", name_of(entity)), page(entity));
        }
        if let (Some(Takes::Usual), Some(entity)) = (operation.body(route), route.entity) {
            let of = if route.verb == Verb::Patch { Use::Patched } else { Use::Made };
            found.extend([schema::of_entity(entity, of)]);
        }
    }
    found
}

fn page(entity: &'static Entity) -> Value {
    json!({
        "type": "object",
        "required": ["data", "has_more"],
        "properties": {
            "data": { "type": "array", "items": named(&name_of(entity)) },
            "has_more": { "type": "boolean" },
            "next": { "type": "string", "description": "The `cursor` of the next page." },
            "total": { "type": "integer", "description": "With `count=true`." },
        },
    })
}

fn problem() -> Value {
    let text = || json!({ "type": "string" });
    let violation = json!({
        "type": "object",
        "required": ["code", "detail"],
        "properties": { "pointer": text(), "parameter": text(), "code": text(), "detail": text() },
    });
    let mut problem = all_of(json!({
        "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(), "instance": text(), "code": text(),
        "request_id": text(),
    }));
    problem["properties"]["errors"] = json!({ "type": "array", "items": violation });
    problem
}
