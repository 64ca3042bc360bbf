//! The end of logins: with it no refresh token of theirs is good any more, and no write of their sessions.

use domain::entities::LOGIN;
use domain::{Doc, Error, Filter, Time};
use edge::{Call, Halt};
use serde_json::Value;
use store::{Command, EventOf, PlatformScope, Reading, Scope, Step};

use crate::entrance::text as text_of;
use crate::json::{doc, object, of};

/// The most logins that are shown, or told of one by one when they end.
pub const LOGINS_MAX: u32 = 100;

/// Logins that can still be used.
pub fn usable(now: Time) -> Filter {
    unrevoked().and(Filter::after("expires_at", now))
}

/// The usable logins of a person, in whichever tenants.
pub fn of_identity(identity: &str, now: Time) -> Filter {
    Filter::is("identity", identity).and(usable(now))
}

/// Reads logins, the newest first.
pub fn read(reading: &mut Reading<'_>, which: &Filter) -> Step {
    reading.many(&LOGIN, which, of("_id", -1), LOGINS_MAX)
}

/// Ends all logins that the filter finds, with an event for each that was found before.
pub fn end(call: &Call, command: &mut Command<'_>, which: &Filter, found: &[Doc], reason: &str) {
    command.update_many(&LOGIN, &which.clone().and(unrevoked()), &ended(call.now(), reason));
    for login in found {
        command.on(&scope_in(call, text_of(login, "tenant_id")));
        told(command, text_of(login, "_id"), call.now(), reason);
    }
}

/// Ends one login of a scope, unless it has ended already.
pub async fn end_one(call: &Call, scope: &Scope, login: &str, reason: &str) -> Result<(), Halt> {
    let mut command = call.store.command(scope);
    require_end(call, &mut command, scope, login, reason, Error::conflict("revoked", "The login has ended already."));
    match command.run().await {
        Err(Halt::Refused(error)) if error.code == "revoked" => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// Ends one login of a scope, else fails so.
pub fn require_end(call: &Call, command: &mut Command<'_>, scope: &Scope, login: &str, reason: &str, otherwise: Error) {
    let open = scope.live().and(Filter::is("_id", login)).and(unrevoked());
    command.on(scope).find_and_set(&LOGIN, &open, &ended(call.now(), reason), otherwise);
    told(command, login, call.now(), reason);
}

/// The scope of what is written into a tenant: in the caller's own it is the caller who acts.
pub fn scope_in(call: &Call, tenant: &str) -> Scope {
    let own = call.scope().ok().filter(|scope| scope.tenant() == tenant);
    own.cloned().unwrap_or_else(|| PlatformScope::of_auth().tenant(tenant, call.now()))
}

fn unrevoked() -> Filter {
    Filter::is("revoked_at", Value::Null)
}

fn ended(now: Time, reason: &str) -> Doc {
    doc(vec![("revoked_at", now.into()), ("revoked_reason", reason.into())])
}

fn told(command: &mut Command<'_>, login: &str, now: Time, reason: &str) {
    let (kind, comment) = ("login.revoked", Some(reason));
    let changes = of("revoked_at", object(vec![("before", Value::Null), ("after", now.into())]));
    command.event(EventOf { kind, entity: &LOGIN, id: login, lead: None, changes, comment, holes: &[] });
}
