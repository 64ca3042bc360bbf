//! Finding elements in arrays.

use bson::Bson;

use super::{Operator, is_nullish, operator::argument, type_name};
use crate::{
    error::{Error, Result},
    number::Number,
    order::equal,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$arrayElemAt", 2, 2, element_at),
    Operator::new("$first", 1, 1, |arguments| end("$first", arguments, 0)),
    Operator::new("$last", 1, 1, |arguments| end("$last", arguments, -1)),
    Operator::new("$in", 2, 2, contains),
    Operator::new("$indexOfArray", 2, 4, index_of),
];

fn at(items: &[Bson], index: i64) -> Bson {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let index = if index < 0 { length + index } else { index };
    usize::try_from(index).ok().and_then(|index| items.get(index)).cloned().unwrap_or(Bson::Undefined)
}

fn element_at(arguments: &[Bson]) -> Result<Bson> {
    let (array, index) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(array) || is_nullish(index) {
        return Ok(Bson::Null);
    }
    let Bson::Array(items) = array else {
        return Err(Error::new(28689, format!("$arrayElemAt's first argument must be an array, but is {}", type_name(array))));
    };
    let index = Number::from_bson(index)
        .ok_or_else(|| {
            Error::new(28690, format!("$arrayElemAt's second argument must be a numeric value, but is {}", type_name(index)))
        })?
        .to_i64_exact()
        .filter(|index| i32::try_from(*index).is_ok())
        .ok_or_else(|| Error::new(28691, "$arrayElemAt's second argument must be representable as a 32-bit integer"))?;
    Ok(at(items, index))
}

fn end(name: &str, arguments: &[Bson], index: i64) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Array(items) => Ok(at(items, index)),
        value if is_nullish(value) => Ok(Bson::Null),
        other => Err(Error::new(28689, format!("{name}'s argument must be an array, but is {}", type_name(other)))),
    }
}

fn contains(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 1) {
        Bson::Array(items) => {
            let wanted = argument(arguments, 0);
            Ok(Bson::Boolean(items.iter().any(|item| equal(item, wanted))))
        }
        other => Err(Error::new(40081, format!("$in requires an array as a second argument, found: {}", type_name(other)))),
    }
}

fn index_of(arguments: &[Bson]) -> Result<Bson> {
    let items = match argument(arguments, 0) {
        Bson::Array(items) => items,
        value if is_nullish(value) => return Ok(Bson::Null),
        other => {
            return Err(Error::new(
                40090,
                format!("$indexOfArray requires an array as a first argument, found: {}", type_name(other)),
            ));
        }
    };
    let bound = |index: usize, default: usize| match arguments.get(index) {
        None => Ok(default),
        Some(value) => bound("$indexOfArray", value),
    };
    let (start, end) = (bound(2, 0)?, bound(3, items.len())?);
    let wanted = argument(arguments, 1);
    let found = items.iter().enumerate().take(end).skip(start).find(|(_, item)| equal(item, wanted));
    Ok(Bson::Int32(found.and_then(|(index, _)| i32::try_from(index).ok()).unwrap_or(-1)))
}

/// A position that limits a search.
pub(super) fn bound(name: &str, value: &Bson) -> Result<usize> {
    let whole = Number::from_bson(value).and_then(Number::to_i64_exact).ok_or_else(|| {
        Error::new(40096, format!("{name} requires an integral index, found a value of type: {}", type_name(value)))
    })?;
    usize::try_from(whole).map_err(|_| Error::new(40097, format!("{name} requires a nonnegative index")))
}
