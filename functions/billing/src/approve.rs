//! Approving an invoice: the customer sees it and has two weeks to pay.

use domain::entities::{INVOICE, approved};
use domain::json;
use domain::{Error, Filter};
use edge::{Call, Outcome, Reply, crud};

use crate::notice::tell;

/// Approves a draft.
pub async fn approve(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&INVOICE)?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&INVOICE, &scope.reach(&INVOICE, "approve").and(Filter::is("_id", id)), Error::not_found());
    let invoice = reading.run().await?.doc(step);
    crud::check_version(call, &invoice)?;
    let change = approved(&invoice, &call.viewer()?.member, call.now())?;
    let mut command = call.store.command(scope);
    let after = crud::apply(call, &mut command, &INVOICE, &invoice, &change, "invoice.approved")?;
    tell(&mut command, "invoice.approved", &INVOICE, &after, &["customer", "expert"]);
    command.job("xero.invoice", "", json!({ "invoice": id }), None);
    command.answer_record(200, &INVOICE, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
