//! Strings: joining, cases, parts, trimming, replacing.

use bson::Bson;

use super::{
    Operator, is_nullish,
    named::Arguments,
    operator::{ANY, argument},
    type_name,
};
use crate::{
    budget::{Budget, check_string},
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$concat", 0, ANY, concat),
    Operator::new("$toUpper", 1, 1, |arguments| {
        text("$toUpper", argument(arguments, 0)).map(|text| Bson::String(text.to_ascii_uppercase()))
    }),
    Operator::new("$toLower", 1, 1, |arguments| {
        text("$toLower", argument(arguments, 0)).map(|text| Bson::String(text.to_ascii_lowercase()))
    }),
    Operator::new("$strcasecmp", 2, 2, compare_folded),
    Operator::new("$substr", 3, 3, substr_bytes),
    Operator::new("$substrBytes", 3, 3, substr_bytes),
    Operator::new("$substrCP", 3, 3, substr_points),
    Operator::new("$strLenBytes", 1, 1, |arguments| length(arguments, "$strLenBytes", 34473, str::len)),
    Operator::new("$strLenCP", 1, 1, |arguments| length(arguments, "$strLenCP", 34471, |text| text.chars().count())),
    Operator::new("$split", 2, 2, split),
    Operator::named("$trim", &TRIM, |arguments| trim("$trim", arguments, true, true)),
    Operator::named("$ltrim", &TRIM, |arguments| trim("$ltrim", arguments, true, false)),
    Operator::named("$rtrim", &TRIM, |arguments| trim("$rtrim", arguments, false, true)),
    Operator::named("$replaceOne", &REPLACE, |arguments| replace("$replaceOne", arguments, Some(1))),
    Operator::named("$replaceAll", &REPLACE, |arguments| replace("$replaceAll", arguments, None)),
];

const TRIM: Arguments =
    Arguments { required: &["input"], optional: &["chars"], not_an_object: 50696, unknown: 50694, missing: 50695, alone: None };

const REPLACE: Arguments = Arguments {
    required: &["input", "find", "replacement"],
    optional: &[],
    not_an_object: 51751,
    unknown: 51750,
    missing: 51749,
    alone: None,
};

/// As the string operators coerce.
pub(super) fn text(name: &str, value: &Bson) -> Result<String> {
    Ok(match value {
        Bson::Null | Bson::Undefined => String::new(),
        Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => text.clone(),
        Bson::Int32(n) => n.to_string(),
        Bson::Int64(n) => n.to_string(),
        Bson::Double(n) => n.to_string(),
        Bson::Decimal128(n) => n.to_string(),
        Bson::DateTime(at) => super::date_format::iso(at.timestamp_millis()),
        other => return Err(Error::new(16007, format!("{name}: can't convert from BSON type {} to String", type_name(other)))),
    })
}

fn concat(arguments: &[Bson]) -> Result<Bson> {
    check_string("$concat", arguments.iter().filter_map(Bson::as_str).map(str::len).sum())?;
    let mut joined = String::new();
    for argument in arguments {
        match argument {
            Bson::String(text) => joined.push_str(text),
            Bson::Null | Bson::Undefined => return Ok(Bson::Null),
            other => return Err(Error::new(16702, format!("$concat only supports strings, not {}", type_name(other)))),
        }
    }
    Ok(Bson::String(joined))
}

fn compare_folded(arguments: &[Bson]) -> Result<Bson> {
    let left = text("$strcasecmp", argument(arguments, 0))?.to_ascii_uppercase();
    let right = text("$strcasecmp", argument(arguments, 1))?.to_ascii_uppercase();
    Ok(Bson::Int32(left.cmp(&right) as i32))
}

fn offset(value: &Bson, code: i32, what: &str) -> Result<i64> {
    Number::from_bson(value)
        .map(|number| number.to_f64().trunc() as i64)
        .ok_or_else(|| Error::new(code, format!("{what} must be a numeric type (is BSON type {})", type_name(value))))
}

fn substr_bytes(arguments: &[Bson]) -> Result<Bson> {
    let text = text("$substrBytes", argument(arguments, 0))?;
    let start = offset(argument(arguments, 1), 16034, "$substrBytes: starting index")?;
    let count = offset(argument(arguments, 2), 16035, "$substrBytes: length")?;
    let start = usize::try_from(start).map_err(|_| Error::new(50752, "$substrBytes: starting index must be non-negative"))?;
    let end = usize::try_from(count).map_or(text.len(), |count| start.saturating_add(count).min(text.len()));
    if start >= text.len() {
        return Ok(Bson::String(String::new()));
    }
    if !text.is_char_boundary(start) {
        return Err(Error::new(28656, "$substrBytes: Invalid range, starting index is in the middle of a UTF-8 character."));
    }
    text.get(start..end)
        .map(|part| Bson::String(part.to_owned()))
        .ok_or_else(|| Error::new(28657, "$substrBytes: Invalid range, ending index is in the middle of a UTF-8 character."))
}

