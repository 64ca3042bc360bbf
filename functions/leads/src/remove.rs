//! Deleting a lead, as long as nobody has been chosen for it, with its conversation and its bids; and restoring all of that.

use domain::entities::{BID, LEAD};
use domain::json;
use domain::plan::Limit;
use domain::{Doc, Error, Filter, doc};
use edge::{Call, Outcome, Reply, crud};
use store::{Audience, Command};

/// The most bids whose authors are told one by one.
const BIDS_MAX: u32 = 200;

/// Deletes a lead. Those whose bids go with it are told, and the notices of its bids do not wait for the deadline any more.
pub async fn remove(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&LEAD)?;
    let mut reading = call.store.reading(scope);
    let lead = reading.one(&LEAD, &scope.reach(&LEAD, "delete").and(Filter::is("_id", id)), Error::not_found());
    let bids = reading.many(&BID, &scope.live().and(offered(id)), json!({ "_id": 1 }), BIDS_MAX);
    let mut found = reading.run().await?;
    let (lead, bids) = (found.doc(lead), found.docs(bids));
    crud::check_version(call, &lead)?;
    if !matches!(doc::text(&lead, "status"), Some("new" | "published" | "lost")) {
        return Err(Error::conflict("lead-in-use", "A lead that was awarded cannot be deleted.").into());
    }
    let mut command = call.store.command(scope);
    let group = crud::remove(call, &mut command, &LEAD, &lead)?;
    command.give_one_back(Limit::Leads);
    tell(&mut command, "deleted", &lead, &bids);
    command.call_off_notices(Filter::after("run_at", scope.now()).and(Filter::is("payload.facts.lead", id)), Some(&group));
    Ok(Reply::answer(command.commit().await?))
}

/// Restores a lead with what was deleted with it. Those whose bids stand again are told, and notices wait again.
pub async fn restore(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let lead = crud::trashed(call, &mut reading)?;
    let bids = reading.many(&BID, &scope.dead().and(offered(call.id(&LEAD)?)), json!({ "_id": 1 }), BIDS_MAX);
    let mut found = reading.run().await?;
    let (lead, mut bids) = (found.doc(lead), found.docs(bids));
    bids.retain(|bid| bid.get("trash_group") == lead.get("trash_group"));
    let mut restoring = crud::restoring(call, lead)?;
    restoring.command.take_one(Limit::Leads);
    tell(&mut restoring.command, "restored", &restoring.before, &bids);
    restoring.command.call_back_notices(doc::text(&restoring.before, "trash_group").unwrap_or_default());
    restoring.answer().await
}

/// Tells the authors of the bids what became of the lead.
fn tell(command: &mut Command<'_>, what: &str, lead: &Doc, bids: &[Doc]) {
    let (key, kind) = (format!("lead.{what}"), format!("bid.{what}"));
    for bid in bids {
        command.event_of(&BID, bid, bid, &kind, None);
        let record = json!({ "type": BID.name, "id": bid.get("_id") });
        let facts = json!({ "key": key.as_str(), "record": record, "lead": lead.get("_id"), "reference": lead.get("reference") });
        command.notify(&Audience { members: &[doc::text(bid, "expert")], ..Audience::default() }, facts);
    }
}

fn offered(lead: &str) -> Filter {
    Filter::is("lead", lead).and(Filter::is("status", "submitted"))
}
