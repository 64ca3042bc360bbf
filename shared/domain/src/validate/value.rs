//! Checks one value against the kind of its field.

use crate::json;
use serde_json::Value;

use super::{card, fallback_value};
use crate::entity::Field;
use crate::money::{self, MINOR_MAX};
use crate::{Doc, Kind, Time, Violation, entities, id, phone};

/// The value in its normal form; what is wrong with it is added to the violations.
pub fn check(kind: &Kind, value: Value, pointer: &str, violations: &mut Vec<Violation>) -> Value {
    let found = match (kind, value) {
        (Kind::Text(max), Value::String(text)) => check_text(*max, text),
        (Kind::Email, Value::String(text)) => check_email(&text),
        (Kind::Phone, Value::String(text)) => check_phone(&text),
        (Kind::FileUrl, Value::String(text)) => check_file_url(text),
        (Kind::Url, Value::String(text)) => check_url(text),
        (Kind::Number, Value::Number(number)) => check_number(&number),
        (Kind::Integer(min, max), Value::Number(number)) => match number.as_i64() {
            Some(whole) if (*min..=*max).contains(&whole) => Ok(whole.into()),
            _ => Err(("out-of-range", format!("Expected a whole number from {min} to {max}."))),
        },
        (Kind::Flag, value @ Value::Bool(_)) => Ok(value),
        (Kind::Date, Value::String(text)) => match Time::parse(&text) {
            Some(time) => Ok(time.into()),
            None => Err(("bad-date", "Expected an RFC 3339 time such as 2026-11-20T09:00:00Z.".to_owned())),
        },
        (Kind::Choice(words), Value::String(word)) => match words.contains(&word.as_str()) {
            true => Ok(word.into()),
            false => Err(("not-a-choice", format!("Expected one of: {}.", words.join(", ")))),
        },
        (Kind::Reference(entity), Value::String(text)) => check_reference(entity, text),
        (Kind::Opaque(max_bytes), value) => check_opaque(*max_bytes, value),
        (Kind::Money, Value::Object(money)) => return check_money(money, pointer, violations),
        (Kind::Object(fields), Value::Object(object)) => return check_object(fields, object, pointer, violations),
        (Kind::Custom, Value::Object(object)) => return check_object(&[], object, pointer, violations),
        (Kind::List(of, max), Value::Array(items)) => return check_list(of, *max, items, pointer, violations),
        (kind, _) => Err(("wrong-type", format!("Expected {}.", name_of(kind)))),
    };
    found.unwrap_or_else(|(code, detail)| {
        violations.push(Violation::at(pointer.to_owned(), code, detail));
        Value::Null
    })
}

/// Dates of the kind become dates of Extended JSON.
pub fn ejson(kind: &Kind, value: &Value) -> Value {
    match (kind, value) {
        (Kind::Date, Value::String(text)) => json!({ "$date": text }),
        (Kind::List(of, _), Value::Array(items)) => items.iter().map(|item| ejson(of, item)).collect(),
        (Kind::Object(fields), Value::Object(object)) => {
            let typed = object.iter().map(|(name, value)| {
                let field = fields.iter().find(|field| field.name == name);
                (name.clone(), field.map_or_else(|| value.clone(), |field| ejson(&field.kind, value)))
            });
            Value::Object(typed.collect())
        }
        _ => value.clone(),
    }
}

/// A merge patch (RFC 7396) applied to a value.
pub fn merge_patch(target: Option<Value>, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut object = match target {
        Some(Value::Object(object)) => object,
        _ => Doc::new(),
    };
    for (name, part) in patch {
        if part.is_null() {
            object.remove(&name);
        } else {
            let merged = merge_patch(object.remove(&name), part);
            object.insert(name, merged);
        }
    }
    Value::Object(object)
}

/// Whether a text can be an e-mail address: the practical subset of RFC 5321 that mail services take.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let word = |part: &str, extra: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || extra.contains(letter))
    };
    let label = |label: &str| label.len() <= 63 && word(label, "-") && !label.starts_with('-') && !label.ends_with('-');
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(|atom| word(atom, "!#$%&'*+/=?^_`{|}~-"))
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// A name as a step of a JSON pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

const URL_LEN_MAX: usize = 2_000;

