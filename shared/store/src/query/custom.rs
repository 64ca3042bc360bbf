//! Custom values in queries, typed by their definitions: `custom.size[gte]=5`, `sort=-custom.size`.

use domain::custom::{self, Definition, INDEX_FIELD, PATH};
use domain::filter::Op;
use domain::{Doc, Error, Filter, Kind, Result, Time};
use serde_json::Value;

use super::parse::{IN_MAX, flag, typed};

const RANGES: &[(&str, Op)] = &[("gt", Op::Over), ("gte", Op::AtLeast), ("lt", Op::Under), ("lte", Op::AtMost)];

/// Whether a query asks about custom values, so that their definitions must be known; or searches, where that needs them.
pub(super) fn is_named(raw: &str, searches: bool) -> bool {
    let sorts = |text: &str| text.split(',').any(|name| key(name.trim_start_matches('-')).is_some());
    form_urlencoded::parse(raw.as_bytes())
        .any(|(name, value)| key(&name).is_some() || name == "sort" && sorts(&value) || searches && name == "q")
}

/// The key in the name of a parameter, or of what is sorted by.
pub(super) fn key(name: &str) -> Option<&str> {
    name.strip_prefix(PATH)
}

/// Where the values stand that are searched.
pub(super) fn searched(definitions: &[Doc]) -> impl Iterator<Item = String> + '_ {
    definitions.iter().map(Definition::of).filter(|of| of.is_searchable()).map(path)
}

/// Where a value that can be sorted by stands.
pub(super) fn sortable(definitions: &[Doc], name: &str) -> Option<String> {
    let definition = custom::find(definitions, key(name)?)?;
    let is_one = !definition.is_personal() && definition.word() != "multiselect";
    is_one.then(|| path(definition))
}

/// A condition on a value. Equality goes by the index; for a range the values are looked through.
pub(super) fn condition(definitions: &[Doc], parameter: &str, text: &str) -> Result<Filter> {
    let unknown = || Error::parameter(parameter, "There is no such field to filter by.");
    let name = key(parameter).ok_or_else(unknown)?;
    let (name, op) = match name.split_once('[') {
        Some((name, op)) => (name, op.strip_suffix(']').ok_or_else(unknown)?),
        None => (name, "is"),
    };
    let (key, is_currency) = name.strip_suffix(".currency").map_or((name, false), |key| (key, true));
    let definition = custom::find(definitions, key).filter(|of| !is_currency || of.word() == "currency").ok_or_else(unknown)?;
    if op == "exists" {
        let op = if flag(parameter, text)? { Op::Is } else { Op::IsNot };
        return Ok(Filter::Field(INDEX_FIELD.into(), op, key.into()));
    }
    if definition.is_personal() {
        return Err(Error::parameter(parameter, "What tells of a person is filtered by `exists` alone."));
    }
    let items: Vec<&str> = if op == "in" { text.split(',').collect() } else { vec![text] };
    if items.len() > IN_MAX {
        return Err(Error::parameter(parameter, format!("Expected at most {IN_MAX} values.")));
    }
    let read = |text: &str| if is_currency { Ok(text.into()) } else { value(definition, parameter, text) };
    let values = items.into_iter().map(read).collect::<Result<Vec<Value>>>()?;
    let range = RANGES.iter().find(|(word, _)| *word == op).map(|(_, op)| *op);
    if range.is_none() && !matches!(op, "is" | "ne" | "in") {
        return Err(Error::parameter(parameter, "Expected one of: ne, gt, gte, lt, lte, in, exists."));
    }
    let digest = |value: &Value| Value::from(custom::digest(key, value));
    let (path, values) = match range {
        _ if is_currency => (format!("{PATH}{key}.currency"), values),
        Some(_) => (path(definition), values),
        None => (INDEX_FIELD.to_owned(), values.iter().map(digest).collect()),
    };
    Ok(match (range, op) {
        (Some(range), _) => Filter::Field(path.into(), range, one(values)),
        (None, "in") => Filter::Field(path.into(), Op::In, values.into()),
        (None, "ne") => Filter::is_not(path, one(values)),
        (None, _) => Filter::is(path, one(values)),
    })
}

