//! Quotes and invoices: create, change, read, list, print.

use super::amount::Amount;
use super::rules::{self, Kind, text};
use super::{Books, invalid, lists, not_found, pdf, records};
use crate::clock::{dotnet, midnight, zoneless};
use crate::wire::{Call, Reply};
use crate::world::{Ids, World};
use http::Method;
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// Fields that a change without them clears (observed by users of Xero's own tools).
const CLEARED: &[&str] = &["Reference", "Terms", "Title", "Summary", "QuoteNumber", "ExpiryDate", "LineAmountTypes"];

pub(crate) fn answer(world: &mut World, call: &Call, books: usize, kind: &Kind, rest: &[&str]) -> Reply {
    let now_ms = world.clock.now_ms();
    let xero = &mut world.xero;
    let Some(books) = xero.books.get_mut(books) else {
        return not_found();
    };
    match (&call.method, rest) {
        (&Method::GET, []) => lists::answer(call, kind.wrapper, kind.id, kind.number, all(books, kind)),
        (&Method::PUT | &Method::POST, []) => write_all(books, &mut xero.ids, call, kind, now_ms),
        (&Method::GET, [id]) if call.has_media_type("accept", "application/pdf") => print(books, kind, id),
        (&Method::GET, [id]) => match find(books, kind, id) {
            Some(record) => wrapped(kind, vec![record.clone()]),
            None => not_found(),
        },
        (&Method::POST, [id]) => write_one(books, &mut xero.ids, call, kind, id, now_ms),
        (&Method::GET, [id, "pdf"]) => {
            if call.has_media_type("accept", "application/pdf") {
                print(books, kind, id)
            } else {
                Reply::empty(406)
            }
        }
        (&Method::POST, [id, "Email"]) if kind.is_invoice => email(books, kind, id),
        (&Method::GET, [id, "OnlineInvoice"]) if kind.is_invoice => match find(books, kind, id) {
            Some(_) => Reply::json(200, &json!({"OnlineInvoices": [{"OnlineInvoiceUrl": format!("https://in.xero.com/{id}")}]})),
            None => not_found(),
        },
        _ => Reply::empty(405),
    }
}

pub(crate) fn all<'a>(books: &'a mut Books, kind: &Kind) -> &'a mut Vec<Value> {
    if kind.is_invoice { &mut books.invoices } else { &mut books.quotes }
}

/// By id or by number, as Xero finds them.
pub(crate) fn find<'a>(books: &'a mut Books, kind: &Kind, name: &str) -> Option<&'a mut Value> {
    let is_named =
        |record: &&mut Value| [kind.id, kind.number].iter().any(|field| record.get(field).is_some_and(|value| value == name));
    all(books, kind).iter_mut().find(is_named)
}

fn write_all(books: &mut Books, ids: &mut Ids, call: &Call, kind: &Kind, now_ms: i64) -> Reply {
    let inputs = match records(call, kind.wrapper) {
        Ok(inputs) => inputs,
        Err(reply) => return reply,
    };
    let is_lenient = call.query("summarizeErrors") == Some("false");
    let mut written = Vec::new();
    for input in inputs {
        let named = [kind.id, kind.number].iter().find_map(|field| input.get(field)?.as_str().map(str::to_owned));
        let existing = named.filter(|_| call.method == Method::POST).and_then(|name| find(books, kind, &name).cloned());
        let outcome = match existing {
            Some(existing) => change(books, ids, kind, &existing, &input, now_ms),
            None => create(books, ids, kind, &input, now_ms),
        };
        match outcome {
            Ok(record) => written.push(record),
            Err(wrong) if is_lenient => written.push(with_errors(input, &wrong)),
            Err(wrong) => return invalid(&wrong, Some(&input)),
        }
    }
    wrapped(kind, written)
}

fn write_one(books: &mut Books, ids: &mut Ids, call: &Call, kind: &Kind, id: &str, now_ms: i64) -> Reply {
    let Some(existing) = find(books, kind, id).cloned() else {
        return not_found();
    };
    let input = match records(call, kind.wrapper) {
        Ok(inputs) => inputs.into_iter().next().unwrap_or_default(),
        Err(reply) => return reply,
    };
    match change(books, ids, kind, &existing, &input, now_ms) {
        Ok(record) => wrapped(kind, vec![record]),
        Err(wrong) => invalid(&wrong, Some(&input)),
    }
}

