//! Conversions between types.

use bson::{Binary, Bson, DateTime, oid::ObjectId, spec::BinarySubtype};

use super::{
    Operator, date_format, is_nullish, is_truthy, named::Arguments, null_if_missing, operator::argument, timezone::Zone,
    type_name,
};
use crate::{
    decimal,
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$convert", &CONVERT, convert),
    Operator::new("$toInt", 1, 1, |arguments| to_type(argument(arguments, 0), "int")),
    Operator::new("$toLong", 1, 1, |arguments| to_type(argument(arguments, 0), "long")),
    Operator::new("$toDouble", 1, 1, |arguments| to_type(argument(arguments, 0), "double")),
    Operator::new("$toDecimal", 1, 1, |arguments| to_type(argument(arguments, 0), "decimal")),
    Operator::new("$toBool", 1, 1, |arguments| to_type(argument(arguments, 0), "bool")),
    Operator::new("$toString", 1, 1, |arguments| to_type(argument(arguments, 0), "string")),
    Operator::new("$toDate", 1, 1, |arguments| to_type(argument(arguments, 0), "date")),
    Operator::new("$toObjectId", 1, 1, |arguments| to_type(argument(arguments, 0), "objectId")),
    Operator::new("$toUUID", 1, 1, |arguments| to_type(argument(arguments, 0), "binData")),
];

const CONVERT: Arguments = Arguments {
    required: &["input", "to"],
    optional: &["onError", "onNull", "format", "byteOrder", "base"],
    not_an_object: 9,
    unknown: 9,
    missing: 9,
    alone: None,
};

fn convert(arguments: &[Bson]) -> Result<Bson> {
    let value = argument(arguments, 0);
    let to = argument(arguments, 1);
    if is_nullish(value) {
        return Ok(null_if_missing(argument(arguments, 3).clone()));
    }
    let target = match to {
        Bson::Document(spec) => spec.get("type").cloned().unwrap_or(Bson::Null),
        other => other.clone(),
    };
    let name = match &target {
        Bson::String(name) => name.clone(),
        value if is_nullish(value) => return Ok(Bson::Null),
        other => name_of_code(other)?.to_owned(),
    };
    match (to_type(value, &name), argument(arguments, 2)) {
        (Err(error), on_error) if error.code == 241 && *on_error != Bson::Undefined => Ok(on_error.clone()),
        (converted, _) => converted,
    }
}

fn name_of_code(value: &Bson) -> Result<&'static str> {
    let code = Number::from_bson(value)
        .ok_or_else(|| Error::parse(format!("$convert's 'to' argument must be a string or number, but is {}", type_name(value))))?
        .to_i64_exact();
    Ok(match code {
        Some(1) => "double",
        Some(2) => "string",
        Some(5) => "binData",
        Some(7) => "objectId",
        Some(8) => "bool",
        Some(9) => "date",
        Some(16) => "int",
        Some(18) => "long",
        Some(19) => "decimal",
        _ => return Err(Error::parse("In $convert, numeric value for 'to' does not correspond to a BSON type")),
    })
}

fn failure(value: &Bson, to: &str, why: &str) -> Error {
    let from = type_name(value);
    Error::new(241, format!("Failed to convert {from} to {to} in $convert with no onError value: {why}"))
}

fn to_type(value: &Bson, to: &str) -> Result<Bson> {
    if is_nullish(value) {
        return Ok(Bson::Null);
    }
    let converted = match to {
        "int" => to_long(value, to)?
            .map(|long| i32::try_from(long).map(Bson::Int32).map_err(|_| failure(value, to, "overflow")))
            .transpose()?,
        "long" => to_long(value, to)?.map(Bson::Int64),
        "double" => to_double(value, to)?,
        "decimal" => to_decimal(value, to)?,
        "bool" => Some(Bson::Boolean(is_truthy(value))),
        "string" => to_text(value).map(Bson::String),
        "date" => to_date(value, to)?.map(|ms| Bson::DateTime(DateTime::from_millis(ms))),
        "objectId" => to_object_id(value, to)?,
        "binData" => to_uuid(value, to)?,
        _ => return Err(Error::bad_value(format!("Unknown type name: {to}"))),
    };
    converted.ok_or_else(|| failure(value, to, "Unsupported conversion"))
}

