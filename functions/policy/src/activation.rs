//! Letting somebody who has joined work, and making them wait again.

use domain::doc::{self, text};
use domain::entities::{LOGIN, MEMBERSHIP};
use domain::validate::change;
use domain::{Doc, Error, Filter, Policy, json};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;
use store::{Audience, Command, logins};

use crate::member;

/// Lets a member work who has joined and waits; they are told.
pub async fn activate(call: &Call) -> Outcome {
    let before = read(call, "pending", || Error::conflict("not-pending", "This member does not wait to be activated.")).await?;
    let mut command = call.store.command(call.scope()?);
    let after = doc::with(&before, json!({ "status": "active" }));
    let after = crud::apply(call, &mut command, &MEMBERSHIP, &before, &change(&before, after), "membership.activated")?;
    let id = text(&before, "_id");
    let facts = json!({ "key": "membership.activated", "record": { "type": MEMBERSHIP.name, "id": id } });
    command.notify(&Audience { members: &[id], roles: &[] }, facts);
    answer(command, after).await
}

/// Makes an active member wait. Their sessions end, and they write nothing more from then on; their place stays theirs.
pub async fn deactivate(call: &Call) -> Outcome {
    let before = read(call, "active", || Error::conflict("not-active", "This member is not active.")).await?;
    let scope = call.scope()?;
    let version = before.get("policy_version").and_then(Value::as_i64).unwrap_or(1);
    let after = doc::with(&before, json!({ "status": "pending", "policy_version": version + 1 }));
    let mut command = call.store.command(scope);
    member::require_owner(&mut command, scope, &before, &after);
    let after = crud::apply(call, &mut command, &MEMBERSHIP, &before, &change(&before, after), "membership.deactivated")?;
    command.job("member-deactivated", "", json!({ "membership": before.get("_id") }), None);
    let id = text(&before, "_id").unwrap_or_default();
    let open = scope.live().and(Filter::is("membership", id)).and(logins::usable(call.now()));
    command.update_many(&LOGIN, &open, &logins::ended(call.now(), "member-deactivated"));
    answer(command, after).await
}

/// The member of the path in this status, whom the caller may let in and out.
async fn read(call: &Call, status: &str, otherwise: fn() -> Error) -> Result<Doc, Halt> {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let theirs = scope.reach(&MEMBERSHIP, "activate").and(Filter::is("_id", id));
    let mut reading = call.store.reading(scope);
    let step = reading.one(&MEMBERSHIP, &theirs, Error::not_found());
    let member = reading.run().await?.doc(step);
    crud::check_version(call, &member)?;
    call.require_as_much(Policy::of_member(&member).as_ref())?;
    if text(&member, "status") == Some(status) { Ok(member) } else { Err(otherwise().into()) }
}

async fn answer(mut command: Command<'_>, member: Doc) -> Outcome {
    command.answer_record(200, &MEMBERSHIP, member, &[]);
    Ok(Reply::answer(command.commit().await?))
}
