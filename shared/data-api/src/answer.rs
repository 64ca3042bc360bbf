//! The bodies of successful answers.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What an action returned: the properties of its kind of answer are set, the others absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Answer {
    /// The document of findOne and findOneAnd…; `Some(Null)` where none matched.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
    /// The documents of find and aggregate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Value>>,
    /// The `_id` of insertOne.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inserted_id: Option<Value>,
    /// The `_id`s of insertMany.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inserted_ids: Option<Vec<Value>>,
    /// How many documents an update matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched_count: Option<u64>,
    /// How many documents an update changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_count: Option<u64>,
    /// The `_id` of the document that an upsert inserted.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub upserted_id: Option<Value>,
    /// How many documents were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_count: Option<u64>,
    /// The count of countDocuments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The values of distinct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl Answer {
    /// The answer in a JSON object; what is not of the agreed shape counts as absent. Much smaller in wasm than the derived way.
    #[must_use]
    pub fn from_json(mut json: Value) -> Self {
        let mut take = |name: &str| json.get_mut(name).map(Value::take);
        let list = |value: Option<Value>| match value {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        };
        let count = |value: Option<Value>| value.as_ref().and_then(Value::as_u64);
        Self {
            document: take("document"),
            documents: list(take("documents")),
            inserted_id: take("insertedId"),
            inserted_ids: list(take("insertedIds")),
            matched_count: count(take("matchedCount")),
            modified_count: count(take("modifiedCount")),
            upserted_id: take("upsertedId"),
            deleted_count: count(take("deletedCount")),
            count: count(take("count")),
            values: list(take("values")),
        }
    }
}

/// What a transaction returned, one answer per operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The answers in the order of the operations.
    pub results: Vec<Answer>,
}

/// Keeps a null that stands in the answer apart from a property that does not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_null_document_differs_from_no_document() {
        let absent: Answer = serde_json::from_value(json!({"document": null})).unwrap();
        assert_eq!(absent.document, Some(Value::Null));
        for json in
            [json!({"document": null, "count": 3}), json!({"documents": [{}], "matchedCount": 1, "upsertedId": "a"}), json!({})]
        {
            assert_eq!(Answer::from_json(json.clone()), serde_json::from_value(json).unwrap());
        }
        let counted: Answer = serde_json::from_value(json!({"deletedCount": 2})).unwrap();
        assert_eq!(counted.document, None);
        assert_eq!(serde_json::to_value(counted).unwrap(), json!({"deletedCount": 2}));
    }
}
