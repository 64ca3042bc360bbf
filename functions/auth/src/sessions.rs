//! Sessions: one's own logins, in all tenants.

use domain::entities::LOGIN;
use domain::{Doc, Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;
use store::Page;
use store::logins::read;
use store::proof::Session;

use crate::entrance::text as text_of;
use crate::logins;

/// One's own sessions, the newest first.
pub async fn list(call: &Call) -> Outcome {
    let session = call.session()?;
    let mut reading = call.store.reading(call.scope()?);
    reading.keys_of_member(session.identity());
    let step = read(&mut reading, &logins::of_identity(session.identity(), call.now()));
    let found = reading.run().await?.docs(step);
    let data = found.into_iter().map(|login| shown(login, session)).collect();
    Ok(Reply::page(Page { data, next: None, total: None }))
}

/// Ends one of one's own sessions, in whichever tenant it is.
pub async fn revoke(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&LOGIN)?, call.scope()?);
    let own = logins::of_identity(call.session()?.identity(), call.now()).and(Filter::is("_id", id));
    let mut reading = call.store.reading(scope);
    reading.keys_of_member(call.session()?.identity());
    let step = reading.one(&LOGIN, &own, Error::not_found());
    let login = reading.run().await?.doc(step);
    let mut command = call.store.command_about_oneself(scope);
    let there = logins::scope_in(call, text_of(&login, "tenant_id"));
    logins::require_end(call, &mut command, &there, id, "revoked", Error::not_found());
    Ok(Reply::answer(command.commit().await?))
}

/// Ends all of one's own sessions but this.
pub async fn revoke_others(call: &Call) -> Outcome {
    let (scope, session) = (call.scope()?, call.session()?);
    let others = logins::of_identity(session.identity(), call.now()).and(Filter::is_not("_id", session.login()));
    let mut reading = call.store.reading(scope);
    reading.keys_of_member(session.identity());
    let step = read(&mut reading, &others);
    let found = reading.run().await?.docs(step);
    let mut command = call.store.command_about_oneself(scope);
    logins::end(call, &mut command, &others, &found, "revoked");
    Ok(Reply::answer(command.commit().await?))
}

fn shown(mut login: Doc, session: &Session) -> Doc {
    let is_current = text_of(&login, "_id") == session.login();
    let tenant = login.remove("tenant_id").unwrap_or_default();
    let mut shown = validate::render(&LOGIN, login, Some(session.viewer()));
    shown.insert("tenant".to_owned(), tenant);
    shown.insert("current".to_owned(), Value::Bool(is_current));
    shown
}
