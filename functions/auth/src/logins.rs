//! Ending logins, in whichever tenants.

use domain::entities::LOGIN;
use domain::{Doc, Error, Filter, Time};
use edge::{Call, Halt};
use store::logins::{ended, told, unrevoked, usable};
use store::{Command, PlatformScope, Scope};

use crate::entrance::text as text_of;

/// The usable logins of a person, in whichever tenants.
pub fn of_identity(identity: &str, now: Time) -> Filter {
    Filter::is("identity", identity).and(usable(now))
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
    let mut command = call.store.command_about_oneself(scope);
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
