//! Identities as they are written: made once, given other passwords, and found unchanged by whoever relies on theirs.

use domain::entities::IDENTITY;
use domain::json::of;
use domain::{Doc, Error, Filter, Time, validate};
use serde_json::Value;
use store::{Command, Scope};

use crate::entrance::text;
use crate::second_factor;

/// Inserts an identity with the name and e-mail address of its first member, with a password or without one, and since when the
/// address is proven; the command is on the platform.
pub fn insert(command: &mut Command<'_>, id: &str, member: &Doc, hash: Option<&str>, proven: Option<Time>, taken: Error) {
    let fields = [
        ("email", Some(text(member, "email").into())),
        ("email_verified_at", proven.map(Value::from)),
        ("name", Some(text(member, "name").into())),
        ("password_hash", hash.map(Value::from)),
    ];
    let identity: Doc = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    // While master keys change, one address stands under two digests.
    let same = command.scope().live().and(Filter::is("email", text(member, "email")));
    command.forbid(&IDENTITY, same, taken.clone());
    command.insert(&IDENTITY, id, identity, &[], taken);
}

/// Whether an identity has a password.
pub fn has_password(identity: &Doc) -> bool {
    identity.get("password_hash").is_some_and(Value::is_string)
}

/// Whether somebody has proved that the e-mail address of an identity is theirs.
pub fn is_proven(identity: &Doc) -> bool {
    identity.contains_key("email_verified_at")
}

/// Expects the identity to have the password that it was read with, or none.
pub fn require_unchanged(command: &mut Command<'_>, platform: &Scope, identity: &Doc) {
    let as_read = platform.live().and(Filter::is("_id", text(identity, "_id"))).and(same_password(identity));
    command.require_still(&IDENTITY, as_read, raced());
}

fn same_password(identity: &Doc) -> Filter {
    Filter::is("password_hash", identity.get("password_hash").cloned().unwrap_or_default())
}

/// Gives an identity another password if it still has the one it was read with, else fails so; it is told by mail. Whoever has
/// `proven` their address is remembered for it.
pub fn set_password(
    command: &mut Command<'_>,
    platform: &Scope,
    identity: &Doc,
    hash: &str,
    proven: Option<Time>,
    otherwise: Error,
) {
    let mut after = identity.clone();
    if let (Some(proven), false) = (proven, is_proven(identity)) {
        after.insert("email_verified_at".to_owned(), proven.into());
        // Whoever took the address before would shut its owner out by a second factor of theirs.
        second_factor::FIELDS.iter().for_each(|field| drop(after.remove(*field)));
    }
    after.insert("password_hash".to_owned(), hash.into());
    after.insert("password_changed_at".to_owned(), platform.now().into());
    let as_read = same_password(identity);
    let change = validate::change(identity, after);
    command.on(platform);
    command.apply_when(&IDENTITY, identity, &change, "identity.password_changed", as_read, otherwise);
    command.job("password-changed", "", of("identity", text(identity, "_id")), None);
}

/// Somebody changed the password at the same moment.
pub fn raced() -> Error {
    Error::conflict("concurrent-update", "The password was changed at the same moment. Try again.")
}
