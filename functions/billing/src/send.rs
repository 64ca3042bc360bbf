//! Sending a quote: from here on the customer sees it and may accept it.

use domain::doc::{text, with};
use domain::entities::{LEAD, QUOTE};
use domain::json;
use domain::validate::change;
use domain::{Doc, Error, Filter, Time};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;

use crate::notice::tell;

/// How long a quote holds when nobody says.
const VALID_DAYS: i64 = 30;

/// Sends a draft to the lead's customer.
pub async fn send(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&QUOTE)?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&QUOTE, &scope.reach(&QUOTE, "send").and(Filter::is("_id", id)), Error::not_found());
    let of_quote = reading.linked(&LEAD, &scope.live(), "_id", &step.path("document.lead"), Error::not_found());
    let mut found = reading.run().await?;
    let (quote, lead) = (found.doc(step), found.doc(of_quote));
    crud::check_version(call, &quote)?;
    let customer = check(&quote, &lead, call.now())?;
    let mut set = json!({ "status": "sent", "sent_at": call.now(), "valid_until": call.now().plus_days(VALID_DAYS) });
    if let (Value::Object(set), Some(until)) = (&mut set, quote.get("valid_until")) {
        set.insert("valid_until".to_owned(), until.clone());
    }
    let mut sent = with(&quote, set);
    let parties = ["customer", "manager", "vendor"].iter().filter_map(|party| lead.get_key_value(*party));
    sent.extend(parties.map(|(party, member)| (party.clone(), member.clone())));
    let mut command = call.store.command(scope);
    let reassigned = Error::conflict("concurrent-update", "The customer of the lead was changed at the same moment. Try again.");
    let still = scope.live().and(Filter::is("_id", lead.get("_id").cloned().unwrap_or_default()));
    command.require_still(&LEAD, still.and(Filter::is("customer", customer)), reassigned);
    let after = crud::apply(call, &mut command, &QUOTE, &quote, &change(&quote, sent), "quote.sent")?;
    tell(&mut command, "quote.sent", &QUOTE, &after, &["customer", "vendor"]);
    command.job("xero.quote", "", json!({ "quote": id }), None);
    command.answer_record(200, &QUOTE, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// The customer who gets the quote, if it can be sent.
fn check<'a>(quote: &Doc, lead: &'a Doc, now: Time) -> Result<&'a str, Halt> {
    if text(quote, "status") != Some("draft") {
        return Err(Error::conflict("quote-not-draft", "The quote was sent already.").into());
    }
    if text(quote, "valid_until").and_then(Time::parse).is_some_and(|until| until <= now) {
        return Err(Error::conflict("quote-expired", "The quote is not valid any more: give it another valid_until.").into());
    }
    let missing = || Error::conflict("customer-missing", "The lead has no customer to send the quote to.");
    text(lead, "customer").ok_or_else(|| missing().into())
}
