//! A transaction: operations that are written all or not at all.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Action;

/// The body of a `transaction` request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The name of the data source; the gateway has one and accepts any name.
    pub data_source: String,
    /// The database of the operations that name no other.
    pub database: String,
    /// What is done, in this order.
    pub operations: Vec<Operation>,
}

/// One operation: on the wire an object whose only key is the action.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What is done.
    pub action: Action,
    /// The action's request without `dataSource`, with `refs` and `expect`; its `database` is that of the request where it names none.
    pub body: Map<String, Value>,
}

impl Operation {
    /// An operation on a collection, with nothing else in its body yet.
    pub fn new(action: Action, collection: &str) -> Self {
        let mut body = Map::new();
        body.insert("collection".into(), collection.into());
        Self { action, body }
    }

    /// The collection it is about.
    pub fn collection(&self) -> Option<&str> {
        self.body.get("collection").and_then(Value::as_str)
    }

    /// Sets a parameter of the action.
    #[must_use]
    pub fn with(mut self, parameter: &str, value: impl Into<Value>) -> Self {
        self.body.insert(parameter.into(), value.into());
        self
    }

    /// Works in another database than that of the request.
    #[must_use]
    pub fn in_database(self, name: &str) -> Self {
        self.with("database", name)
    }

    /// Expects a property of the result, for instance `matchedCount` 1.
    #[must_use]
    pub fn expecting(self, property: &str, value: impl Into<Value>) -> Self {
        self.within("expect", property, value.into())
    }

    /// Takes the value at `target` from earlier results: a path such as `0.document.value`
    /// or a template such as `SU-{0.document.value:06}`.
    #[must_use]
    pub fn referring(self, target: &str, source: &str) -> Self {
        self.within("refs", target, source.into())
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn into_json(self) -> Value {
        Value::Object(Map::from_iter([(self.action.name().to_owned(), self.body.into())]))
    }

    fn within(mut self, outer: &str, inner: &str, value: Value) -> Self {
        let map = self.body.entry(outer).or_insert_with(|| Map::new().into());
        if let Value::Object(map) = map {
            map.insert(inner.into(), value);
        }
        self
    }
}

impl Serialize for Operation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.action.name(), &self.body)])
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut pairs = Map::deserialize(deserializer)?.into_iter();
        let (Some((name, Value::Object(body))), None) = (pairs.next(), pairs.next()) else {
            return Err(D::Error::custom("an operation is an object with one action"));
        };
        let action = Action::from_name(&name).ok_or_else(|| D::Error::custom(format_args!("unknown action {name}")))?;
        Ok(Self { action, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_is_an_object_with_one_action() {
        let operation = Operation::new(Action::UpdateOne, "leads")
            .in_database("crm")
            .with("filter", json!({"_id": "lead_1"}))
            .expecting("matchedCount", 1)
            .referring("update.$set.number", "0.document.value");
        let wire = json!({"updateOne": {
            "collection": "leads",
            "database": "crm",
            "filter": {"_id": "lead_1"},
            "expect": {"matchedCount": 1},
            "refs": {"update.$set.number": "0.document.value"},
        }});
        assert_eq!(serde_json::to_value(&operation).unwrap(), wire);
        assert_eq!(serde_json::from_value::<Operation>(wire).unwrap(), operation);
    }

    #[test]
    fn an_operation_with_two_actions_is_refused() {
        let wire = json!({"findOne": {}, "find": {}});
        assert!(serde_json::from_value::<Operation>(wire).is_err());
    }
}
