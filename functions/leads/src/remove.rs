//! Deleting a lead, as long as nobody has been chosen for it; its bids are declined with it.

use domain::entities::{BID, LEAD};
use domain::json;
use domain::plan::Limit;
use domain::validate::change;
use domain::{Doc, Error, Filter, doc};
use edge::{Call, Outcome, Reply, crud};
use store::{Audience, Command, Scope};

/// The most bids whose authors are told one by one.
const BIDS_MAX: u32 = 200;

/// Soft-deletes a lead.
pub async fn remove(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&LEAD)?;
    let mut reading = call.store.reading(scope);
    let lead = reading.one(&LEAD, &scope.reach(&LEAD, "delete").and(Filter::is("_id", id)), Error::not_found());
    let bids = reading.many(&BID, &offered(scope, id), json!({ "_id": 1 }), BIDS_MAX);
    let mut found = reading.run().await?;
    let (lead, bids) = (found.doc(lead), found.docs(bids));
    crud::check_version(call, &lead)?;
    if !matches!(doc::text(&lead, "status"), Some("new" | "published" | "lost")) {
        return Err(Error::conflict("lead-in-use", "A lead that was awarded cannot be deleted.").into());
    }
    let mut command = call.store.command(scope);
    let deleted = change(&lead, doc::with(&lead, json!({ "deleted_at": call.now(), "bid_pool": false })));
    crud::apply(call, &mut command, &LEAD, &lead, &deleted, "lead.deleted")?;
    command.give_one_back(Limit::Leads);
    decline(&mut command, scope, &lead, id, &bids);
    Ok(Reply::answer(command.commit().await?))
}

/// Declines the bids, tells their authors, and calls off the notices of the bids, which wait for the deadline.
fn decline(command: &mut Command<'_>, scope: &Scope, lead: &Doc, id: &str, bids: &[Doc]) {
    let declined = json!({ "status": "declined", "decline_reason": "The lead was deleted." });
    let set = doc::fields(declined.clone());
    if bids.len() < BIDS_MAX as usize {
        let raced = Error::conflict("concurrent-update", "A bid on this lead came or went at the same moment. Try again.");
        command.update_exactly(&BID, &offered(scope, id), &set, bids.len(), raced);
    } else {
        command.update_many(&BID, &offered(scope, id), &set);
    }
    for bid in bids {
        command.event_of(&BID, bid, &doc::with(bid, declined.clone()), "bid.declined", None);
        let record = json!({ "type": BID.name, "id": bid.get("_id") });
        let facts = json!({ "key": "lead.deleted", "record": record, "lead": id, "reference": lead.get("reference") });
        let author = doc::text(bid, "expert");
        command.notify(&Audience { members: &[author], ..Audience::default() }, facts);
    }
    command.call_off_notices(Filter::after("run_at", scope.now()).and(Filter::is("payload.facts.lead", id)));
}

fn offered(scope: &Scope, lead: &str) -> Filter {
    scope.live().and(Filter::is("lead", lead)).and(Filter::is("status", "submitted"))
}
