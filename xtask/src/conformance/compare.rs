//! What a case expects of a reply, compared as its suite compares: types strictly, order of fields not at all.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::translate::{Reply, as_integer};

/// One assertion of a case.
#[derive(Deserialize)]
pub struct Expectation {
    kind: String,
    pub step: usize,
    #[serde(default)]
    expected: Value,
    #[serde(default, alias = "expected_code")]
    error_code: Value,
    #[serde(default)]
    ignore_doc_order: bool,
    ignore_order_in: Option<Vec<String>>,
    #[serde(default)]
    raw_res: bool,
}

impl Expectation {
    /// Why the reply is not what was expected.
    pub fn check(&self, reply: &Reply) -> Result<(), String> {
        match self.kind.as_str() {
            "assertFailureCode" => self.fails(reply),
            "assertResult" if !self.error_code.is_null() => self.fails(reply),
            "assertResult" | "assertSuccess" | "assertSuccessNaN" => self.succeeds(success(reply)?),
            "assertSuccessPartial" => {
                let found = match reply {
                    Reply::Success(found) => found,
                    _ => success(reply)?,
                };
                match holds(&self.expected, &Value::Object(found.clone())) {
                    true => Ok(()),
                    false => Err(differs(&self.expected, &Value::Object(found.clone()))),
                }
            }
            "assertNotError" => success(reply).map(drop),
            other => Err(format!("{other} is no known assertion")),
        }
    }

    fn fails(&self, reply: &Reply) -> Result<(), String> {
        let wanted = as_integer(&self.error_code);
        let (found, text) = match reply {
            Reply::Failure { code, text } => (*code, text.clone()),
            Reply::Success(found) => match first_write_error(found) {
                Some(error) => {
                    (error.get("code").and_then(as_integer), error.get("errmsg").map(Value::to_string).unwrap_or_default())
                }
                None => {
                    return Err(format!("succeeded instead of code {wanted:?}: {}", shortened(&Value::Object(found.clone()))));
                }
            },
            Reply::Inexpressible(what) => return Err(format!("not expressible: {what}")),
        };
        match wanted == found {
            true => Ok(()),
            false => Err(format!("code {} instead of {}: {text}", shown(found), shown(wanted))),
        }
    }

    fn succeeds(&self, found: &Map<String, Value>) -> Result<(), String> {
        let whole;
        let found = match found.get("cursor").and_then(|cursor| cursor.get("firstBatch")) {
            Some(batch) if !self.raw_res => batch,
            _ => {
                whole = Value::Object(found.clone());
                &whole
            }
        };
        let unordered = self.ignore_order_in.as_deref().unwrap_or_default();
        let equal = match (&self.expected, found) {
            (Value::Array(expected), Value::Array(found)) if self.ignore_doc_order => is_same_set(expected, found, unordered),
            (expected, found) => is_equal(expected, found, unordered),
        };
        match equal {
            true => Ok(()),
            false => Err(differs(&self.expected, found)),
        }
    }
}

fn success(reply: &Reply) -> Result<&Map<String, Value>, String> {
    match reply {
        Reply::Success(found) => match first_write_error(found) {
            Some(error) => Err(format!("write error {}", shortened(error))),
            None => Ok(found),
        },
        Reply::Failure { code, text } => Err(format!("error {}: {text}", shown(*code))),
        Reply::Inexpressible(what) => Err(format!("not expressible: {what}")),
    }
}

fn first_write_error(found: &Map<String, Value>) -> Option<&Value> {
    found.get("writeErrors")?.as_array()?.first()
}

fn is_equal(expected: &Value, found: &Value, unordered: &[String]) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            if let (Some(expected), Some(found)) = (double(expected), double(found)) {
                return is_same_double(expected, found);
            }
            expected.len() == found.len()
                && expected.iter().all(|(key, expected)| match (expected, found.get(key)) {
                    (Value::Array(expected), Some(Value::Array(found))) if unordered.contains(key) => {
                        is_same_set(expected, found, unordered)
                    }
                    (expected, Some(found)) => is_equal(expected, found, unordered),
                    (_, None) => false,
                })
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| is_equal(expected, found, unordered))
        }
        _ => expected == found,
    }
}