fn one(values: Vec<Value>) -> Value {
    values.into_iter().next().unwrap_or_default()
}

fn path(definition: Definition<'_>) -> String {
    let minor = if definition.word() == "currency" { ".minor" } else { "" };
    format!("{PATH}{}{minor}", definition.key())
}

/// The value of a parameter as it is kept: dates as text of one form.
fn value(definition: Definition<'_>, parameter: &str, text: &str) -> Result<Value> {
    match definition.kind() {
        Kind::Date => match Time::parse(text) {
            Some(time) => Ok(time.into()),
            None => Err(Error::parameter(parameter, "Expected an RFC 3339 time such as 2026-11-20T09:00:00Z.")),
        },
        Kind::List(..) => Ok(text.into()),
        kind => typed(&kind, parameter, text),
    }
}

#[cfg(test)]
mod tests {
    use domain::doc;
    use serde_json::json;

    use super::*;
    use crate::query::compile;

    fn definitions() -> Vec<Doc> {
        let types =
            ["text", "number", "date", "select", "multiselect", "boolean", "url", "email", "phone", "currency", "reference"];
        let define = |word: &str| doc::fields(json!({ "key": format!("a_{word}"), "type": word, "target": "person" }));
        let personal = doc::fields(json!({ "key": "tax", "type": "text", "personal": true }));
        types.into_iter().map(define).chain([personal]).collect()
    }

    #[test]
    fn values_are_typed_by_their_definitions() {
        let digest = |key: &str, value: Value| Value::from(custom::digest(key, &value));
        let cases = [
            ("custom.a_number", "12.0", json!({ "custom_index": digest("a_number", json!(12)) })),
            ("custom.a_number[gte]", "1.5", json!({ "custom.a_number": { "$gte": 1.5 } })),
            ("custom.a_number[ne]", "1", json!({ "custom_index": { "$ne": digest("a_number", json!(1)) } })),
            (
                "custom.a_text[in]",
                "a,b",
                json!({ "custom_index": { "$in": [digest("a_text", json!("a")), digest("a_text", json!("b"))] } }),
            ),
            ("custom.a_text[exists]", "true", json!({ "custom_index": "a_text" })),
            ("custom.a_date[lt]", "2026-01-01T01:00:00+01:00", json!({ "custom.a_date": { "$lt": "2026-01-01T00:00:00.000Z" } })),
            ("custom.a_multiselect", "tile", json!({ "custom_index": digest("a_multiselect", json!("tile")) })),
            ("custom.a_boolean", "true", json!({ "custom_index": digest("a_boolean", json!(true)) })),
            ("custom.a_email", "Ada@Example.com", json!({ "custom_index": digest("a_email", json!("ada@example.com")) })),
            ("custom.a_phone", "0044 20 7946 0018", json!({ "custom_index": digest("a_phone", json!("+442079460018")) })),
            ("custom.a_currency[lte]", "500", json!({ "custom.a_currency.minor": { "$lte": 500 } })),
            (
                "custom.a_currency",
                "500",
                json!({ "custom_index": digest("a_currency", json!({ "minor": 500, "currency": "EUR" })) }),
            ),
            ("custom.a_currency.currency", "EUR", json!({ "custom.a_currency.currency": "EUR" })),
            ("custom.tax[exists]", "false", json!({ "custom_index": { "$ne": "tax" } })),
        ];
        for (parameter, text, expected) in cases {
            assert_eq!(compile(&condition(&definitions(), parameter, text).unwrap()), expected, "{parameter}={text}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let bad = [
            ("custom.nope", "1"),
            ("custom.a_text.currency", "EUR"),
            ("custom.a_number", "many"),
            ("custom.a_number[near]", "1"),
            ("custom.a_number[gte", "1"),
            ("custom.a_boolean", "yes"),
            ("custom.a_date", "tomorrow"),
            ("custom.a_reference", "lead_1"),
            ("custom.tax", "DE1"),
            ("custom.tax[gt]", "DE1"),
        ];
        for (parameter, text) in bad {
            let error = condition(&definitions(), parameter, text).unwrap_err();
            assert_eq!(error.violations[0].place, domain::error::Place::Parameter(parameter.to_owned()));
        }
    }
}
