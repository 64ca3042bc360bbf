//! `$bitAnd`, `$bitOr`, `$bitXor`, `$bitNot`.

use bson::Bson;

use super::{
    Operator, is_nullish,
    operator::{ANY, argument},
};
use crate::error::{Error, Result};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$bitAnd", 0, ANY, |arguments| fold("$bitAnd", arguments, -1, |a, b| a & b)),
    Operator::new("$bitOr", 0, ANY, |arguments| fold("$bitOr", arguments, 0, |a, b| a | b)),
    Operator::new("$bitXor", 0, ANY, |arguments| fold("$bitXor", arguments, 0, |a, b| a ^ b)),
    Operator::new("$bitNot", 1, 1, not),
];

fn fold(name: &str, arguments: &[Bson], start: i64, apply: fn(i64, i64) -> i64) -> Result<Bson> {
    let (mut value, mut long) = (start, false);
    for argument in arguments {
        match argument {
            Bson::Null | Bson::Undefined => return Ok(Bson::Null),
            Bson::Int32(n) => value = apply(value, i64::from(*n)),
            Bson::Int64(n) => {
                long = true;
                value = apply(value, *n);
            }
            _ => return Err(Error::type_mismatch(format!("{name} only supports int and long operands."))),
        }
    }
    let narrow = i32::try_from(value).ok().filter(|_| !long);
    Ok(narrow.map_or(Bson::Int64(value), Bson::Int32))
}

fn not(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Int32(n) => Ok(Bson::Int32(!n)),
        Bson::Int64(n) => Ok(Bson::Int64(!n)),
        value if is_nullish(value) => Ok(Bson::Null),
        _ => Err(Error::new(28765, "$bitNot only supports int and long operands.")),
    }
}
