//! Reads canonical, relaxed and plain JSON text into BSON in one pass.

use std::{cell::Cell, fmt};

use bson::{Bson, Document};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::wrapper;
use crate::failure::OVERFLOW;

/// MongoDB stores documents nested up to 200 levels; a wrapped leaf and the request around them take a few more.
const DEPTH_LIMIT: usize = 220;

/// Why a text is not a document.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// What is wrong and where.
    pub message: String,
    /// MongoDB's code where the text is JSON but not BSON.
    pub code: Option<i32>,
}

/// Reads the one object that the text holds.
pub(crate) fn read(text: &[u8]) -> Result<Document, Malformed> {
    let code = Cell::new(None);
    let seed = Value { depth: 0, code: &code };
    let mut json = serde_json::Deserializer::from_slice(text);
    json.disable_recursion_limit();
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(Bson::Document(document)) => Ok(document),
        Ok(_) => Err(Malformed { message: "the body must be a JSON object".into(), code: None }),
        Err(error) => Err(Malformed { message: error.to_string(), code: code.get() }),
    }
}

#[derive(Clone, Copy)]
struct Value<'a> {
    depth: usize,
    code: &'a Cell<Option<i32>>,
}

impl Value<'_> {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_LIMIT {
            self.code.set(Some(OVERFLOW));
            return Err(E::custom(format_args!("nested deeper than {DEPTH_LIMIT} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Bson;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bson, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Bson;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Bson, E> {
        Ok(Bson::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Bson, E> {
        Ok(Bson::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Bson, E> {
        Ok(i32::try_from(value).map_or(Bson::Int64(value), Bson::Int32))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Bson, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            #[expect(clippy::cast_precision_loss, reason = "as MongoDB reads such numbers")]
            Err(_) => Ok(Bson::Double(value as f64)),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<Bson, E> {
        Ok(Bson::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Bson, E> {
        Ok(Bson::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Bson, E> {
        Ok(Bson::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bson, A::Error> {
        let below = self.below()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            array.push(item);
        }
        Ok(Bson::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Bson, A::Error> {
        let below = self.below()?;
        let mut document = Document::new();
        while let Some(key) = pairs.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom("a field name holds a null byte"));
            }
            document.insert(key, pairs.next_value_seed(below)?);
        }
        wrapper::unwrap(document).map_err(|fault| {
            self.code.set(fault.code);
            A::Error::custom(fault.message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{DateTime, doc, oid::ObjectId};

    fn check(text: &str, expected: Document) {
        assert_eq!(read(text.as_bytes()).expect("is EJSON"), expected, "{text}");
    }

    #[test]
    fn numbers_take_the_smallest_type_that_holds_them() {
        check(r#"{"a":1,"b":2147483648,"c":1.0,"d":1e2}"#, doc! {"a": 1, "b": 2_147_483_648_i64, "c": 1.0, "d": 100.0});
        check(r#"{"a":{"$numberLong":"1"},"b":{"$numberDouble":"-Infinity"}}"#, doc! {"a": 1_i64, "b": f64::NEG_INFINITY});
    }

    #[test]
    fn wrapped_values_become_their_type() {
        let date = DateTime::from_millis(1_763_614_800_000);
        check(
            r#"{"a":{"$date":"2025-11-20T05:00:00.000Z"},"b":{"$date":{"$numberLong":"1763614800000"}}}"#,
            doc! {"a": date, "b": date},
        );
        let id = ObjectId::from_bytes([1; 12]);
        check(r#"{"_id":{"$oid":"010101010101010101010101"}}"#, doc! {"_id": id});
    }

    #[test]
    fn operators_stay_documents() {
        check(r#"{"a":{"$regex":"^x","$options":"i"}}"#, doc! {"a": {"$regex": "^x", "$options": "i"}});
        check(r#"{"a":{"$type":"date"}}"#, doc! {"a": {"$type": "date"}});
    }

    #[test]
    fn what_is_not_extended_json_is_refused() {
        for text in [
            "",
            "[]",
            "{",
            r#"{"a":1}x"#,
            r#"{"a":{"$oid":"xyz"}}"#,
            r#"{"a":{"$date":"yesterday"}}"#,
            r#"{"a":{"$numberInt":"9999999999"}}"#,
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(deep.as_bytes()).expect_err("too deep").code, Some(OVERFLOW));
    }
}
