//! Cursors: the sort keys and the id of the last record of a page. The next page starts behind them, whatever was written since.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};
use domain::filter::Op;
use domain::json;
use domain::{Doc, Filter, Time, doc};
use serde_json::Value;

use super::SortKey;

/// The place behind one record in a sorted list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    values: Vec<Value>,
    id: String,
}

impl Cursor {
    /// The place behind a record.
    pub(super) fn of(doc: &Doc, sort: &[SortKey]) -> Self {
        let values = sort.iter().map(|key| at_path(doc, &key.path)).collect();
        Self { values, id: doc.get("_id").and_then(Value::as_str).unwrap_or_default().to_owned() }
    }

    /// As callers carry it. It holds the sort as well: a cursor is good for the list it came from.
    pub(super) fn encode(&self, sort: &[SortKey]) -> String {
        let text = json!([spell(sort), self.values, self.id]).to_string();
        Base64UrlSafeNoPadding::encode_to_string(text).unwrap_or_default()
    }

    /// What a caller brings back, if it fits the sort.
    pub(super) fn decode(text: &str, sort: &[SortKey]) -> Option<Self> {
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(text, None).ok()?;
        let Value::Array(parts) = doc::parse(&bytes)? else { return None };
        let [Value::String(spelled), Value::Array(values), Value::String(id)] = <[Value; 3]>::try_from(parts).ok()? else {
            return None;
        };
        let fit = values.len() == sort.len() && sort.iter().zip(&values).all(|(key, value)| fits(key, value));
        (spelled == spell(sort) && fit).then_some(Self { values, id })
    }

    /// The records behind this place.
    pub(super) fn after(&self, sort: &[SortKey]) -> Filter {
        let mut behind = Filter::Nothing;
        let mut equal = Filter::All;
        for (key, value) in sort.iter().zip(&self.values) {
            let value = if key.is_date && !value.is_null() { json!({ "$date": value }) } else { value.clone() };
            behind = behind.or(equal.clone().and(beyond(key, &value)));
            equal = equal.and(Filter::Field(key.path.clone().into(), Op::Is, value));
        }
        let descending = sort.last().is_none_or(|key| key.descending);
        let op = if descending { Op::Under } else { Op::Over };
        behind.or(equal.and(Filter::Field("_id".into(), op, self.id.as_str().into())))
    }
}

/// Whether a value can have come from a record.
fn fits(key: &SortKey, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(_) | Value::Array(_) => false,
        value if key.is_date => value.as_str().is_some_and(|text| Time::parse(text).is_some()),
        _ => true,
    }
}

/// Nulls sort below everything, and only equality finds them.
fn beyond(key: &SortKey, value: &Value) -> Filter {
    let path = || key.path.clone();
    match (key.descending, value.is_null()) {
        (false, true) => Filter::is_not(path(), Value::Null),
        (true, true) => Filter::Nothing,
        (false, false) => Filter::Field(path().into(), Op::Over, value.clone()),
        (true, false) => Filter::Field(path().into(), Op::Under, value.clone()).or(Filter::is(path(), Value::Null)),
    }
}

fn spell(sort: &[SortKey]) -> String {
    let spell = |key: &SortKey| format!("{}{}", if key.descending { "-" } else { "" }, key.name);
    sort.iter().map(spell).collect::<Vec<_>>().join(",")
}

fn at_path(doc: &Doc, path: &str) -> Value {
    let mut steps = path.split('.');
    let first = steps.next().and_then(|step| doc.get(step));
    steps.fold(first, |value, step| value?.get(step)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn by(name: &'static str, descending: bool) -> SortKey {
        SortKey { name: name.into(), path: name.to_owned(), descending, is_date: false }
    }

    #[test]
    fn a_cursor_goes_back_and_forth_and_fits_its_sort_alone() {
        let doc = json!({ "_id": "lead_1", "status": "new" });
        let sort = [by("status", false)];
        let cursor = Cursor::of(doc.as_object().unwrap(), &sort);
        let text = cursor.encode(&sort);
        assert_eq!(Cursor::decode(&text, &sort), Some(cursor));
        assert_eq!(Cursor::decode(&text, &[by("status", true)]), None);
        assert_eq!(Cursor::decode("!", &sort), None);
    }

    #[test]
    fn behind_a_null_going_down_only_ids_are_left() {
        let cursor = Cursor { values: vec![Value::Null], id: "x".to_owned() };
        let expected = Filter::is("status", Value::Null).and(Filter::Field("_id".into(), Op::Under, "x".into()));
        assert_eq!(cursor.after(&[by("status", true)]), expected);
    }
}
