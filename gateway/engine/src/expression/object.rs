//! Documents, types and sizes.

use bson::{Bson, Document, doc};

use super::{
    Operator, hashed, is_nullish,
    named::Arguments,
    operator::{ANY, argument},
    type_name,
};
use crate::{
    budget::Budget,
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$mergeObjects", 0, ANY, merge),
    Operator::new("$objectToArray", 1, 1, to_array),
    Operator::new("$arrayToObject", 1, 1, from_array),
    Operator::named("$getField", &GET_FIELD, get_field),
    Operator::named("$setField", &SET_FIELD, set_field),
    Operator::named("$unsetField", &UNSET_FIELD, unset_field),
    Operator::new("$type", 1, 1, |arguments| Ok(Bson::String(type_name(argument(arguments, 0)).to_owned()))),
    Operator::new("$isNumber", 1, 1, |arguments| Ok(Bson::Boolean(Number::from_bson(argument(arguments, 0)).is_some()))),
    Operator::new("$binarySize", 1, 1, binary_size),
    Operator::new("$bsonSize", 1, 1, bson_size),
    Operator::new("$toHashedIndexKey", 1, 1, |arguments| hashed::hash(argument(arguments, 0)).map(Bson::Int64)),
    Operator::new("$tsSecond", 1, 1, |arguments| timestamp("$tsSecond", arguments, |at| at.time)),
    Operator::new("$tsIncrement", 1, 1, |arguments| timestamp("$tsIncrement", arguments, |at| at.increment)),
];

const GET_FIELD: Arguments = Arguments {
    required: &["field", "input"],
    optional: &[],
    not_an_object: 3041701,
    unknown: 3041701,
    missing: 3041702,
    alone: Some("field"),
};

const SET_FIELD: Arguments = Arguments {
    required: &["field", "input", "value"],
    optional: &[],
    not_an_object: 4161100,
    unknown: 4161101,
    missing: 4161102,
    alone: None,
};

const UNSET_FIELD: Arguments = Arguments { required: &["field", "input"], ..SET_FIELD };

fn merge(arguments: &[Bson]) -> Result<Bson> {
    let items = match arguments {
        [Bson::Array(items)] => items.as_slice(),
        _ => arguments,
    };
    let mut merged = Document::new();
    for item in items {
        match item {
            Bson::Document(document) => merged.extend(document.clone()),
            Bson::Null | Bson::Undefined => {}
            other => {
                return Err(Error::new(
                    40400,
                    format!("$mergeObjects requires object inputs, but input is of type {}", type_name(other)),
                ));
            }
        }
    }
    Ok(Bson::Document(merged))
}

fn to_array(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Document(document) => {
            let mut budget = Budget::operator("$objectToArray");
            let pair = |(name, value): (&String, &Bson)| {
                let pair = Bson::Document(doc! {"k": name.as_str(), "v": value.clone()});
                budget.take_item(&pair)?;
                Ok(pair)
            };
            document.iter().map(pair).collect::<Result<Vec<Bson>>>().map(Bson::Array)
        }
        value if is_nullish(value) => Ok(Bson::Null),
        other => Err(Error::new(40390, format!("$objectToArray requires a document input, found: {}", type_name(other)))),
    }
}

fn inconsistent(code: i32, first: &str) -> Error {
    let rule = "$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects";
    Error::new(code, format!("{rule}; the first is an {first}"))
}

