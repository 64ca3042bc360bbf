//! Withdrawing a quote that nobody has decided on, expired or not: the choice among the other bids is open again.

use domain::doc::{text, with};
use domain::entities::QUOTE;
use domain::json;
use domain::validate::change;
use edge::{Call, Outcome, Reply, crud};

use crate::deal::Deal;
use crate::notice::tell;

/// The staff does not stand by it any more.
pub async fn withdraw(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&QUOTE)?;
    let deal = Deal::read(call, id, "withdraw", &["draft", "sent"]).await?;
    let mut command = call.store.command(scope);
    let withdrawn = with(&deal.quote, json!({ "status": "withdrawn", "withdrawn_at": call.now() }));
    let quote = crud::apply(call, &mut command, &QUOTE, &deal.quote, &change(&deal.quote, withdrawn), "quote.withdrawn")?;
    if text(&deal.quote, "status") == Some("sent") {
        tell(&mut command, "quote.withdrawn", &QUOTE, &quote, &["customer", "vendor"]);
    }
    command.job("xero.quote", "", json!({ "quote": id }), None);
    deal.reopen(call, &mut command, scope, domain::Doc::new())?;
    command.answer_record(200, &QUOTE, quote, &[]);
    Ok(Reply::answer(command.commit().await?))
}
