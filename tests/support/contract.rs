//! The contract: whatever a test calls, the answer is one that the OpenAPI document tells of.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::Answered;

/// The document, as it is served.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap());
/// What was compiled so far, by where it stands in the document.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Whether a value is a planted text or a planted number (see `tests/tables/planted.rs`).
fn is_planted(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| (5_000_000_000..9_000_000_000).contains(&number)) || value.to_string().contains("\"zq")
}

/// Expects an answer to be as documented, where the document knows the operation.
pub fn check(method: &str, path: &str, answered: &Answered) {
    let Some((template, operation)) = operation(method, path) else { return };
    let what = format!("{method} {template} answered {} {}", answered.status, answered.text);
    let response = &operation["responses"][answered.status.to_string()];
    assert!(!response.is_null(), "an undocumented status: {what}");
    let response = resolved(response);
    let media_type = answered.headers.get("content-type").map(|value| value.to_str().unwrap());
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default();
    match response["content"].as_object() {
        None => assert!(answered.text.is_empty(), "an undocumented body: {what}"),
        Some(contents) => {
            let content = contents.get(media_type).unwrap_or_else(|| panic!("undocumented type {media_type}: {what}"));
            if media_type.ends_with("json") {
                let wrong: Vec<String> = validator(&content["schema"])
                    .iter_errors(&answered.json)
                    // What a test planted in fields of every kind fits few of them.
                    .filter(|error| !is_planted(error.instance()))
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(wrong.is_empty(), "against its schema: {wrong:#?} {what}");
            }
        }
    }
}

/// The operation of a path, where a step of the template in braces takes any step of the path.
fn operation<'a>(method: &str, path: &str) -> Option<(&'a str, &'a Value)> {
    let steps: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == steps.len() && parts.iter().zip(&steps).all(|(part, step)| part.starts_with('{') || part == step)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let (template, found) =
        paths.filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, found.get(method.to_ascii_lowercase())?))
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap();
    let made = || {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).unwrap())
    };
    validators.entry(schema.to_string()).or_insert_with(made).clone()
}
