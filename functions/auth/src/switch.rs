//! Switching: the same identity enters another of its tenants, without its password.

use domain::entities::{MEMBERSHIP, TENANT};
use domain::entity::{Field, reference};
use domain::{Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use store::PlatformScope;

use crate::entrance::{self, text as text_of};

const INPUT: &[Field] = &[reference("tenant", "tenant").required()];

/// Enters a tenant in which the identity of the session is an active member.
pub async fn switch(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let input = validate::input(INPUT, call.input()?)?;
    let there = PlatformScope::of_auth().tenant(text_of(&input, "tenant"), call.now());
    let own = Filter::is("identity", call.session()?.identity()).and(Filter::is("status", "active"));
    let mut reading = call.store.reading(scope);
    let tenant = reading.one(&TENANT, &entrance::open_tenant(&there), Error::not_found());
    let member = reading.one(&MEMBERSHIP, &there.live().and(own), Error::not_found());
    let mut found = reading.run().await?;
    let (tenant, member) = (found.doc(tenant), found.doc(member));
    let mut command = call.store.command(scope);
    command.on(&there);
    entrance::require_open_tenant(&mut command, &there);
    entrance::touch(&mut command, &there, &member);
    let token = entrance::open_login(call, &mut command, &member);
    command.answer_secret(200, entrance::tokens(call, &tenant, &member, &token, call.now())?);
    Ok(Reply::answer(command.commit().await?))
}
