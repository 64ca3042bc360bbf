//! Switching: the same identity enters another of its tenants, without its password, for as long as the login lasts that it has.

use data_api::{Action, Operation};
use domain::entities::{LOGIN, MEMBERSHIP, TENANT};
use domain::entity::{Field, reference};
use domain::json::{object, of};
use domain::{Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use store::proof::Session;
use store::{Command, PlatformScope};

use crate::entrance::{self, text as text_of};
use crate::{fresh, places};

/// What `switch` takes.
pub const INPUT: &[Field] = &[reference("tenant", "tenant").required()];

/// Enters a tenant in which the identity of the session is an active member.
pub async fn switch(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let input = validate::input(INPUT, call.input()?)?;
    let there = PlatformScope::of_auth().tenant(text_of(&input, "tenant"), call.now());
    let own = Filter::is("identity", call.session()?.identity()).and(Filter::one_of("status", &["active", "pending"]));
    let mut reading = call.store.reading(scope);
    reading.keys(there.tenant());
    let tenant = reading.one(&TENANT, &entrance::open_tenant(&there), Error::not_found());
    let member = reading.one(&MEMBERSHIP, &there.live().and(own), Error::not_found());
    let login = reading.maybe(&LOGIN, &fresh::own_login(scope, call.session()?));
    let mut found = reading.run().await?;
    let login = found.maybe(login);
    let (tenant, member) = (found.doc(tenant), found.doc(member));
    if !entrance::may_enter(&tenant, &member, call.now()) {
        return Err(Error::not_found().into());
    }
    if places::waits(&member) {
        return Err(places::waiting().into());
    }
    let mut command = call.store.command_about_oneself(scope);
    touch_login(&mut command, call.session()?);
    command.on(&there);
    entrance::require_open_tenant(&mut command, &there);
    entrance::touch(&mut command, &there, &member);
    let token = entrance::open_login_within(call, &mut command, &member, login.as_ref())?;
    command.answer_secret(200, entrance::tokens(call, &tenant, &member, &token, call.now())?);
    Ok(Reply::answer(command.commit().await?))
}

/// Writes the login that the session belongs to: when all logins of somebody end at this moment, none slips out of it.
fn touch_login(command: &mut Command<'_>, session: &Session) {
    let filter = object(vec![("_id", session.login().into()), ("tenant_id", session.tenant().into())]);
    let operation = Operation::new(Action::UpdateOne, LOGIN.collection).with("filter", filter);
    command.operation(operation.with("update", of("$inc", of("touched", 1))), None);
}
