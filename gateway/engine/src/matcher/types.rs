//! BSON types by number and by name.

use bson::Bson;

use crate::{
    error::{Error, Result},
    number::Number,
};

const NAMES: [(&str, i32); 21] = [
    ("double", 1),
    ("string", 2),
    ("object", 3),
    ("array", 4),
    ("binData", 5),
    ("undefined", 6),
    ("objectId", 7),
    ("bool", 8),
    ("date", 9),
    ("null", 10),
    ("regex", 11),
    ("dbPointer", 12),
    ("javascript", 13),
    ("symbol", 14),
    ("javascriptWithScope", 15),
    ("int", 16),
    ("timestamp", 17),
    ("long", 18),
    ("decimal", 19),
    ("minKey", -1),
    ("maxKey", 127),
];

/// The codes that "number" stands for.
pub const NUMBERS: [i32; 4] = [1, 16, 18, 19];

/// The name that `$type` gives to a value.
pub fn alias(value: &Bson) -> &'static str {
    let code = i32::from(value.element_type() as i8);
    NAMES.iter().find(|(_, number)| *number == code).map_or("missing", |(name, _)| name)
}

pub fn by_name(name: &str) -> Option<Vec<i32>> {
    if name == "number" {
        return Some(NUMBERS.to_vec());
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| vec![*code])
}

/// The operand of `$type`: a name, a number, or an array of them.
pub fn parse(operand: &Bson) -> Result<Vec<i32>> {
    let Bson::Array(items) = operand else {
        return parse_one(operand);
    };
    if items.is_empty() {
        return Err(Error::parse("$type must match at least one type"));
    }
    let codes: Result<Vec<Vec<i32>>> = items.iter().map(parse_one).collect();
    Ok(codes?.concat())
}

fn parse_one(operand: &Bson) -> Result<Vec<i32>> {
    if let Bson::String(name) = operand {
        return by_name(name).ok_or_else(|| Error::bad_value("unknown type name alias for $type"));
    }
    let Some(number) = Number::from_bson(operand) else {
        return Err(Error::type_mismatch("type must be represented as a number or a string"));
    };
    let code = number.to_i64_exact().and_then(|code| i32::try_from(code).ok());
    match code {
        Some(code) if NAMES.iter().any(|(_, known)| *known == code) => Ok(vec![code]),
        _ => Err(Error::bad_value("invalid numerical type code for $type")),
    }
}
