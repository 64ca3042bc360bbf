//! Creating a bid: a draft on a lead that is open to bids, one for each expert.

use domain::entities::LEAD;
use domain::{Error, Filter};
use edge::{Call, Outcome, custom};
use serde_json::Value;

use crate::seal;

/// Creates a draft.
pub async fn create(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut draft = custom::draft(call).await?;
    let lead = draft.doc.get("lead").cloned().unwrap_or(Value::Null);
    let lead = draft.command.require(&LEAD, seal::open_lead(scope).and(Filter::is("_id", lead)), seal::closed());
    draft.hole("sealed_until", lead.path("document.bid_deadline"));
    draft.or_duplicate(Error::conflict("bid-exists", "You have a bid on this lead already."));
    let mut made = draft.insert();
    seal::hide(&mut made.command, scope, &made.id, Filter::All);
    made.answer().await
}
