//! `$addToSet`, `$pull`, `$pullAll` and `$pop`.

use bson::{Bson, Document};

use super::leaf::Change;
use crate::{
    error::{Error, Result},
    matcher::Matcher,
    number::Number,
    order::equal,
};

/// What `$pull` removes.
#[derive(Debug)]
pub(crate) enum Pull {
    Value(Bson),
    /// Elements that satisfy operators, as the value of a field would.
    Elements(Matcher),
    /// Documents that satisfy a filter.
    Documents(Matcher),
}

pub fn parse_add_to_set(value: &Bson) -> Result<Vec<Bson>> {
    let Bson::Document(document) = value else {
        return Ok(vec![value.clone()]);
    };
    let Some(each) = document.get("$each").filter(|_| document.keys().next().is_some_and(|name| name == "$each")) else {
        return Ok(vec![value.clone()]);
    };
    let Bson::Array(values) = each else {
        return Err(Error::type_mismatch("The argument to $each in $addToSet must be an array"));
    };
    if let Some(other) = document.keys().find(|name| *name != "$each") {
        return Err(Error::bad_value(format!("Found unexpected fields after $each in $addToSet: {other}")));
    }
    Ok(values.clone())
}

pub fn add_to_set(values: &[Bson], old: Option<&Bson>) -> Result<Change> {
    let mut items = match old {
        None => Vec::new(),
        Some(Bson::Array(items)) => items.clone(),
        Some(_) => return Err(Error::bad_value("Cannot apply $addToSet to non-array field")),
    };
    for value in values {
        if !items.iter().any(|item| equal(item, value)) {
            items.push(value.clone());
        }
    }
    Ok(Change::Set(Bson::Array(items)))
}

pub fn parse_pull(value: &Bson) -> Result<Pull> {
    match value {
        Bson::Document(condition) if !by_operators(condition) => Ok(Pull::Documents(Matcher::parse_element(condition)?)),
        Bson::Document(_) | Bson::RegularExpression(_) => Ok(Pull::Elements(Matcher::parse(&bson::doc! {"": value.clone()})?)),
        _ => Ok(Pull::Value(value.clone())),
    }
}

fn by_operators(condition: &Document) -> bool {
    condition.keys().next().is_some_and(|name| name.starts_with('$') && !matches!(name.as_str(), "$and" | "$or" | "$nor"))
}

impl Pull {
    pub fn change(&self, old: Option<&Bson>) -> Result<Change> {
        let items = match old {
            None => return Ok(Change::Keep),
            Some(Bson::Array(items)) => items,
            Some(_) => return Err(Error::bad_value("Cannot apply $pull to a non-array value")),
        };
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            if !self.takes(item)? {
                kept.push(item.clone());
            }
        }
        Ok(Change::Set(Bson::Array(kept)))
    }

    fn takes(&self, item: &Bson) -> Result<bool> {
        match self {
            Pull::Value(value) => Ok(equal(value, item)),
            Pull::Elements(matcher) => matcher.matches(&bson::doc! {"": item.clone()}),
            Pull::Documents(matcher) => matcher.matches_element(item),
        }
    }
}

pub fn parse_pull_all(value: &Bson) -> Result<Vec<Bson>> {
    value.as_array().cloned().ok_or_else(|| Error::bad_value("$pullAll requires an array argument"))
}

pub fn pull_all(values: &[Bson], old: Option<&Bson>) -> Result<Change> {
    match old {
        None => Ok(Change::Keep),
        Some(Bson::Array(items)) => {
            let kept = items.iter().filter(|item| !values.iter().any(|value| equal(value, item)));
            Ok(Change::Set(Bson::Array(kept.cloned().collect())))
        }
        Some(_) => Err(Error::bad_value("Cannot apply $pullAll to a non-array value")),
    }
}

/// Whether the first is taken rather than the last.
pub fn parse_pop(value: &Bson) -> Result<bool> {
    match Number::from_bson(value).and_then(Number::to_i64_exact) {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(Error::parse("$pop expects 1 or -1")),
    }
}

pub fn pop(first: bool, old: Option<&Bson>) -> Result<Change> {
    match old {
        None => Ok(Change::Keep),
        Some(Bson::Array(items)) => {
            let mut rest = items.clone();
            if first && !rest.is_empty() {
                rest.remove(0);
            } else {
                rest.pop();
            }
            Ok(Change::Set(Bson::Array(rest)))
        }
        Some(_) => Err(Error::type_mismatch("Path of $pop contains an element of non-array type")),
    }
}