fn from_array(arguments: &[Bson]) -> Result<Bson> {
    let items = match argument(arguments, 0) {
        Bson::Array(items) => items,
        value if is_nullish(value) => return Ok(Bson::Null),
        other => return Err(Error::new(40386, format!("$arrayToObject requires an array input, found: {}", type_name(other)))),
    };
    let mut document = Document::new();
    for item in items {
        match (items.first(), item) {
            (Some(Bson::Array(_)), Bson::Array(_)) | (Some(Bson::Document(_)), Bson::Document(_)) => {}
            (Some(Bson::Array(_)), _) => return Err(inconsistent(40396, "array")),
            (Some(Bson::Document(_)), _) => return Err(inconsistent(40391, "object")),
            _ => return Err(Error::new(40398, "Unrecognised input type format for $arrayToObject")),
        }
        let (name, value) = match item {
            Bson::Array(pair) => match pair.as_slice() {
                [Bson::String(name), value] => (name, value),
                [_, _] => {
                    return Err(Error::new(
                        40395,
                        "$arrayToObject requires an array of key-value pairs, where the key must be of type string",
                    ));
                }
                _ => return Err(Error::new(40397, "$arrayToObject requires an array of size 2 arrays")),
            },
            Bson::Document(pair) if pair.len() != 2 => {
                return Err(Error::new(40392, "$arrayToObject requires an object keys of 'k' and 'v'"));
            }
            Bson::Document(pair) => match (pair.get("k"), pair.get("v")) {
                (Some(Bson::String(name)), Some(value)) => (name, value),
                (Some(_), Some(_)) => {
                    return Err(Error::new(
                        40394,
                        "$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string",
                    ));
                }
                _ => return Err(Error::new(40393, "$arrayToObject requires an object with keys 'k' and 'v'")),
            },
            _ => return Err(Error::new(40398, "Unrecognised input type format for $arrayToObject")),
        };
        if name.contains('\0') {
            return Err(Error::new(4940400, "Key field cannot contain an embedded null byte"));
        }
        document.insert(name.clone(), value.clone());
    }
    Ok(Bson::Document(document))
}

fn field_name(value: &Bson, code: i32) -> Result<&str> {
    value.as_str().ok_or_else(|| Error::new(code, format!("the argument 'field' must be a string, but is {}", type_name(value))))
}

/// Without an input, the operator's parser puts the document there.
fn get_field(arguments: &[Bson]) -> Result<Bson> {
    let name = field_name(argument(arguments, 0), 5654602)?;
    Ok(match argument(arguments, 1) {
        Bson::Document(document) => document.get(name).cloned().unwrap_or(Bson::Undefined),
        Bson::Null => Bson::Null,
        _ => Bson::Undefined,
    })
}

fn set_field(arguments: &[Bson]) -> Result<Bson> {
    let name = field_name(argument(arguments, 0), 4161107)?;
    let mut document = match argument(arguments, 1) {
        Bson::Document(document) => document.clone(),
        value if is_nullish(value) => return Ok(Bson::Null),
        _ => return Err(Error::new(4161105, "$setField requires 'input' to evaluate to type Object")),
    };
    match argument(arguments, 2) {
        Bson::Undefined => document.remove(name),
        value => document.insert(name, value.clone()),
    };
    Ok(Bson::Document(document))
}

fn unset_field(arguments: &[Bson]) -> Result<Bson> {
    set_field(&[argument(arguments, 0).clone(), argument(arguments, 1).clone(), Bson::Undefined])
}

fn length(bytes: usize) -> Bson {
    Bson::Int32(i32::try_from(bytes).unwrap_or(i32::MAX))
}

fn binary_size(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::String(text) => Ok(length(text.len())),
        Bson::Binary(binary) => Ok(length(binary.bytes.len())),
        value if is_nullish(value) => Ok(Bson::Null),
        other => {
            Err(Error::new(51276, format!("$binarySize requires a string or BinData argument, found: {}", type_name(other))))
        }
    }
}

fn bson_size(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Document(document) => Ok(length(document.to_vec()?.len())),
        value if is_nullish(value) => Ok(Bson::Null),
        other => Err(Error::new(31393, format!("$bsonSize requires a document input, found: {}", type_name(other)))),
    }
}

fn timestamp(name: &str, arguments: &[Bson], part: fn(&bson::Timestamp) -> u32) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Timestamp(at) => Ok(Bson::Int64(i64::from(part(at)))),
        value if is_nullish(value) => Ok(Bson::Null),
        other => Err(Error::new(5687301, format!("Argument to {name} must be a timestamp, but is {}", type_name(other)))),
    }
}
