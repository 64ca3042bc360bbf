//! Identities as they are written: made once, and found unchanged by whoever relies on their password.

use domain::entities::IDENTITY;
use domain::{Doc, Error, Filter};
use store::{Command, Scope};

use crate::entrance::text;

/// Inserts an identity with the name and e-mail address of its first member; the command is on the platform.
pub fn insert(command: &mut Command<'_>, id: &str, member: &Doc, hash: &str, taken: Error) {
    let fields = [("email", text(member, "email")), ("name", text(member, "name")), ("password_hash", hash)];
    let identity: Doc = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    command.insert(&IDENTITY, id, identity, &[], taken);
}

/// Expects the identity to have the password that was verified.
pub fn require_unchanged(command: &mut Command<'_>, platform: &Scope, identity: &Doc) {
    let as_read = ["_id", "password_hash"].map(|field| Filter::is(field, text(identity, field)));
    let as_read = as_read.into_iter().fold(platform.live(), Filter::and);
    let raced = Error::conflict("concurrent-update", "The password was changed at the same moment. Try again.");
    command.require(&IDENTITY, as_read, raced);
}
