//! Applying a projection to a document.

use bson::{Bson, Document};

use super::{Branch, Kind, Tree};
use crate::{
    budget::Budget,
    error::{Error, Result},
    expression::Env,
};

pub fn document(tree: &Tree, kind: Kind, input: &Document, env: &Env<'_>, position: Option<usize>) -> Result<Document> {
    let mut output = Document::new();
    let mut budget = Budget::operator("a projection");
    for (name, value) in input {
        let kept = match tree.get(name) {
            None if kind == Kind::Inclusion => None,
            None | Some(Branch::Include) => Some(value.clone()),
            Some(Branch::Exclude) => None,
            Some(Branch::Computed(expression)) if kind == Kind::Addition => Some(charged(expression.eval(env)?, &mut budget)?),
            Some(Branch::Computed(_)) => None,
            Some(Branch::Nested(inner)) => nested(inner, kind, value, env, position)?,
            Some(Branch::Slice { skip, limit }) => Some(slice(value, *skip, *limit)),
            Some(Branch::ElemMatch(matcher)) => match value {
                Bson::Array(items) => elem_match(items, matcher)?,
                _ => None,
            },
            Some(Branch::Positional) => Some(positional(value, position)?),
        };
        if let Some(value) = kept.filter(|value| *value != Bson::Undefined) {
            output.insert(name.clone(), value);
        }
    }
    for (name, branch) in &tree.children {
        let added = match branch {
            Branch::Computed(expression) if kind != Kind::Addition || !input.contains_key(name) => {
                charged(expression.eval(env)?, &mut budget)?
            }
            Branch::Nested(inner) if inner.computes() && !input.contains_key(name) => {
                Bson::Document(document(inner, kind, &Document::new(), env, position)?)
            }
            _ => continue,
        };
        if added != Bson::Undefined {
            output.insert(name.clone(), added);
        }
    }
    Ok(output)
}

fn charged(value: Bson, budget: &mut Budget) -> Result<Bson> {
    budget.take_value(&value).map(|()| value)
}

/// Arrays are entered; what is no document has no fields to choose from.
fn nested(tree: &Tree, kind: Kind, value: &Bson, env: &Env<'_>, position: Option<usize>) -> Result<Option<Bson>> {
    match value {
        Bson::Document(inner) => Ok(Some(Bson::Document(document(tree, kind, inner, env, position)?))),
        Bson::Array(items) => {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                kept.extend(nested(tree, kind, item, env, position)?);
            }
            Ok(Some(Bson::Array(kept)))
        }
        _ if tree.computes() => {
            let built = document(tree, kind, &Document::new(), env, position)?;
            Ok(Some(Bson::Document(built)))
        }
        _ if kind == Kind::Inclusion => Ok(None),
        _ => Ok(Some(value.clone())),
    }
}

/// Without a skip, a negative limit takes from the end.
fn slice(value: &Bson, skip: Option<i64>, limit: i64) -> Bson {
    let Bson::Array(items) = value else {
        return value.clone();
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |distance: i64| length.saturating_add(distance).max(0);
    let (start, count) = match skip {
        None if limit < 0 => (from_end(limit), length),
        None => (0, limit),
        Some(skip) if skip < 0 => (from_end(skip), limit),
        Some(skip) => (skip, limit),
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Bson::Array(items.iter().skip(start).take(count).cloned().collect())
}

fn elem_match(items: &[Bson], matcher: &crate::matcher::Matcher) -> Result<Option<Bson>> {
    for item in items {
        if matcher.matches_element(item)? {
            return Ok(Some(Bson::Array(vec![item.clone()])));
        }
    }
    Ok(None)
}

fn positional(value: &Bson, position: Option<usize>) -> Result<Bson> {
    let Bson::Array(items) = value else {
        return Ok(value.clone());
    };
    match position.and_then(|position| items.get(position)) {
        Some(item) => Ok(Bson::Array(vec![item.clone()])),
        None => Err(Error::new(51246, "positional operator '.$' couldn't find a matching element in the array")),
    }
}
