//! Deleting a draft, which nobody but its author ever knew of, and restoring it.

use domain::doc::fields;
use domain::entities::BID;
use domain::json;
use domain::{Error, Filter, Time, event};
use edge::{Call, Halt, Outcome, Reply, crud};
use store::EventOf;

use crate::seal::hide;

/// Restores a draft.
pub async fn restore(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let step = crud::trashed(call, &mut reading)?;
    let draft = reading.run().await?.doc(step);
    let mut restoring = crud::restoring(call, draft)?;
    hide(&mut restoring.command, scope, call.id(&BID)?, Filter::All);
    restoring.answer().await
}

/// Deletes a draft.
pub async fn remove(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&BID)?;
    let draft = scope.reach(&BID, "delete").and(Filter::is("_id", id)).and(Filter::is("status", "draft"));
    let draft = call.if_match()?.map_or(draft.clone(), |version| draft.and(Filter::is("version", version)));
    let mut command = call.store.command(scope);
    let (_, step) = command.trash(&BID, &draft, id, Error::conflict("refused", ""));
    let holes = [("lead", step.path("document.lead"))];
    let changes = event::diff(&BID, None, &fields(json!({})));
    let event = EventOf { kind: "bid.deleted", entity: &BID, id, lead: None, changes, comment: None, holes: &holes };
    command.event_sealed(event, Some(&Time::NEVER.to_string()));
    hide(&mut command, scope, id, Filter::All);
    match command.commit().await {
        Err(Halt::Refused(error)) if error.code == "refused" => {
            let bid = call.store.get(scope, &BID, id).await?;
            crud::check_version(call, &bid)?;
            Err(Error::conflict("bid-not-draft", "Only a draft can be deleted; withdraw a bid that was submitted.").into())
        }
        other => Ok(Reply::answer(other?)),
    }
}
