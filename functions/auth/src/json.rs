//! JSON by calls. The macro of serde_json would write it out anew in every place, which is 10 kB and more of wasm after gzip.

use domain::Doc;
use serde_json::Value;

/// A document of these fields.
pub fn doc(fields: Vec<(&str, Value)>) -> Doc {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// As [`doc`], where a value is wanted.
pub fn object(fields: Vec<(&str, Value)>) -> Value {
    Value::Object(doc(fields))
}

/// An object of one field, such as an operator with its operand.
pub fn of(name: &str, value: impl Into<Value>) -> Value {
    object(vec![(name, value.into())])
}

/// A list of these values.
pub fn list(items: Vec<Value>) -> Value {
    Value::Array(items)
}
