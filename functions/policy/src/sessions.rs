//! The sessions of a member in this tenant, for who runs it.

use domain::doc::text;
use domain::entities::{LOGIN, MEMBERSHIP};
use domain::{Error, Filter, Policy};
use edge::{Call, Outcome, Reply};
use store::{Query, logins};

const REASON: &str = "revoked-by-staff";

/// The sessions of a member in this tenant.
pub async fn list(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let query = Query::parse(&LOGIN, call.query(), scope.viewer())?.within(logins::usable(call.now()));
    let query = query.within(Filter::is("membership", id));
    let mut reading = call.store.reading(scope);
    reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "read").and(Filter::is("_id", id)), Error::not_found());
    let step = reading.page(scope, &query);
    Ok(Reply::page(reading.run().await?.page(step, &query)))
}

/// Ends all sessions of a member in this tenant; nobody puts out who has more.
pub async fn revoke(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let theirs = scope.reach(&LOGIN, "revoke").and(Filter::is("membership", id)).and(logins::usable(call.now()));
    let mut reading = call.store.reading(scope);
    let member = reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "read").and(Filter::is("_id", id)), Error::not_found());
    let step = logins::read(&mut reading, &theirs);
    let mut found = reading.run().await?;
    let (member, found) = (found.doc(member), found.docs(step));
    call.require_as_much(Policy::of_member(&member).as_ref())?;
    let mut command = call.store.command(scope);
    command.update_many(&LOGIN, &theirs, &logins::ended(call.now(), REASON));
    for login in &found {
        logins::told(&mut command, text(login, "_id").unwrap_or_default(), call.now(), REASON);
    }
    Ok(Reply::answer(command.commit().await?))
}
