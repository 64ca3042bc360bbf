//! Card data has no place here (PCI DSS 3.3 and 3.4): numbers are refused wherever they stand, and fields for the code on a card's back by their name.

mod number;

use serde_json::Value;

use super::value::escape;
use crate::{Doc, Error, Result, Violation};

/// What stands in the place of a number that was taken out.
pub const REMOVED: &str = "[card number removed]";

/// Refuses a body that holds card data in any value or name, at any depth.
pub fn refuse(body: &Doc) -> Result<()> {
    let mut violations = Vec::new();
    visit_object(body, "", &mut violations);
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// Whether the text holds a number that looks like a payment card's.
pub fn has_card_number(text: &str) -> bool {
    number::find(text).is_some()
}

/// The text without its card numbers, if it holds any.
pub fn without_card_numbers(text: &str) -> Option<String> {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(found) = number::find(rest) {
        kept.push_str(rest.get(..found.start).unwrap_or_default());
        kept.push_str(REMOVED);
        rest = rest.get(found.end..).unwrap_or_default();
    }
    (rest.len() < text.len()).then(|| kept + rest)
}

/// Takes card data out of a value, in names too; answers whether there was any.
pub fn redact(value: &mut Value) -> bool {
    match value {
        Value::String(text) => without_card_numbers(text).map(|kept| *text = kept).is_some(),
        Value::Number(_) if holds(value) => {
            *value = REMOVED.into();
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(item) | any),
        Value::Object(object) => {
            let before = object.len();
            object.retain(|name, _| !names_card_code(name) && !has_card_number(name));
            let is_less = object.len() < before;
            object.values_mut().fold(is_less, |any, item| redact(item) | any)
        }
        _ => false,
    }
}

/// Whether a field of this name is one for the code on a card's back, which nobody may keep, encrypted or not.
pub fn names_card_code(name: &str) -> bool {
    let plain = plain(name);
    let parts = ["cvv", "cvc", "cvn2", "cav2", "cardsecurity", "cardverification"];
    parts.iter().any(|part| plain.contains(part)) || matches!(plain.as_str(), "csc" | "cvn" | "cvd" | "ccv")
}

/// Whether a name is that of anything that must not be kept of a payment card: too wide for what others have named.
pub fn is_card_name(name: &str) -> bool {
    let plain = plain(name);
    let parts = ["cardnumber", "cardno", "cardcode", "securitycode"];
    names_card_code(name) || parts.iter().any(|part| plain.contains(part)) || matches!(plain.as_str(), "cid" | "pan")
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a value holds card data, in names too.
pub fn holds(value: &Value) -> bool {
    let mut violations = Vec::new();
    visit(value, "", &mut violations);
    !violations.is_empty()
}

fn visit(value: &Value, pointer: &str, violations: &mut Vec<Violation>) {
    match value {
        Value::String(text) if has_card_number(text) => violations.push(number_at(pointer.to_owned())),
        Value::Number(number) if has_card_number(&number.to_string()) => violations.push(number_at(pointer.to_owned())),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                visit(item, &format!("{pointer}/{at}"), violations);
            }
        }
        Value::Object(object) => visit_object(object, pointer, violations),
        _ => {}
    }
}

fn visit_object(object: &Doc, place: &str, violations: &mut Vec<Violation>) {
    for (name, value) in object {
        let pointer = format!("{place}/{}", escape(name));
        if names_card_code(name) {
            violations.push(Violation::at(pointer, "card-code", "The security code of a card is not kept here."));
        } else if has_card_number(name) {
            // The place would tell the number.
            violations.push(number_at(place.to_owned()));
        } else {
            visit(value, &pointer, violations);
        }
    }
}

fn number_at(pointer: String) -> Violation {
    Violation::at(pointer, "card-number", "Card numbers are not kept here.")
}

#[cfg(test)]
mod tests;
