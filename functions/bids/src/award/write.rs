//! The award as one transaction: lead, bid, rivals, draft quote, events, notices and the job for Xero.

use domain::doc::{fields, text, with};
use domain::entities::{BID, LEAD, QUOTE};
use domain::json;
use domain::validate::change;
use domain::{Doc, Error, Filter, search};
use edge::{Call, Halt, crud};
use serde_json::Value;
use store::{Audience, Command, Scope};

use super::quote;
use super::read::{Choice, RIVALS_MAX, already_awarded};

/// Everything that an award writes; it answers with the bid.
pub fn write<'a>(call: &'a Call, choice: &Choice) -> Result<Command<'a>, Halt> {
    let scope = call.scope()?;
    let mut command = call.store.command(scope);
    let quote_id = command.id(&QUOTE);
    take_lead(&mut command, choice);
    let expert = text(&choice.bid, "expert");
    let set = json!({ "status": "awarded", "awarded_at": scope.now(), "quote": quote_id });
    let awarded = change(&choice.bid, with(&choice.bid, set));
    let after = crud::apply(call, &mut command, &BID, &choice.bid, &awarded, "bid.awarded")?;
    command.notify(&Audience { members: &[expert], ..Audience::default() }, facts(choice, "bid.awarded", &choice.bid));
    decline_rivals(&mut command, scope, choice);
    make_quote(&mut command, choice, &quote_id)?;
    command.answer_record(200, &BID, after, &[]);
    Ok(command)
}

/// Comes first: of two awards at once, the lead is there for one.
fn take_lead(command: &mut Command<'_>, choice: &Choice) {
    let set = json!({ "status": "awarded", "awarded_bid": choice.bid.get("_id"), "bid_pool": false });
    let awarded = change(&choice.lead, with(&choice.lead, set));
    let open = Filter::is("status", "published").and(Filter::is("awarded_bid", Value::Null));
    command.apply_when(&LEAD, &choice.lead, &awarded, "lead.awarded", open, already_awarded());
}

fn decline_rivals(command: &mut Command<'_>, scope: &Scope, choice: &Choice) {
    let offered = Filter::is("lead", choice.lead.get("_id").cloned().unwrap_or_default()).and(Filter::is("status", "submitted"));
    // The awarded bid is not submitted any more at this point of the transaction.
    let filter = scope.live().and(offered);
    let set = fields(json!({ "status": "declined_pending" }));
    let raced = Error::conflict("concurrent-update", "Another bid on this lead was withdrawn at the same moment. Try again.");
    if choice.rivals.len() < RIVALS_MAX as usize {
        command.update_exactly(&BID, &filter, &set, choice.rivals.len(), raced);
    } else {
        command.update_many(&BID, &filter, &set);
    }
    for rival in &choice.rivals {
        command.event_of(&BID, rival, &with(rival, json!({ "status": "declined_pending" })), "bid.declined_pending", None);
        let facts = facts(choice, "bid.declined_pending", rival);
        command.notify(&Audience { members: &[text(rival, "expert")], ..Audience::default() }, facts);
    }
}

fn make_quote(command: &mut Command<'_>, choice: &Choice, id: &str) -> Result<(), Halt> {
    let mut draft = quote::draft(&choice.bid, &choice.lead, choice.fee_points)?;
    let place = search::await_number(&mut draft, "QU");
    let number = command.number("quote").path("document.value");
    let reference = format!("QU-{{{number}:06}}");
    let holes = [("reference", reference.clone()), (place.as_str(), format!("{{{number}:06}}"))];
    let taken = Error::conflict("already-awarded", "There is a quote for this bid already.");
    let quote = command.insert(&QUOTE, id, draft, &holes, taken);
    command.event_of_new(&QUOTE, &quote, &[("changes.reference.after", reference.clone())]);
    let manager = text(&choice.lead, "manager");
    let facts = json!({ "key": "quote.created", "record": { "type": QUOTE.name, "id": id }, "lead": choice.lead.get("_id") });
    let holes = [("payload.facts.reference", reference)];
    command.notify_with(&Audience { members: &[manager], ..Audience::default() }, facts, None, &holes);
    command.job("xero.quote", "", json!({ "quote": id }), None);
    Ok(())
}

fn facts(choice: &Choice, key: &str, bid: &Doc) -> Value {
    let record = json!({ "type": BID.name, "id": bid.get("_id") });
    json!({ "key": key, "record": record, "lead": choice.lead.get("_id"), "reference": choice.lead.get("reference") })
}
