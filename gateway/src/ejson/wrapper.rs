//! The objects by which Extended JSON tells types that JSON does not have.

use bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, Uuid, oid::ObjectId,
    spec::BinarySubtype,
};

/// Why a wrapper holds no value, with MongoDB's code where there is one.
pub(super) struct Fault {
    pub message: String,
    pub code: Option<i32>,
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { message, code: None }
    }
}

/// Gives the value that the document stands for; a document that is no wrapper stays one.
pub(super) fn unwrap(document: Document) -> Result<Bson, Fault> {
    let Some((key, value)) = document.iter().next() else {
        return Ok(Bson::Document(document));
    };
    if !key.starts_with('$') || document.len() > 2 {
        return Ok(Bson::Document(document));
    }
    check_options(key, value)?;
    let lifted = match (key.as_str(), document.len()) {
        ("$binary" | "$type", 2) => legacy_binary(&document)?,
        ("$code" | "$scope", 2) => code_with_scope(&document)?,
        (_, 1) => single(key, value).map_err(|()| format!("{key} has no valid value"))?,
        _ => None,
    };
    Ok(lifted.unwrap_or(Bson::Document(document)))
}

fn single(key: &str, value: &Bson) -> Result<Option<Bson>, ()> {
    let lifted = match key {
        "$oid" => Bson::ObjectId(ObjectId::parse_str(text(value)?).map_err(drop)?),
        "$numberInt" => Bson::Int32(text(value)?.parse().map_err(drop)?),
        "$numberLong" => Bson::Int64(text(value)?.parse().map_err(drop)?),
        "$numberDouble" => Bson::Double(double(text(value)?)?),
        "$numberDecimal" => Bson::Decimal128(text(value)?.parse::<Decimal128>().map_err(drop)?),
        "$date" => Bson::DateTime(date(value)?),
        "$binary" => binary(value)?,
        "$uuid" => Bson::Binary(Uuid::parse_str(text(value)?).map_err(drop)?.into()),
        "$regularExpression" => regular_expression(value)?,
        "$timestamp" => timestamp(value)?,
        "$code" => Bson::JavaScriptCode(text(value)?.to_owned()),
        "$symbol" => Bson::Symbol(text(value)?.to_owned()),
        "$minKey" => Bson::MinKey,
        "$maxKey" => Bson::MaxKey,
        "$undefined" => Bson::Undefined,
        "$dbPointer" => db_pointer(value)?,
        _ => return Ok(None),
    };
    Ok(Some(lifted))
}

fn text(value: &Bson) -> Result<&str, ()> {
    value.as_str().ok_or(())
}

fn double(text: &str) -> Result<f64, ()> {
    match text {
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        number if number.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
            number.parse().map_err(drop)
        }
        _ => Err(()),
    }
}

fn date(value: &Bson) -> Result<DateTime, ()> {
    match value {
        Bson::Int64(millis) => Ok(DateTime::from_millis(*millis)),
        Bson::Int32(millis) => Ok(DateTime::from_millis(i64::from(*millis))),
        Bson::String(text) => super::date::parse(text).ok_or(()),
        _ => Err(()),
    }
}

fn binary(value: &Bson) -> Result<Bson, ()> {
    let parts = value.as_document().ok_or(())?;
    let base64 = parts.get_str("base64").map_err(drop)?;
    let subtype = parts.get_str("subType").map_err(drop)?;
    bytes(base64, subtype)
}

/// The first version of Extended JSON wrote `{"$binary": "…", "$type": "00"}`; `$type` alone is an operator.
fn legacy_binary(document: &Document) -> Result<Option<Bson>, String> {
    let (Ok(base64), Ok(subtype)) = (document.get_str("$binary"), document.get_str("$type")) else {
        return Ok(None);
    };
    bytes(base64, subtype).map(Some).map_err(|()| "$binary has no valid value".to_owned())
}

fn bytes(base64: &str, subtype: &str) -> Result<Bson, ()> {
    let subtype = u8::from_str_radix(subtype, 16).map_err(drop)?;
    Binary::from_base64(base64, BinarySubtype::from(subtype)).map(Bson::Binary).map_err(drop)
}

/// The driver would keep any option, and every later query that compares with it would fail.
fn check_options(key: &str, value: &Bson) -> Result<(), Fault> {
    let options = match value {
        Bson::Document(parts) if key == "$regularExpression" => parts.get_str("options").unwrap_or_default(),
        _ => return Ok(()),
    };
    match options.chars().find(|option| !"ilmsux".contains(*option)) {
        Some(option) => {
            let message = format!("{key} has the unknown option {option:?}");
            Err(Fault { message, code: Some(INVALID_REGEX_OPTION) })
        }
        None => Ok(()),
    }
}

const INVALID_REGEX_OPTION: i32 = 51108;

fn regular_expression(value: &Bson) -> Result<Bson, ()> {
    let parts = value.as_document().ok_or(())?;
    let mut options: Vec<char> = parts.get_str("options").map_err(drop)?.chars().collect();
    options.sort_unstable();
    Ok(Bson::RegularExpression(Regex {
        pattern: parts.get_str("pattern").map_err(drop)?.try_into().map_err(drop)?,
        options: options.into_iter().collect::<String>().try_into().map_err(drop)?,
    }))
}

fn timestamp(value: &Bson) -> Result<Bson, ()> {
    let parts = value.as_document().ok_or(())?;
    let part = |name| match parts.get(name) {
        Some(Bson::Int32(number)) => u32::try_from(*number).map_err(drop),
        Some(Bson::Int64(number)) => u32::try_from(*number).map_err(drop),
        _ => Err(()),
    };
    Ok(Bson::Timestamp(Timestamp { time: part("t")?, increment: part("i")? }))
}

fn code_with_scope(document: &Document) -> Result<Option<Bson>, String> {
    match (document.get("$code"), document.get("$scope")) {
        (Some(Bson::String(code)), Some(Bson::Document(scope))) => {
            Ok(Some(Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: code.clone(), scope: scope.clone() })))
        }
        (Some(_), Some(_)) => Err("$code has no valid value".to_owned()),
        _ => Ok(None),
    }
}

/// The type has no public constructor; its own JSON form is the way to it.
fn db_pointer(value: &Bson) -> Result<Bson, ()> {
    let parts = value.as_document().ok_or(())?;
    let id = parts.get_object_id("$id").map_err(drop)?;
    let wrapped = serde_json::json!({"$dbPointer": {"$ref": parts.get_str("$ref").map_err(drop)?, "$id": {"$oid": id.to_hex()}}});
    Bson::try_from(wrapped).map_err(drop)
}
