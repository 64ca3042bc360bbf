//! The document that an upsert begins with.

use bson::{Bson, Document, oid::ObjectId};

use crate::{
    depth,
    error::{Error, Result},
};

/// The fields that the filter fixes by equality.
pub(crate) fn from_filter(filter: &Document) -> Result<Document> {
    let mut equalities = Vec::new();
    collect(filter, &mut equalities);
    let mut document = Document::new();
    for (position, (path, value)) in equalities.iter().enumerate() {
        let clash =
            equalities.iter().take(position).any(|(other, _)| other == path || is_below(other, path) || is_below(path, other));
        if clash {
            return Err(Error::new(54, format!("cannot infer query fields to set, path '{path}' is matched twice")));
        }
        depth::check_path(path)?;
        insert(&mut document, path, value.clone())?;
    }
    Ok(document)
}

/// With an `_id`, which stands first.
pub(crate) fn with_id(document: Document) -> Document {
    let id = document.get("_id").cloned().unwrap_or_else(|| Bson::ObjectId(ObjectId::new()));
    let mut whole = Document::new();
    whole.insert("_id", id);
    whole.extend(document.into_iter().filter(|(name, _)| name != "_id"));
    whole
}

fn collect(filter: &Document, equalities: &mut Vec<(String, Bson)>) {
    for (name, value) in filter {
        match (name.as_str(), value) {
            ("$and", Bson::Array(branches)) => {
                branches.iter().filter_map(Bson::as_document).for_each(|branch| collect(branch, equalities));
            }
            ("$or" | "$in", Bson::Array(branches)) => {
                if let [Bson::Document(only)] = branches.as_slice() {
                    collect(only, equalities);
                }
            }
            (name, _) if name.starts_with('$') => {}
            (name, Bson::Document(operators)) if operators.keys().next().is_some_and(|first| first.starts_with('$')) => {
                if let Some(value) = equality(operators) {
                    equalities.push((name.to_owned(), value));
                }
            }
            (_, Bson::RegularExpression(_)) => {}
            (name, value) => equalities.push((name.to_owned(), value.clone())),
        }
    }
}

fn equality(operators: &Document) -> Option<Bson> {
    if let Some(value) = operators.get("$eq") {
        return Some(value.clone());
    }
    let alternatives = operators.get("$in").or_else(|| operators.get("$all"))?;
    match alternatives.as_array()?.as_slice() {
        [Bson::RegularExpression(_)] => None,
        [only] => Some(only.clone()),
        _ => None,
    }
}

fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'))
}

fn insert(document: &mut Document, path: &str, value: Bson) -> Result<()> {
    match path.split_once('.') {
        None => {
            document.insert(path, value);
            Ok(())
        }
        Some((first, rest)) => {
            let inner = document.entry(first.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
            match inner {
                Bson::Document(inner) => insert(inner, rest, value),
                _ => Err(Error::new(54, format!("cannot infer query fields to set at '{path}'"))),
            }
        }
    }
}