type Checked = Result<Value, (&'static str, String)>;

fn check_text(max: usize, text: String) -> Checked {
    if text.chars().count() > max {
        return Err(("too-long", format!("Expected at most {max} characters.")));
    }
    if text.trim().is_empty() {
        return Err(("empty", "Expected some text.".to_owned()));
    }
    if text.contains('\0') {
        return Err(("bad-character", "Text cannot hold the character U+0000.".to_owned()));
    }
    if card::has_card_number(&text) {
        return Err(card_number());
    }
    Ok(text.into())
}

fn card_number() -> (&'static str, String) {
    ("card-number", "Card numbers are not kept here.".to_owned())
}

fn check_email(text: &str) -> Checked {
    let email = text.trim().to_lowercase();
    if card::has_card_number(&email) {
        return Err(card_number());
    }
    if is_email(&email) { Ok(email.into()) } else { Err(("bad-email", "Expected an e-mail address.".to_owned())) }
}

fn check_phone(text: &str) -> Checked {
    let number = phone::normal(text, None);
    number.map(Value::from).ok_or_else(|| ("bad-phone", "Expected a telephone number such as +44 20 7946 0018.".to_owned()))
}

/// Whole numbers up to here are exact in every JSON reader, and numbers are kept as whole ones where they are.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

fn check_number(number: &serde_json::Number) -> Checked {
    if card::has_card_number(&number.to_string()) {
        return Err(card_number());
    }
    match (number.as_i64(), number.as_f64()) {
        (_, Some(value)) if value.abs() > EXACT_MAX => {
            Err(("out-of-range", format!("Expected a number from -{EXACT_MAX} to {EXACT_MAX}.")))
        }
        (Some(whole), _) => Ok(whole.into()),
        (None, Some(value)) if value.fract() == 0.0 => Ok((value as i64).into()),
        (None, _) => Ok(number.clone().into()),
    }
}

/// What stands behind the scheme of a URL.
fn is_url_rest(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    !host.is_empty()
        && host.bytes().all(is_host)
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

fn check_url(text: String) -> Checked {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if card::has_card_number(&text) {
        return Err(("card-number", "Card numbers are not kept here.".to_owned()));
    }
    match rest.is_some_and(is_url_rest) && text.len() <= URL_LEN_MAX {
        true => Ok(text.into()),
        false => Err(("bad-url", format!("Expected an http or https URL of at most {URL_LEN_MAX} characters."))),
    }
}

/// Whoever follows a link of another scheme might run a script, or send what they read in the clear.
fn check_file_url(text: String) -> Checked {
    let is_key = |key: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()/".contains(&byte);
        key.bytes().all(is_plain) && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
    };
    if card::has_card_number(&text) {
        return Err(card_number());
    }
    match text.strip_prefix("https://").map_or_else(|| is_key(&text), is_url_rest) {
        true if text.len() <= URL_LEN_MAX => Ok(text.into()),
        _ => Err(("bad-url", format!("Expected an https URL or the key of an object, of at most {URL_LEN_MAX} characters."))),
    }
}

fn check_reference(entity: &str, text: String) -> Checked {
    let prefix = entities::by_name(entity).map_or("", |entity| entity.prefix);
    match id::is(prefix, &text) {
        true => Ok(text.into()),
        false => Err(("bad-id", format!("Expected the id of a {entity}: {prefix}_ and 26 characters."))),
    }
}

/// To the database a name that starts with `$` is an operator or a type (Extended JSON), and U+0000 ends a name.
fn check_opaque(max_bytes: usize, value: Value) -> Checked {
    if value.to_string().len() > max_bytes {
        return Err(("too-long", format!("Expected at most {max_bytes} bytes of JSON.")));
    }
    if card::holds(&value) {
        return Err(card_number());
    }
    match has_bad_name(&value) {
        true => Err(("bad-name", "A name cannot start with $ or hold the character U+0000.".to_owned())),
        false => Ok(value),
    }
}

fn has_bad_name(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.iter().any(|(name, value)| name.starts_with('$') || name.contains('\0') || has_bad_name(value))
        }
        Value::Array(items) => items.iter().any(has_bad_name),
        _ => false,
    }
}

fn check_money(money: Doc, pointer: &str, violations: &mut Vec<Violation>) -> Value {
    let mut wrong =
        |name: &str, code, detail: String| violations.push(Violation::at(format!("{pointer}/{}", escape(name)), code, detail));
    for name in money.keys().filter(|name| !matches!(name.as_str(), "minor" | "currency")) {
        wrong(name, "unknown-field", "There is no such field.".to_owned());
    }
    let minor = money.get("minor").and_then(Value::as_i64).filter(|minor| (0..=MINOR_MAX).contains(minor));
    if minor.is_none() {
        wrong("minor", "out-of-range", format!("Expected whole minor units from 0 to {MINOR_MAX}."));
    }
    let currency = money.get("currency").and_then(Value::as_str).filter(|code| money::exponent(code).is_some());
    if currency.is_none() {
        wrong("currency", "bad-currency", "Expected an ISO 4217 code such as EUR.".to_owned());
    }
    json!({ "minor": minor, "currency": currency })
}

fn check_object(fields: &[Field], mut object: Doc, pointer: &str, violations: &mut Vec<Violation>) -> Value {
    let mut checked = Doc::new();
    for field in fields {
        let pointer = format!("{pointer}/{}", field.name);
        match object.remove(field.name).filter(|value| !value.is_null()) {
            Some(value) => {
                checked.insert(field.name.to_owned(), check(&field.kind, value, &pointer, violations));
            }
            None if field.required => violations.push(Violation::at(pointer, "required", "This field is required.")),
            None => drop(field.default.map(|fallback| checked.insert(field.name.to_owned(), fallback_value(fallback)))),
        }
    }
    for name in object.keys().filter(|name| !fields.iter().any(|field| field.name == *name)) {
        violations.push(Violation::at(format!("{pointer}/{}", escape(name)), "unknown-field", "There is no such field."));
    }
    Value::Object(checked)
}

fn check_list(of: &Kind, max: usize, items: Vec<Value>, pointer: &str, violations: &mut Vec<Violation>) -> Value {
    if items.len() > max {
        violations.push(Violation::at(pointer.to_owned(), "too-many", format!("Expected at most {max} items.")));
        return Value::Null;
    }
    let items = items.into_iter().enumerate();
    items.map(|(at, item)| check(of, item, &format!("{pointer}/{at}"), violations)).collect()
}

fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) | Kind::Choice(_) | Kind::Reference(_) | Kind::Email | Kind::Phone | Kind::FileUrl | Kind::Url => "text",
        Kind::Integer(..) => "a whole number",
        Kind::Number => "a number",
        Kind::Flag => "true or false",
        Kind::Date => "an RFC 3339 time as text",
        Kind::Money => "an object with minor and currency",
        Kind::List(..) => "a list",
        Kind::Object(_) | Kind::Custom => "an object",
        Kind::Opaque(_) => "JSON",
    }
}
