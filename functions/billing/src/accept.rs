//! Accepting a quote: the lead becomes a project with its milestones and draft invoices, the other bids are declined.

mod plan;
mod write;

use domain::entities::QUOTE;
use domain::{Error, Time};
use edge::{Call, Outcome, Reply};

use crate::deal::Deal;
use domain::doc::text;

/// The customer wants it.
pub async fn accept(call: &Call) -> Outcome {
    let id = call.id(&QUOTE)?;
    let deal = Deal::read(call, id, "accept", &["sent"]).await?;
    if text(&deal.quote, "valid_until").and_then(Time::parse).is_some_and(|until| until <= call.now()) {
        return Err(Error::conflict("quote-expired", "The quote is not valid any more.").into());
    }
    if deal.lead.get("customer") != deal.quote.get("customer") {
        return Err(Error::conflict("customer-changed", "The lead has another customer than the quote.").into());
    }
    let command = write::write(call, &deal)?;
    Ok(Reply::answer(command.commit().await?))
}