fn create(books: &mut Books, ids: &mut Ids, kind: &Kind, input: &Value, now_ms: i64) -> Result<Value, Vec<String>> {
    let input = input.as_object().cloned().unwrap_or_default();
    let mut wrong = rules::check(kind, &books.organisation, &input, &input);
    let status = input.get("Status").map_or(Some("DRAFT"), Value::as_str).unwrap_or("");
    if !kind.on_create.contains(&status) {
        wrong.push(format!("A new document's Status is one of {}", kind.on_create.join(", ")));
    }
    let number = text(&input, kind.number);
    if number.is_some_and(|number| find(books, kind, number).is_some()) {
        wrong.push(format!("{} # must be unique.", kind.wrapper.trim_end_matches('s')));
    }
    let contact = contact(books, &input);
    if contact.is_none() {
        wrong.push("The Contact could not be found".into());
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut whole = input;
    whole.insert(kind.id.into(), ids.guid().into());
    whole.entry(kind.number).or_insert_with(|| format!("X-{:04}", all(books, kind).len() + 1).into());
    whole.insert("Contact".into(), contact.unwrap_or_default());
    let record = finished(whole, kind, &books.organisation.currencies, ids, now_ms);
    all(books, kind).push(record.clone());
    Ok(record)
}

fn change(
    books: &mut Books,
    ids: &mut Ids,
    kind: &Kind,
    existing: &Value,
    input: &Value,
    now_ms: i64,
) -> Result<Value, Vec<String>> {
    let before = existing.as_object().cloned().unwrap_or_default();
    let input = input.as_object().cloned().unwrap_or_default();
    let from = text(&before, "Status").unwrap_or("").to_owned();
    let to = input.get("Status").map_or(Some(from.as_str()), Value::as_str).unwrap_or("").to_owned();
    refuse_move(kind, &from, &to, &input)?;
    let mut whole = before;
    if !kind.is_invoice {
        if !input.contains_key("Contact") || !input.contains_key("Date") {
            return Err(vec!["Contact and Date are required to update a quote".into()]);
        }
        whole.retain(|name, _| !CLEARED.contains(&name.as_str()));
    }
    for (name, value) in &input {
        whole.insert(name.clone(), value.clone());
    }
    let contact = contact(books, &whole);
    whole.insert("Status".into(), to.into());
    let mut wrong = rules::check(kind, &books.organisation, &input, &whole);
    if contact.is_none() {
        wrong.push("The Contact could not be found".into());
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    whole.insert("Contact".into(), contact.unwrap_or_default());
    let record = finished(whole, kind, &books.organisation.currencies, ids, now_ms);
    let id = record.get(kind.id).and_then(Value::as_str).unwrap_or("").to_owned();
    if let Some(place) = find(books, kind, &id) {
        place.clone_from(&record);
    }
    Ok(record)
}

fn refuse_move(kind: &Kind, from: &str, to: &str, input: &Fields) -> Result<(), Vec<String>> {
    let what = kind.wrapper.trim_end_matches('s');
    let is_final = ["PAID", "VOIDED", "DELETED"].contains(&from);
    if is_final || (from != to && !kind.moves.contains(&(from, to))) {
        return Err(vec![format!("{what} not of valid status for modification: {from} to {to}")]);
    }
    let is_edit = input.keys().any(|name| !["Status", "Contact", "Date", kind.id].contains(&name.as_str()));
    let is_clerical = input.keys().all(|name| ["Status", "Reference", "DueDate", kind.id].contains(&name.as_str()));
    if kind.is_invoice && is_edit && !kind.editable.contains(&from) && !is_clerical {
        return Err(vec![format!("{what} not of valid status for modification: {from}")]);
    }
    if !kind.is_invoice && input.contains_key("LineItems") && !kind.editable.contains(&from) {
        return Err(vec![format!("{what} not of valid status for modification: {from}")]);
    }
    Ok(())
}

fn contact(books: &Books, input: &Fields) -> Option<Value> {
    let wanted = input.get("Contact")?;
    let is_wanted = |contact: &&Value| match wanted.get("ContactID") {
        Some(id) => contact.get("ContactID") == Some(id),
        None => wanted.get("Name").is_some() && contact.get("Name") == wanted.get("Name"),
    };
    let found = books.contacts.iter().find(is_wanted)?;
    let field = |name: &str| found.get(name).cloned().unwrap_or_default();
    Some(json!({"ContactID": field("ContactID"), "Name": field("Name"), "EmailAddress": field("EmailAddress")}))
}

/// Adds what Xero computes.
fn finished(mut whole: Fields, kind: &Kind, currencies: &[String], ids: &mut Ids, now_ms: i64) -> Value {
    let (sub_total, tax) = rules::totals(&whole);
    let total = if rules::is_tax_added(&whole) { sub_total + tax } else { sub_total };
    for line in whole.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten() {
        let amount = rules::line_amount(line).unwrap_or_default();
        if let Some(fields) = line.as_object_mut() {
            fields.entry("LineItemID").or_insert_with(|| ids.guid().into());
            fields.entry("Quantity").or_insert_with(|| json!(1.0));
            fields.insert("LineAmount".into(), amount.to_json());
        }
    }
    for (name, amount) in [("SubTotal", sub_total), ("TotalTax", tax), ("Total", total)] {
        whole.insert(name.into(), amount.to_json());
    }
    let default_mode = kind.line_amount_types.first().copied().unwrap_or_default();
    whole.entry("LineAmountTypes").or_insert_with(|| default_mode.into());
    whole.entry("Status").or_insert_with(|| "DRAFT".into());
    whole.entry("CurrencyCode").or_insert_with(|| currencies.first().cloned().unwrap_or_default().into());
    whole.entry("Date").or_insert_with(|| dotnet(midnight(now_ms)).into());
    for name in ["Date", kind.end] {
        if let Some(ms) = whole.get(name).and_then(rules::day_ms) {
            whole.insert(name.into(), dotnet(ms).into());
            whole.insert(format!("{name}String"), zoneless(ms).get(..19).unwrap_or_default().into());
        }
    }
    if kind.is_invoice {
        let paid = whole.get("AmountPaid").and_then(Amount::read).unwrap_or_default();
        whole.insert("AmountPaid".into(), paid.to_json());
        whole.insert("AmountDue".into(), (total - paid).to_json());
        whole.entry("AmountCredited").or_insert_with(|| Amount::ZERO.to_json());
        whole.entry("Payments").or_insert_with(|| json!([]));
    }
    whole.insert("UpdatedDateUTC".into(), dotnet(now_ms).into());
    Value::Object(whole)
}

fn print(books: &mut Books, kind: &Kind, id: &str) -> Reply {
    match find(books, kind, id) {
        Some(record) => Reply::of(200, "application/pdf", pdf::render(record, kind.number)),
        None => not_found(),
    }
}

fn email(books: &mut Books, kind: &Kind, id: &str) -> Reply {
    let Some(record) = find(books, kind, id) else {
        return not_found();
    };
    let status = record.get("Status").and_then(Value::as_str).unwrap_or("");
    if !["SUBMITTED", "AUTHORISED", "PAID"].contains(&status) {
        return invalid(&["Invoice not of valid status to be emailed".into()], Some(record));
    }
    let address = record.pointer("/Contact/EmailAddress").and_then(Value::as_str).unwrap_or("");
    if address.is_empty() {
        return invalid(&["The contact has no email address".into()], Some(record));
    }
    if let Some(fields) = record.as_object_mut() {
        fields.insert("SentToContact".into(), true.into());
    }
    Reply::empty(204)
}

fn with_errors(input: Value, wrong: &[String]) -> Value {
    let mut input = input;
    if let Some(fields) = input.as_object_mut() {
        let errors: Vec<Value> = wrong.iter().map(|message| json!({"Message": message})).collect();
        fields.insert("StatusAttributeString".into(), "ERROR".into());
        fields.insert("ValidationErrors".into(), errors.into());
    }
    input
}

pub(crate) fn wrapped(kind: &Kind, records: Vec<Value>) -> Reply {
    let mut body = json!({"Status": "OK", "ProviderName": "Stand-in"});
    if let Some(fields) = body.as_object_mut() {
        fields.insert(kind.wrapper.into(), records.into());
    }
    Reply::json(200, &body)
}
