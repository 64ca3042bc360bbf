//! What an operation of a transaction must give, or nothing is written.

use bson::{Bson, Document};

use crate::{failure::Failure, parameters::as_integer};

/// The properties an expectation may name.
const PROPERTIES: [&str; 7] = ["matchedCount", "modifiedCount", "insertedCount", "deletedCount", "upserted", "document", "count"];

/// Refuses an expectation that could never be read.
pub(crate) fn validate(expect: &Document) -> Result<(), Failure> {
    for (property, value) in expect {
        let is_valid = match property.as_str() {
            "upserted" => matches!(value, Bson::Boolean(_)),
            "document" => matches!(value, Bson::Null | Bson::Document(_)),
            name if PROPERTIES.contains(&name) => as_integer(value).is_some(),
            _ => return Err(Failure::unknown(&format!("expect.{property}"))),
        };
        if !is_valid {
            return Err(Failure::invalid(format!("expect.{property} has a value of a wrong type")));
        }
    }
    Ok(())
}

/// The first property that the result does not have as expected.
pub(crate) fn unmet<'e>(expect: &'e Document, result: &Document) -> Result<Option<&'e str>, Failure> {
    for (property, wanted) in expect {
        if !is_met(property, wanted, result)? {
            return Ok(Some(property));
        }
    }
    Ok(None)
}

fn is_met(property: &str, wanted: &Bson, result: &Document) -> Result<bool, Failure> {
    let found = match property {
        "document" => return is_document(wanted, result.get("document")),
        "upserted" => return Ok(wanted.as_bool() == Some(result.contains_key("upsertedId"))),
        "insertedCount" => length(result, "insertedIds").or_else(|| result.contains_key("insertedId").then_some(1)),
        "count" => length(result, "documents").or_else(|| result.get("count").and_then(as_integer)),
        name => result.get(name).and_then(as_integer),
    };
    Ok(found.is_some() && found == as_integer(wanted))
}

fn is_document(wanted: &Bson, found: Option<&Bson>) -> Result<bool, Failure> {
    match (wanted, found) {
        (Bson::Null, Some(Bson::Null)) => Ok(true),
        (Bson::Document(filter), Some(Bson::Document(document))) => Ok(engine::matcher::matches(filter, document)?),
        _ => Ok(false),
    }
}

fn length(result: &Document, name: &str) -> Option<i64> {
    let items = result.get_array(name).ok()?;
    i64::try_from(items.len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn every_property_given_must_hold() {
        let table = [
            (doc! {"matchedCount": 1}, doc! {"matchedCount": 1, "modifiedCount": 0}, None),
            (
                doc! {"matchedCount": 1_i64, "modifiedCount": 1},
                doc! {"matchedCount": 1, "modifiedCount": 0},
                Some("modifiedCount"),
            ),
            (doc! {"insertedCount": 1.0}, doc! {"insertedId": 5}, None),
            (doc! {"insertedCount": 1}, doc! {"insertedIds": [5, 6]}, Some("insertedCount")),
            (doc! {"deletedCount": 1}, doc! {"deletedCount": 0}, Some("deletedCount")),
            (doc! {"upserted": true}, doc! {"matchedCount": 0, "upsertedId": 1}, None),
            (doc! {"upserted": true}, doc! {"matchedCount": 1}, Some("upserted")),
            (doc! {"document": null}, doc! {"document": null}, None),
            (doc! {"document": null}, doc! {"document": {}}, Some("document")),
            (doc! {"document": {}}, doc! {"document": null}, Some("document")),
            (doc! {"count": 2}, doc! {"documents": [{}, {}]}, None),
            (doc! {"count": 2}, doc! {"count": 1}, Some("count")),
            (doc! {"matchedCount": 1}, doc! {"deletedCount": 1}, Some("matchedCount")),
        ];
        for (expect, result, expected) in table {
            assert_eq!(unmet(&expect, &result).expect("is valid"), expected, "{expect} {result}");
        }
    }

    #[test]
    fn unknown_expectations_are_refused() {
        assert!(validate(&doc! {"matched": 1}).is_err());
        assert!(validate(&doc! {"matchedCount": "1"}).is_err());
        assert!(validate(&doc! {"document": 1}).is_err());
        assert!(validate(&doc! {"document": {"a": 1}, "count": 1}).is_ok());
    }
}
