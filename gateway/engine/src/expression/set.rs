//! Arrays as sets.

use bson::Bson;

use super::{
    Operator, is_nullish, is_truthy,
    operator::{ANY, argument},
    type_name,
};
use crate::{
    error::{Error, Result},
    interrupt,
    order::compare,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$setEquals", 2, ANY, equals),
    Operator::new("$setIntersection", 0, ANY, intersection),
    Operator::new("$setUnion", 0, ANY, union),
    Operator::new("$setDifference", 2, 2, difference),
    Operator::new("$setIsSubset", 2, 2, is_subset),
    Operator::new("$anyElementTrue", 1, 1, |arguments| {
        truths("$anyElementTrue", 17041, arguments, |items| items.iter().any(is_truthy))
    }),
    Operator::new("$allElementsTrue", 1, 1, |arguments| {
        truths("$allElementsTrue", 17040, arguments, |items| items.iter().all(is_truthy))
    }),
];

fn set(items: &[Bson]) -> Vec<Bson> {
    let mut sorted = items.to_vec();
    sorted.sort_by(compare);
    sorted.dedup_by(|a, b| compare(a, b).is_eq());
    sorted
}

fn has(set: &[Bson], item: &Bson) -> bool {
    set.binary_search_by(|known| compare(known, item)).is_ok()
}

fn array<'a>(name: &str, value: &'a Bson, code: i32) -> Result<&'a [Bson]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| {
        Error::new(code, format!("All operands of {name} must be arrays. One argument is of type: {}", type_name(value)))
    })
}

fn equals(arguments: &[Bson]) -> Result<Bson> {
    let sets: Result<Vec<Vec<Bson>>> = arguments.iter().map(|argument| array("$setEquals", argument, 17044).map(set)).collect();
    let sets = sets?;
    let same = |pair: &[Vec<Bson>]| match pair {
        [a, b] => a.len() == b.len() && a.iter().zip(b).all(|(x, y)| compare(x, y).is_eq()),
        _ => true,
    };
    Ok(Bson::Boolean(sets.windows(2).all(same)))
}

fn intersection(arguments: &[Bson]) -> Result<Bson> {
    let mut common: Option<Vec<Bson>> = None;
    for argument in arguments {
        if is_nullish(argument) {
            return Ok(Bson::Null);
        }
        let next = set(array("$setIntersection", argument, 17047)?);
        common = Some(match common {
            None => next,
            Some(known) => known.into_iter().filter(|item| has(&next, item)).collect(),
        });
    }
    Ok(Bson::Array(common.unwrap_or_default()))
}

fn union(arguments: &[Bson]) -> Result<Bson> {
    let mut all = Vec::new();
    for argument in arguments {
        if is_nullish(argument) {
            return Ok(Bson::Null);
        }
        all.extend_from_slice(array("$setUnion", argument, 17043)?);
    }
    Ok(Bson::Array(set(&all)))
}

fn difference(arguments: &[Bson]) -> Result<Bson> {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(left) || is_nullish(right) {
        return Ok(Bson::Null);
    }
    let left = array("$setDifference", left, 17048)?;
    let mut taken = set(array("$setDifference", right, 17049)?);
    let mut kept = Vec::new();
    for item in left {
        interrupt::check()?;
        if let Err(place) = taken.binary_search_by(|known| compare(known, item)) {
            taken.insert(place, item.clone());
            kept.push(item.clone());
        }
    }
    Ok(Bson::Array(kept))
}

fn is_subset(arguments: &[Bson]) -> Result<Bson> {
    let left = array("$setIsSubset", argument(arguments, 0), 17046)?;
    let right = set(array("$setIsSubset", argument(arguments, 1), 17042)?);
    Ok(Bson::Boolean(left.iter().all(|item| has(&right, item))))
}

fn truths(name: &str, code: i32, arguments: &[Bson], ask: fn(&[Bson]) -> bool) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Array(items) => Ok(Bson::Boolean(ask(items))),
        other => Err(Error::new(code, format!("{name}'s argument must be an array, but is {}", type_name(other)))),
    }
}
