//! Logins elsewhere: what a provider says of somebody, which identity it opens, and when it may be linked to one.

use data_api::{Action, Operation};
use domain::entities::CREDENTIAL;
use domain::entity::{Field, text};
use domain::json::{doc, object};
use domain::{Doc, Error, Filter, event};
use edge::Call;
use serde_json::Value;
use store::{Assertion, Command, EventOf, PlatformScope, Scope};

use crate::entrance::text as text_of;
use crate::{attempts, identity, second_factor};

/// What a provider says, as `oidc` sealed it.
pub const ASSERTION: Field = text("assertion", 4_000);

/// What an assertion says, if it is ours and in time; whether it was used before is found out when it is [used up](use_up).
pub fn open(call: &Call, sealed: &str) -> Result<Assertion, Error> {
    let assertion = Assertion::open(&call.config.vault, sealed).filter(|assertion| assertion.expires > call.now());
    assertion.ok_or_else(invalid)
}

/// Uses an assertion up, or fails as it was used before; the command is on the platform.
pub fn use_up(call: &Call, command: &mut Command<'_>, assertion: &Assertion) {
    attempts::use_up(call, command, &assertion.nonce, assertion.expires, invalid());
}

/// Whether what a provider says opens an identity that it is not linked to yet: both must know that the address is somebody's own
/// today, the provider and we, or whoever took the address first, here or there, would get into the account of its owner.
pub fn may_open(assertion: &Assertion, identity: &Doc) -> Result<(), Error> {
    let is_proven = identity::is_proven(identity) && proves(assertion, identity);
    match is_proven && !second_factor::is_on(identity) {
        true => Ok(()),
        false => {
            let detail = "There is a login with this e-mail address. Log in as before and link the provider.";
            Err(Error::conflict("link-required", detail))
        }
    }
}

/// Whether the provider knows the address of the identity to be theirs.
pub fn proves(assertion: &Assertion, identity: &Doc) -> bool {
    assertion.is_authoritative && assertion.email.as_deref() == Some(text_of(identity, "email"))
}

/// Links what a provider says to an identity, and returns the record; the command is on the platform.
pub fn link(command: &mut Command<'_>, identity: &str, assertion: &Assertion) -> Doc {
    let id = command.id(&CREDENTIAL);
    let mut fields = doc(vec![
        ("identity", identity.into()),
        ("provider", assertion.provider.as_str().into()),
        ("subject", assertion.subject.as_str().into()),
    ]);
    fields.extend(assertion.email.as_deref().map(|email| ("email".to_owned(), email.into())));
    let taken = Error::conflict("credential-taken", "This login at the provider is linked already.");
    let credential = command.insert(&CREDENTIAL, &id, fields, &[], taken);
    let changes = event::diff(&CREDENTIAL, None, &credential);
    let kind = "credential.linked";
    command.event(EventOf { kind, entity: &CREDENTIAL, id: &id, lead: None, changes, comment: None, holes: &[] });
    credential
}

/// Has somebody told by mail that a login elsewhere now opens their account, or does not any more, in case it was not they; the
/// command is on the platform.
pub fn tell(command: &mut Command<'_>, identity: &str, is_linked: bool) {
    command.job("login-changed", "", object(vec![("identity", identity.into()), ("linked", is_linked.into())]), None);
}

/// The credential that an assertion is about.
pub fn asserted(platform: &Scope, assertion: &Assertion) -> Filter {
    let provider = Filter::is("provider", assertion.provider.as_str());
    platform.live().and(provider).and(Filter::is("subject", assertion.subject.as_str()))
}

/// The credentials of an identity.
pub fn of_identity(platform: &Scope, identity: &str) -> Filter {
    platform.live().and(Filter::is("identity", identity))
}

/// Takes credentials of an identity away for good: one, which must be there, or all.
pub fn unlink(command: &mut Command<'_>, identity: &str, one: Option<&str>) {
    let mut filter = vec![("tenant_id", PlatformScope::TENANT.into()), ("identity", Value::from(identity))];
    let Some(id) = one else {
        let all = Operation::new(Action::DeleteMany, CREDENTIAL.collection).with("filter", object(filter));
        command.operation(all, None);
        return;
    };
    filter.push(("_id", id.into()));
    let operation = Operation::new(Action::DeleteOne, CREDENTIAL.collection).with("filter", object(filter));
    command.operation(operation.expecting("deletedCount", 1), Some(Error::not_found()));
    let (kind, changes) = ("credential.unlinked", object(vec![]));
    command.event(EventOf { kind, entity: &CREDENTIAL, id, lead: None, changes, comment: None, holes: &[] });
    tell(command, identity, false);
}

fn invalid() -> Error {
    Error::unauthenticated(
        "invalid-assertion",
        "The assertion is not valid, has expired, or was used before. Ask the provider again.",
    )
}