fn to_long(value: &Bson, to: &str) -> Result<Option<i64>> {
    let overflow = || failure(value, to, "Conversion would overflow target type");
    match value {
        Bson::Boolean(truth) => Ok(Some(i64::from(*truth))),
        Bson::DateTime(at) if to == "long" => Ok(Some(at.timestamp_millis())),
        Bson::String(text) => {
            let digits = text.strip_prefix('+').unwrap_or(text);
            digits.parse().map(Some).map_err(|_| failure(value, to, "Failed to parse number"))
        }
        _ => match Number::from_bson(value) {
            None => Ok(None),
            Some(number) => crate::matcher::truncated(number).map(Some).ok_or_else(overflow),
        },
    }
}

fn to_double(value: &Bson, to: &str) -> Result<Option<Bson>> {
    Ok(match value {
        Bson::Boolean(truth) => Some(Bson::Double(f64::from(u8::from(*truth)))),
        Bson::DateTime(at) => Some(Bson::Double(at.timestamp_millis() as f64)),
        Bson::String(text) => {
            let plain = !text.is_empty() && !text.contains(char::is_whitespace);
            let parsed = text.parse::<f64>().ok().filter(|_| plain);
            Some(Bson::Double(parsed.ok_or_else(|| failure(value, to, "Failed to parse number"))?))
        }
        _ => Number::from_bson(value).map(|number| Bson::Double(number.to_f64())),
    })
}

fn to_decimal(value: &Bson, to: &str) -> Result<Option<Bson>> {
    let number = match value {
        Bson::Boolean(truth) => Some(Number::Int(i32::from(*truth))),
        Bson::DateTime(at) => Some(Number::Long(at.timestamp_millis())),
        Bson::String(text) => {
            let parsed = decimal::parse(text).ok_or_else(|| failure(value, to, "Failed to parse number"))?;
            Some(Number::Decimal(parsed))
        }
        _ => Number::from_bson(value),
    };
    Ok(number.map(|number| Number::Decimal(number.to_decimal()).into_bson()))
}

fn to_text(value: &Bson) -> Option<String> {
    Some(match value {
        Bson::Boolean(truth) => truth.to_string(),
        Bson::ObjectId(id) => id.to_hex(),
        Bson::Double(n) if n.is_infinite() => if *n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Bson::Binary(binary) if binary.subtype == BinarySubtype::Uuid => {
            let hex: String = binary.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
            format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
        }
        Bson::String(_)
        | Bson::Int32(_)
        | Bson::Int64(_)
        | Bson::Double(_)
        | Bson::Decimal128(_)
        | Bson::DateTime(_)
        | Bson::Symbol(_) => {
            return super::string::text("$toString", value).ok();
        }
        _ => return None,
    })
}

fn to_date(value: &Bson, to: &str) -> Result<Option<i64>> {
    match value {
        Bson::String(text) => {
            date_format::parse_iso(text, Zone::UTC).map(Some).ok_or_else(|| failure(value, to, "Error parsing date string"))
        }
        Bson::Int32(_) => Ok(None),
        Bson::DateTime(_) | Bson::Timestamp(_) | Bson::ObjectId(_) => Ok(super::calendar::millis(value)),
        _ => match Number::from_bson(value) {
            None => Ok(None),
            Some(number) => crate::matcher::truncated(number)
                .map(Some)
                .ok_or_else(|| failure(value, to, "Conversion would overflow target type")),
        },
    }
}

fn to_object_id(value: &Bson, to: &str) -> Result<Option<Bson>> {
    match value {
        Bson::ObjectId(_) => Ok(Some(value.clone())),
        Bson::String(text) => ObjectId::parse_str(text)
            .map(|id| Some(Bson::ObjectId(id)))
            .map_err(|_| failure(value, to, "Invalid string length or digit for an ObjectId")),
        _ => Ok(None),
    }
}

fn to_uuid(value: &Bson, to: &str) -> Result<Option<Bson>> {
    match value {
        Bson::Binary(_) => Ok(Some(value.clone())),
        Bson::String(text) => {
            let hex: String = text.chars().filter(|letter| *letter != '-').collect();
            let byte = |index: usize| hex.get(index * 2..index * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let bytes: Option<Vec<u8>> = (0..16).map(byte).collect();
            let bytes = bytes.filter(|_| hex.len() == 32).ok_or_else(|| failure(value, to, "Invalid UUID string"))?;
            Ok(Some(Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes })))
        }
        _ => Ok(None),
    }
}
