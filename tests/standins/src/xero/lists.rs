//! Lists: filters, `If-Modified-Since` and pages of a hundred.

use crate::wire::{Call, Reply};
use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value, json};

const PAGE_LIMIT: usize = 1_000;

pub(crate) fn answer(call: &Call, wrapper: &str, id: &str, number: &str, records: &[Value]) -> Reply {
    let known = [
        ("IDs", id),
        ("InvoiceNumbers", number),
        ("QuoteNumber", number),
        ("Statuses", "Status"),
        ("Status", "Status"),
        ("page", ""),
        ("pageSize", ""),
        ("order", ""),
    ];
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !known.iter().any(|(known, _)| known == name)) {
        return super::invalid(&[format!("The stand-in does not know the parameter {name}")], None);
    }
    let since_ms = match call.header("if-modified-since").map(instant_ms) {
        Some(None) => return super::invalid(&["If-Modified-Since is not a date".into()], None),
        given => given.flatten(),
    };
    let is_wanted = |record: &&Value| {
        let fits = |(name, field): &(&str, &str)| match call.query(name).filter(|_| !field.is_empty()) {
            Some(values) => {
                record.get(*field).and_then(Value::as_str).is_some_and(|value| values.split(',').any(|it| it == value))
            }
            None => true,
        };
        known.iter().all(fits) && since_ms.is_none_or(|since| updated_ms(record) > since)
    };
    let number_of = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let size = number_of("pageSize").unwrap_or(100).clamp(1, PAGE_LIMIT);
    let skipped = (number_of("page").unwrap_or(1).max(1) - 1) * size;
    let page: Vec<Value> = records.iter().filter(is_wanted).skip(skipped).take(size).cloned().collect();
    let mut body = Map::new();
    body.insert("Status".into(), json!("OK"));
    body.insert(wrapper.into(), page.into());
    Reply::json(200, &Value::Object(body))
}

fn updated_ms(record: &Value) -> i64 {
    let text = record.get("UpdatedDateUTC").and_then(Value::as_str).unwrap_or("");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    // `/Date(1795152993123+0000)/`: the four digits of the offset go.
    digits.get(..digits.len().saturating_sub(4)).and_then(|ms| ms.parse().ok()).unwrap_or(0)
}

fn instant_ms(text: &str) -> Option<i64> {
    let plain = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f");
    let plain = plain.map(|at| at.and_utc().timestamp_millis());
    plain.or_else(|_| DateTime::parse_from_rfc2822(text).map(|at| at.timestamp_millis())).ok()
}
