//! Submitting a bid: checked, sealed and announced in one trip.

use domain::doc::fields;
use domain::entities::{BID, LEAD, incomplete};
use domain::json;
use domain::role::STAFF;
use domain::{Error, Filter};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;
use store::{Audience, Command, EventOf, Scope};

use crate::seal;

/// Offers a draft, or a bid that was withdrawn.
pub async fn submit(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&BID)?;
    let mut command = call.store.command(scope);
    write(&mut command, scope, id, call.if_match()?);
    match command.commit().await {
        Err(Halt::Refused(error)) if error.code == "refused" => Err(explain(call, id).await),
        other => Ok(Reply::answer(other?)),
    }
}

fn write(command: &mut Command<'_>, scope: &Scope, id: &str, version: Option<i64>) {
    let refused = || Error::conflict("refused", "");
    let bid = scope.reach(&BID, "submit").and(Filter::is("_id", id)).and(Filter::one_of("status", &["draft", "withdrawn"]));
    let bid = bid.and(Filter::is("is_complete", true));
    let bid = version.map_or(bid.clone(), |version| bid.and(Filter::is("version", version)));
    let before = command.require(&BID, bid.clone(), refused());
    let lead = command.require_still_linked(&LEAD, &seal::open_lead(scope), "_id", &before.path("document.lead"), refused());
    // The lead's deadline may have been lengthened while the draft was made.
    let deadline = lead.path("document.bid_deadline");
    let set = fields(json!({ "status": "submitted", "submitted_at": scope.now() }));
    let after = command.find_and_set_with(&BID, &bid, &set, &[("sealed_until", deadline.clone())], refused());
    let changes = json!({
        "status": { "before": null, "after": "submitted" },
        "submitted_at": { "before": null, "after": scope.now() },
    });
    let holes = [("lead", before.path("document.lead")), ("changes.status.before", before.path("document.status"))];
    command.event(EventOf { kind: "bid.submitted", entity: &BID, id, lead: None, changes, comment: None, holes: &holes });
    seal::until(command, scope, id, deadline.clone());
    let facts = json!({ "key": "bid.submitted", "record": { "type": BID.name, "id": id } });
    let holes = [
        ("run_at", deadline),
        ("payload.facts.lead", before.path("document.lead")),
        ("payload.facts.reference", lead.path("document.reference")),
    ];
    command.notify_with(&Audience { roles: STAFF, ..Audience::default() }, facts, None, &holes);
    command.answer_step(200, &BID, after);
}

/// Why it was refused: gone, stale, submitted before, incomplete, or too late.
async fn explain(call: &Call, id: &str) -> Halt {
    let bid = match read(call, id).await {
        Ok(bid) => bid,
        Err(halt) => return halt,
    };
    if !matches!(bid.get("status").and_then(Value::as_str), Some("draft" | "withdrawn")) {
        return Error::conflict("already-submitted", "The bid was submitted already.").into();
    }
    let violations = incomplete(&bid);
    if violations.is_empty() { seal::closed().into() } else { Error::invalid(violations).into() }
}

async fn read(call: &Call, id: &str) -> Result<domain::Doc, Halt> {
    let bid = call.store.get(call.scope()?, &BID, id).await?;
    crud::check_version(call, &bid)?;
    Ok(bid)
}
