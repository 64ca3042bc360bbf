//! Identities as they are written: made once, given other passwords, and found unchanged by whoever relies on theirs.

use domain::entities::IDENTITY;
use domain::json::of;
use domain::{Doc, Error, Filter, validate};
use store::{Command, Scope};

use crate::entrance::text;

/// Inserts an identity with the name and e-mail address of its first member; the command is on the platform.
pub fn insert(command: &mut Command<'_>, id: &str, member: &Doc, hash: &str, taken: Error) {
    let fields = [("email", text(member, "email")), ("name", text(member, "name")), ("password_hash", hash)];
    let identity: Doc = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    // While master keys change, one address stands under two digests.
    let same = command.scope().live().and(Filter::is("email", text(member, "email")));
    command.forbid(&IDENTITY, same, taken.clone());
    command.insert(&IDENTITY, id, identity, &[], taken);
}

/// Expects the identity to have the password that was verified.
pub fn require_unchanged(command: &mut Command<'_>, platform: &Scope, identity: &Doc) {
    let as_read = ["_id", "password_hash"].map(|field| Filter::is(field, text(identity, field)));
    let as_read = as_read.into_iter().fold(platform.live(), Filter::and);
    command.require_still(&IDENTITY, as_read, raced());
}

/// Gives an identity another password if it still has the one it was read with, else fails so; it is told by mail.
pub fn set_password(command: &mut Command<'_>, platform: &Scope, identity: &Doc, hash: &str, otherwise: Error) {
    let mut after = identity.clone();
    after.insert("password_hash".to_owned(), hash.into());
    after.insert("password_changed_at".to_owned(), platform.now().into());
    let as_read = Filter::is("password_hash", text(identity, "password_hash"));
    let change = validate::change(identity, after);
    command.on(platform);
    command.apply_when(&IDENTITY, identity, &change, "identity.password_changed", as_read, otherwise);
    command.job("password-changed", "", of("identity", text(identity, "_id")), None);
}

/// Somebody changed the password at the same moment.
pub fn raced() -> Error {
    Error::conflict("concurrent-update", "The password was changed at the same moment. Try again.")
}
