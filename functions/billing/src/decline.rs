//! Declining a quote: the choice among the other bids is open again.

use domain::doc::with;
use domain::entities::QUOTE;
use domain::entity::{Field, text};
use domain::json;
use domain::validate::{self, change};
use edge::{Call, Outcome, Reply, crud};

use crate::deal::Deal;
use crate::notice::tell;

/// What `decline` takes.
pub const INPUT: &[Field] = &[text("decline_reason", 1_000)];

/// The customer does not want it.
pub async fn decline(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&QUOTE)?;
    let input = validate::input_for(&QUOTE, INPUT, call.input()?, call.moment())?;
    let deal = Deal::read(call, id, "decline", &["sent"]).await?;
    let mut command = call.store.command(scope);
    let mut declined = with(&deal.quote, json!({ "status": "declined", "declined_at": call.now() }));
    declined.extend(input.clone());
    let quote = crud::apply(call, &mut command, &QUOTE, &deal.quote, &change(&deal.quote, declined), "quote.declined")?;
    tell(&mut command, "quote.declined", &QUOTE, &quote, &["manager", "vendor"]);
    command.job("xero.quote", "", json!({ "quote": id }), None);
    deal.reopen(call, &mut command, scope, input)?;
    command.answer_record(200, &QUOTE, quote, &[]);
    Ok(Reply::answer(command.commit().await?))
}
