//! Sort specifications and the order they give.

use std::cmp::Ordering;

use bson::{Bson, Document};

use crate::{
    error::{Error, Result},
    number::Number,
    order::compare,
    path::Path,
};

/// The most fields a sort may name.
const FIELD_LIMIT: usize = 32;

/// A parsed sort: by fields, or by whole values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SortOrder {
    fields: Vec<SortField>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortField {
    pub path: Path,
    pub descending: bool,
}

impl SortOrder {
    /// The sort of find, of `$sort` and of accumulators.
    pub fn parse(spec: &Document) -> Result<SortOrder> {
        if spec.len() > FIELD_LIMIT {
            return Err(Error::new(13103, format!("too many compound keys: more than {FIELD_LIMIT}")));
        }
        let fields: Result<Vec<SortField>> = spec.iter().map(|(name, value)| parse_field(name, value)).collect();
        Ok(SortOrder { fields: fields? })
    }

    /// The sort of elements: 1 or -1 for whole values, or fields.
    pub fn of_values(spec: &Bson) -> Result<SortOrder> {
        match spec {
            Bson::Document(spec) if spec.is_empty() => Err(Error::bad_value("the sort specification must not be empty")),
            Bson::Document(spec) => SortOrder::parse(spec),
            _ => Ok(SortOrder { fields: vec![SortField { path: Path::here(), descending: direction(spec)? }] }),
        }
    }

    pub fn of_fields(fields: Vec<SortField>) -> SortOrder {
        SortOrder { fields }
    }

    pub fn fields(&self) -> &[SortField] {
        &self.fields
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values that a document is ordered by.
    pub fn key(&self, document: &Document) -> Vec<Bson> {
        self.fields.iter().map(|field| field.key(document)).collect()
    }

    pub fn compare_keys(&self, a: &[Bson], b: &[Bson]) -> Ordering {
        for (field, (a, b)) in self.fields.iter().zip(a.iter().zip(b)) {
            let order = compare(a, b);
            let order = if field.descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// Stable.
    pub fn sort(&self, documents: Vec<Document>) -> Vec<Document> {
        let mut keyed: Vec<(Vec<Bson>, Document)> =
            documents.into_iter().map(|document| (self.key(&document), document)).collect();
        keyed.sort_by(|(a, _), (b, _)| self.compare_keys(a, b));
        keyed.into_iter().map(|(_, document)| document).collect()
    }

    /// Sorts elements of an array; those that are no documents have no fields.
    pub fn sort_values(&self, values: &mut [Bson]) {
        values.sort_by(|a, b| self.compare_values(a, b));
    }

    fn compare_values(&self, a: &Bson, b: &Bson) -> Ordering {
        for field in &self.fields {
            let order =
                if field.path.is_here() { compare(a, b) } else { compare(&field.key_of_value(a), &field.key_of_value(b)) };
            let order = if field.descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl SortField {
    /// An array is ordered by its least element, or its greatest when descending.
    fn key(&self, document: &Document) -> Bson {
        let (values, _) = self.path.index_values(document);
        let chosen = if self.descending { values.into_iter().max_by(compare) } else { values.into_iter().min_by(compare) };
        chosen.unwrap_or(Bson::Null)
    }

    fn key_of_value(&self, value: &Bson) -> Bson {
        value.as_document().map_or(Bson::Null, |document| self.key(document))
    }
}

fn parse_field(name: &str, value: &Bson) -> Result<SortField> {
    if name.is_empty() {
        return Err(Error::new(15998, "FieldPath field names may not be empty strings."));
    }
    crate::expression::field_path(name)?;
    if let Bson::Document(meta) = value {
        return Err(match meta.get("$meta") {
            Some(_) => Error::new(31138, "$meta sort is not supported here"),
            None => Error::new(15974, "illegal key in $sort specification"),
        });
    }
    Ok(SortField { path: Path::new(name), descending: direction(value)? })
}

fn direction(value: &Bson) -> Result<bool> {
    let number = Number::from_bson(value).ok_or_else(|| Error::new(15974, "Illegal key in $sort specification"))?;
    let whole = match number {
        Number::Double(fraction) => Some(fraction.trunc() as i64),
        _ => number.to_i64_exact(),
    };
    match whole {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(Error::new(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)")),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn an_array_sorts_by_its_least_element_and_descending_by_its_greatest() {
        let documents = vec![doc! {"_id": 1, "a": [1, 9]}, doc! {"_id": 2, "a": 5}, doc! {"_id": 3, "a": []}, doc! {"_id": 4}];
        let ids = |spec: Document| {
            let sorted = SortOrder::parse(&spec).unwrap().sort(documents.clone());
            sorted.iter().map(|document| document.get_i32("_id").unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(ids(doc! {"a": 1}), [3, 4, 1, 2]);
        assert_eq!(ids(doc! {"a": -1}), [1, 2, 4, 3]);
    }
}
