//! Withdrawing a bid that was submitted and not awarded.

use domain::entities::{BID, LEAD};
use domain::json;
use domain::role::STAFF;
use domain::validate::change;
use domain::{Error, Filter};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::Audience;

use crate::seal;

/// Takes a bid back. Before the deadline nobody ever learns of it.
pub async fn withdraw(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&BID)?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&BID, &scope.reach(&BID, "withdraw").and(Filter::is("_id", id)), Error::not_found());
    let lead = reading.linked(&LEAD, &scope.live(), "_id", &step.path("document.lead"), Error::not_found());
    let mut found = reading.run().await?;
    let (bid, lead) = (found.doc(step), found.doc(lead));
    crud::check_version(call, &bid)?;
    if !matches!(bid.get("status").and_then(Value::as_str), Some("submitted" | "declined_pending")) {
        return Err(Error::conflict("bid-not-submitted", "Only a bid that is submitted and not awarded can be withdrawn.").into());
    }
    let mut after = bid.clone();
    after.insert("status".to_owned(), "withdrawn".into());
    let mut command = call.store.command(scope);
    let after = crud::apply(call, &mut command, &BID, &bid, &change(&bid, after), "bid.withdrawn")?;
    let deadline = seal::sealed_until(&bid);
    if scope.now() < deadline {
        seal::cancel_notice(&mut command, id, deadline);
        seal::hide(&mut command, scope, id, Filter::All);
    } else {
        let facts = json!({
            "key": "bid.withdrawn", "record": { "type": BID.name, "id": id }, "lead": bid.get("lead"),
            "reference": lead.get("reference"),
        });
        command.notify(&Audience { roles: STAFF, ..Audience::default() }, facts);
    }
    command.answer_record(200, &BID, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
