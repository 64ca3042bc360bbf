//! Publishing a lead: experts see it and may bid until the deadline.

use domain::entities::LEAD;
use domain::entity::{Field, date};
use domain::json;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Role, Time, Violation, doc};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::Audience;

/// What `publish` takes.
pub const INPUT: &[Field] = &[date("bid_deadline")];

/// Opens a lead to bids.
pub async fn publish(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&LEAD)?;
    let input = validate::input_for(&LEAD, INPUT, call.input()?, call.moment())?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&LEAD, &scope.reach(&LEAD, "publish").and(Filter::is("_id", id)), Error::not_found());
    let lead = reading.run().await?.doc(step);
    crud::check_version(call, &lead)?;
    if lead.get("status").and_then(Value::as_str) != Some("new") {
        return Err(Error::conflict("already-published", "Only a new lead can be published.").into());
    }
    let deadline = deadline(&input, &lead, call.now())?;
    let published = json!({ "status": "published", "bid_pool": true, "bid_deadline": deadline, "published_at": call.now() });
    let change = change(&lead, doc::with(&lead, published));
    let mut command = call.store.command(scope);
    let after = crud::apply(call, &mut command, &LEAD, &lead, &change, "lead.published")?;
    let facts = json!({
        "key": "lead.published", "record": { "type": LEAD.name, "id": id }, "lead": id,
        "reference": lead.get("reference"),
    });
    command.notify(&Audience { roles: &[Role::Expert], ..Audience::default() }, facts);
    command.answer_record(200, &LEAD, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

fn deadline(input: &Doc, lead: &Doc, now: Time) -> Result<Time, Violation> {
    let given = input.get("bid_deadline").or_else(|| lead.get("bid_deadline")).and_then(Value::as_str).and_then(Time::parse);
    let deadline =
        given.ok_or_else(|| Violation::on("bid_deadline", "required", "A lead is published with a deadline for bids."))?;
    if deadline <= now {
        return Err(Violation::on("bid_deadline", "in-the-past", "The deadline for bids must be in the future."));
    }
    Ok(deadline)
}
