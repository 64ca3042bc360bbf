//! Removing a member, or taking an invitation back: their place is free again, and their sessions and keys end.

use domain::doc::{self, text};
use domain::entities::{LOGIN, MEMBERSHIP};
use domain::validate::change;
use domain::{Error, Filter, Policy, json};
use edge::{Call, Outcome, Reply, crud};
use store::logins;

use crate::{member, vendors};

/// Soft-deletes a member.
pub async fn remove(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let step = reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "remove").and(Filter::is("_id", id)), Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    call.require_as_much(Policy::of_member(&before).as_ref())?;
    let mut command = call.store.command(scope);
    let after = doc::with(&before, json!({ "deleted_at": call.now() }));
    member::require_owner(&mut command, scope, &before, &doc::with(&after, json!({ "status": "removed" })));
    vendors::require_no_staff(&mut command, scope, id);
    command.move_places(Some(&before), None);
    let kind = if text(&before, "status") == Some("invited") { "membership.revoked" } else { "membership.removed" };
    crud::apply(call, &mut command, &MEMBERSHIP, &before, &change(&before, after), kind)?;
    command.end_membership(id);
    let open = scope.live().and(Filter::is("membership", id)).and(logins::usable(call.now()));
    command.update_many(&LOGIN, &open, &logins::ended(call.now(), "member-removed"));
    Ok(Reply::answer(command.commit().await?))
}
