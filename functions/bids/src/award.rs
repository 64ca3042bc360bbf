//! Awarding a lead to a bid: once, after the deadline, with a draft quote for the customer.

mod quote;
mod read;
mod write;

use domain::entities::BID;
use edge::{Call, Outcome, Reply};

use read::Choice;

/// Awards a bid.
pub async fn award(call: &Call) -> Outcome {
    let id = call.id(&BID)?;
    let choice = Choice::read(call, id).await?;
    choice.check(call)?;
    let command = write::write(call, &choice)?;
    Ok(Reply::answer(command.commit().await?))
}
