//! The end of logins: with it no refresh token of theirs is good any more, and no write of their sessions.

use domain::entities::LOGIN;
use domain::json;
use domain::{Doc, Filter, Time};
use serde_json::Value;

use crate::{Command, EventOf, Reading, Step};

/// The most logins that are shown, or told of one by one when they end.
const LOGINS_MAX: u32 = 100;

/// Logins that can still be used.
pub fn usable(now: Time) -> Filter {
    unrevoked().and(Filter::after("expires_at", now))
}

/// Logins that nobody has ended.
pub fn unrevoked() -> Filter {
    Filter::is("revoked_at", Value::Null)
}

/// Reads logins, the newest first.
pub fn read(reading: &mut Reading<'_>, which: &Filter) -> Step {
    reading.many(&LOGIN, which, json!({ "_id": -1 }), LOGINS_MAX)
}

/// What a login is that has ended.
pub fn ended(now: Time, reason: &str) -> Doc {
    [("revoked_at", now.into()), ("revoked_reason", reason.into())]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// The event of a login that has ended in the command's tenant.
pub fn told(command: &mut Command<'_>, login: &str, now: Time, reason: &str) {
    let (kind, comment) = ("login.revoked", Some(reason));
    let changes = json!({ "revoked_at": { "before": null, "after": now } });
    command.event(EventOf { kind, entity: &LOGIN, id: login, lead: None, changes, comment, holes: &[] });
}