fn substr_points(arguments: &[Bson]) -> Result<Bson> {
    let text = text("$substrCP", argument(arguments, 0))?;
    let whole = |index: usize, code: i32| {
        let value = argument(arguments, index);
        let number = Number::from_bson(value)
            .ok_or_else(|| Error::new(code, format!("$substrCP: must be a numeric type (is BSON type {})", type_name(value))))?;
        number.to_i64_exact().ok_or_else(|| Error::new(code + 1, "$substrCP: cannot be represented as a 32-bit integral value"))
    };
    let (start, count) = (whole(1, 34450)?, whole(2, 34452)?);
    let count = usize::try_from(count).map_err(|_| Error::new(34454, "$substrCP: length must be a nonnegative integer."))?;
    let start =
        usize::try_from(start).map_err(|_| Error::new(34455, "$substrCP: the starting index must be nonnegative integer."))?;
    Ok(Bson::String(text.chars().skip(start).take(count).collect()))
}

fn length(arguments: &[Bson], name: &str, code: i32, measure: fn(&str) -> usize) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::String(text) => Ok(Bson::Int32(i32::try_from(measure(text)).unwrap_or(i32::MAX))),
        other => Err(Error::new(code, format!("{name} requires a string argument, found: {}", type_name(other)))),
    }
}

fn split(arguments: &[Bson]) -> Result<Bson> {
    let (input, separator) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(input) || is_nullish(separator) {
        return Ok(Bson::Null);
    }
    let Bson::String(input) = input else {
        return Err(Error::new(
            40085,
            format!("$split requires an expression that evaluates to a string as a first argument, found: {}", type_name(input)),
        ));
    };
    let mut budget = Budget::operator("$split");
    let mut part = |part: &str| {
        let part = Bson::String(part.to_owned());
        budget.take_item(&part)?;
        Ok(part)
    };
    let parts: Result<Vec<Bson>> = match separator {
        Bson::String(separator) if separator.is_empty() => {
            return Err(Error::new(40087, "$split requires a non-empty separator"));
        }
        Bson::String(separator) => input.split(separator.as_str()).map(&mut part).collect(),
        Bson::RegularExpression(regex) => {
            let pattern = crate::matcher::Pattern::new(regex.pattern.as_str(), regex.options.as_str())?;
            pattern.regex().split(input).map(&mut part).collect()
        }
        other => {
            return Err(Error::new(
                40086,
                format!(
                    "$split requires an expression that evaluates to a string as a second argument, found: {}",
                    type_name(other)
                ),
            ));
        }
    };
    parts.map(Bson::Array)
}

fn trim(name: &str, arguments: &[Bson], left: bool, right: bool) -> Result<Bson> {
    let (input, set) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(input) || *set == Bson::Null {
        return Ok(Bson::Null);
    }
    let Bson::String(input) = input else {
        return Err(Error::new(50699, format!("{name} requires its input to be a string, got {}", type_name(input))));
    };
    let set: Option<Vec<char>> = match set {
        Bson::String(set) => Some(set.chars().collect()),
        Bson::Undefined => None,
        other => return Err(Error::new(50700, format!("{name} requires 'chars' to be a string, got {}", type_name(other)))),
    };
    let goes = |letter: char| match &set {
        Some(set) => set.contains(&letter),
        None => letter.is_whitespace() || letter == '\0',
    };
    let mut rest = input.as_str();
    if left {
        rest = rest.trim_start_matches(goes);
    }
    if right {
        rest = rest.trim_end_matches(goes);
    }
    Ok(Bson::String(rest.to_owned()))
}

fn replace(name: &'static str, arguments: &[Bson], most: Option<usize>) -> Result<Bson> {
    let part = |index: usize, code: i32, what: &str| match argument(arguments, index) {
        Bson::String(text) => Ok(Some(text.as_str())),
        value if is_nullish(value) => Ok(None),
        other => Err(Error::new(code, format!("{name} requires that '{what}' be a string, found: {}", type_name(other)))),
    };
    let (input, find, replacement) = (part(0, 51746, "input")?, part(1, 51745, "find")?, part(2, 51744, "replacement")?);
    let (Some(input), Some(find), Some(replacement)) = (input, find, replacement) else {
        return Ok(Bson::Null);
    };
    let found = input.matches(find).take(most.unwrap_or(usize::MAX)).count();
    check_string(name, input.len().saturating_add(found.saturating_mul(replacement.len())))?;
    Ok(Bson::String(match most {
        Some(most) => input.replacen(find, replacement, most),
        None => input.replace(find, replacement),
    }))
}
