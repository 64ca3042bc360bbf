//! Field paths in expressions: through arrays they give arrays.

use bson::{Bson, Document};

/// The value at a path; missing is `Undefined`.
pub fn field(document: &Document, path: &[String]) -> Bson {
    match path.split_first() {
        None => Bson::Document(document.clone()),
        Some((first, rest)) => match document.get(first) {
            None => Bson::Undefined,
            Some(inner) => value(inner, rest),
        },
    }
}

pub fn value(current: &Bson, path: &[String]) -> Bson {
    if path.is_empty() {
        return current.clone();
    }
    match current {
        Bson::Document(document) => field(document, path),
        Bson::Array(items) => {
            let reached = items
                .iter()
                .filter(|item| matches!(item, Bson::Document(_) | Bson::Array(_)))
                .map(|item| value(item, path))
                .filter(|item| *item != Bson::Undefined);
            Bson::Array(reached.collect())
        }
        _ => Bson::Undefined,
    }
}
