//! Declining a quote: the choice among the other bids is open again.

use domain::entities::{BID, QUOTE};
use domain::entity::{Field, text};
use domain::validate::{self, change};
use edge::{Call, Outcome, Reply, crud};
use serde_json::json;

use crate::deal::Deal;
use crate::notice::{tell, tell_as, with};

const INPUT: &[Field] = &[text("reason", 1_000)];

/// The customer does not want it.
pub async fn decline(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&QUOTE)?;
    let input = validate::input(INPUT, call.input()?)?;
    let deal = Deal::read(call, id, "decline").await?;
    let mut command = call.store.command(scope);
    let mut declined = with(&deal.quote, json!({ "status": "declined", "declined_at": call.now() }));
    let mut bid = with(&deal.bid, json!({ "status": "declined" }));
    if let Some(reason) = input.get("reason") {
        declined.insert("decline_reason".to_owned(), reason.clone());
        bid.insert("decline_reason".to_owned(), reason.clone());
    }
    let quote = crud::apply(call, &mut command, &QUOTE, &deal.quote, &change(&deal.quote, declined), "quote.declined")?;
    tell(&mut command, "quote.declined", &QUOTE, &quote, &["manager", "vendor"]);
    command.job("xero.quote", "", json!({ "quote": deal.quote.get("_id") }), None);
    crud::apply(call, &mut command, &BID, &deal.bid, &change(&deal.bid, bid), "bid.declined")?;
    tell_as(&mut command, "bid.declined", &BID, &deal.bid, &["expert"], deal.lead.get("reference"));
    // The deadline has passed, so the lead takes no new bids: it stays out of the pool.
    let mut lead = with(&deal.lead, json!({ "status": "published" }));
    lead.remove("awarded_bid");
    deal.change_lead(&mut command, lead, "lead.reopened");
    deal.change_rivals(&mut command, scope, "submitted", "bid.reopened");
    command.answer_record(200, &QUOTE, quote, &[]);
    Ok(Reply::answer(command.commit().await?))
}
