//! Contacts: their name is unique in the organisation.

use super::{Books, invalid, lists, not_found, records};
use crate::clock::dotnet;
use crate::wire::{Call, Reply};
use crate::world::{Ids, World};
use http::Method;
use serde_json::{Value, json};

const FIELDS: &[&str] = &[
    "ContactID",
    "ContactNumber",
    "AccountNumber",
    "Name",
    "FirstName",
    "LastName",
    "EmailAddress",
    "Phones",
    "Addresses",
    "DefaultCurrency",
    "TaxNumber",
];
const LENGTHS: &[(&str, usize)] =
    &[("Name", 255), ("ContactNumber", 50), ("EmailAddress", 255), ("FirstName", 255), ("LastName", 255)];

const TAKEN: &str =
    "The contact name is already assigned to another contact. The contact name must be unique across all active contacts.";

pub(crate) fn answer(world: &mut World, call: &Call, books: usize, rest: &[&str]) -> Reply {
    let now_ms = world.clock.now_ms();
    let xero = &mut world.xero;
    let Some(books) = xero.books.get_mut(books) else {
        return not_found();
    };
    match (&call.method, rest) {
        (&Method::GET, []) => lists::answer(call, "Contacts", "ContactID", "ContactNumber", &books.contacts),
        (&Method::GET, [id]) => match position(books, &json!({"ContactID": id})).and_then(|at| books.contacts.get(at)) {
            Some(contact) => Reply::json(200, &json!({"Contacts": [contact]})),
            None => not_found(),
        },
        (&Method::PUT | &Method::POST, []) => write(books, &mut xero.ids, call, None, now_ms),
        (&Method::POST, [id]) => write(books, &mut xero.ids, call, Some(id), now_ms),
        _ => Reply::empty(405),
    }
}

fn write(books: &mut Books, ids: &mut Ids, call: &Call, id: Option<&str>, now_ms: i64) -> Reply {
    let inputs = match records(call, "Contacts") {
        Ok(inputs) => inputs,
        Err(reply) => return reply,
    };
    let mut written = Vec::new();
    for mut input in inputs {
        if let Some((fields, id)) = input.as_object_mut().zip(id) {
            fields.insert("ContactID".into(), id.into());
        }
        let existing = position(books, &input);
        if existing.is_none() && input.get("ContactID").is_some() {
            return not_found();
        }
        if call.method == Method::PUT && existing.is_some() {
            let message = TAKEN.to_owned();
            return invalid(&[message], Some(&input));
        }
        let wrong = check(books, &input, existing);
        if !wrong.is_empty() {
            return invalid(&wrong, Some(&input));
        }
        written.push(put(books, ids, input, existing, now_ms));
    }
    Reply::json(200, &json!({"Status": "OK", "Contacts": written}))
}

/// The contact that an input means: by id, else by our number, else by a name that has no other number.
fn position(books: &Books, input: &Value) -> Option<usize> {
    let by = |field: &str| {
        let wanted = input.get(field)?;
        books.contacts.iter().position(|contact| contact.get(field) == Some(wanted))
    };
    if input.get("ContactID").is_some() {
        return by("ContactID");
    }
    let is_unnumbered = |at: &usize| {
        let number = books.contacts.get(*at).and_then(|contact| contact.get("ContactNumber"));
        number.is_none() || input.get("ContactNumber").is_none()
    };
    by("ContactNumber").or_else(|| by("Name").filter(is_unnumbered))
}

fn check(books: &Books, input: &Value, existing: Option<usize>) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    for name in input.as_object().into_iter().flatten().map(|(name, _)| name).filter(|name| !FIELDS.contains(&name.as_str())) {
        wrong.push(format!("{name} is not a field of Contacts"));
    }
    if existing.is_none() && text("Name").unwrap_or("").trim().is_empty() {
        wrong.push("The contact name must be specified.".into());
    }
    for (name, limit) in LENGTHS {
        if text(name).is_some_and(|text| text.chars().count() > *limit) {
            wrong.push(format!("{name} must not be longer than {limit} characters"));
        }
    }
    if text("EmailAddress").is_some_and(|address| !address.is_empty() && !address.contains('@')) {
        wrong.push("Email address must be valid.".into());
    }
    let is_taken = |(at, contact): (usize, &Value)| {
        Some(at) != existing && text("Name").is_some() && contact.get("Name").and_then(Value::as_str) == text("Name")
    };
    if books.contacts.iter().enumerate().any(is_taken) {
        wrong.push(TAKEN.into());
    }
    wrong
}

fn put(books: &mut Books, ids: &mut Ids, input: Value, existing: Option<usize>, now_ms: i64) -> Value {
    let before = existing.and_then(|at| books.contacts.get(at)).cloned();
    let mut contact = before.unwrap_or_else(|| json!({"ContactID": ids.guid(), "ContactStatus": "ACTIVE"}));
    if let Some((fields, input)) = contact.as_object_mut().zip(input.as_object()) {
        for (name, value) in input {
            fields.insert(name.clone(), value.clone());
        }
        fields.insert("UpdatedDateUTC".into(), dotnet(now_ms).into());
    }
    match existing.and_then(|at| books.contacts.get_mut(at)) {
        Some(place) => place.clone_from(&contact),
        None => books.contacts.push(contact.clone()),
    }
    contact
}
