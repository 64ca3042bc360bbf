//! What is done to documents again and again.

use serde_json::Value;

use crate::Doc;

/// The value that JSON says. Everybody reads from text: a parser of bytes beside it would weigh as much again.
pub fn parse(json: &[u8]) -> Option<Value> {
    std::str::from_utf8(json).ok().and_then(|json| serde_json::from_str(json).ok())
}

/// The object in a value, if it is one.
pub fn object(value: Value) -> Option<Doc> {
    match value {
        Value::Object(doc) => Some(doc),
        _ => None,
    }
}

/// The fields of a value that is written as an object.
pub fn fields(value: Value) -> Doc {
    object(value).unwrap_or_default()
}

/// The document with these fields set.
pub fn with(before: &Doc, set: Value) -> Doc {
    let mut after = before.clone();
    after.extend(fields(set));
    after
}

/// A field that holds text.
pub fn text<'a>(doc: &'a Doc, field: &str) -> Option<&'a str> {
    doc.get(field).and_then(Value::as_str)
}