fn is_same_set(expected: &[Value], found: &[Value], unordered: &[String]) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    expected.iter().all(|expected| match left.iter().position(|found| is_equal(expected, found, unordered)) {
        Some(position) => {
            left.swap_remove(position);
            true
        }
        None => false,
    }) && left.is_empty()
}

/// Whether the reply has what is expected; it may have more fields, at any depth.
fn holds(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) if double(expected).is_none() => {
            expected.iter().all(|(key, expected)| found.get(key).is_some_and(|found| holds(expected, found)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| holds(expected, found))
        }
        _ => is_equal(expected, found, &[]),
    }
}

fn double(value: &Map<String, Value>) -> Option<f64> {
    match (value.len(), value.get("$numberDouble")) {
        (1, Some(Value::String(text))) => text.parse().ok(),
        _ => None,
    }
}

/// Zeros keep their sign; what is no number equals what is no number.
fn is_same_double(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
}

fn differs(expected: &Value, found: &Value) -> String {
    format!("expected {} but found {}", shortened(expected), shortened(found))
}

fn shown(code: Option<i64>) -> String {
    code.map_or_else(|| "none".into(), |code| code.to_string())
}

fn shortened(value: &Value) -> String {
    const SHOWN: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(expectation: Value, reply: &Value) -> Result<(), String> {
        let expectation: Expectation = serde_json::from_value(expectation).expect("is an expectation");
        expectation.check(&Reply::Success(reply.as_object().expect("is an object").clone()))
    }

    #[test]
    fn types_count_and_the_order_of_fields_does_not() {
        let reply = json!({"cursor": {"firstBatch": [{"a": {"$numberInt": "1"}, "b": [{"$numberDouble": "NaN"}, "x"]}]}});
        let with = |expected: Value| check(json!({"kind": "assertSuccess", "step": 0, "expected": expected}), &reply);
        assert!(with(json!([{"b": [{"$numberDouble": "NaN"}, "x"], "a": {"$numberInt": "1"}}])).is_ok());
        assert!(with(json!([{"b": [{"$numberDouble": "NaN"}, "x"], "a": {"$numberLong": "1"}}])).is_err());
        assert!(with(json!([{"b": ["x", {"$numberDouble": "NaN"}], "a": {"$numberInt": "1"}}])).is_err());
        let unordered = json!({"kind": "assertSuccess", "step": 0, "ignore_order_in": ["b"],
            "expected": [{"b": ["x", {"$numberDouble": "NaN"}], "a": {"$numberInt": "1"}}]});
        assert!(check(unordered, &reply).is_ok());
    }

    #[test]
    fn a_partial_expectation_allows_more_fields() {
        let reply = json!({"n": {"$numberInt": "1"}, "ok": {"$numberDouble": "1.0"}, "list": [{"a": "x", "b": "y"}]});
        let with = |expected: Value| check(json!({"kind": "assertSuccessPartial", "step": 0, "expected": expected}), &reply);
        assert!(with(json!({"ok": {"$numberDouble": "1"}, "list": [{"a": "x"}]})).is_ok());
        assert!(with(json!({"list": []})).is_err());
        assert!(with(json!({"m": null})).is_err());
    }

    #[test]
    fn an_expected_error_may_be_a_write_error() {
        let expectation = json!({"kind": "assertFailureCode", "step": 0, "expected_code": {"$numberInt": "66"}});
        assert!(check(expectation.clone(), &json!({"writeErrors": [{"code": {"$numberInt": "66"}}]})).is_ok());
        assert!(check(expectation.clone(), &json!({"writeErrors": [{"code": {"$numberInt": "2"}}]})).is_err());
        assert!(check(expectation, &json!({"n": {"$numberInt": "1"}})).is_err());
    }
}
