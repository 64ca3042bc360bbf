//! Logging in: a password proves the identity, which enters one of its tenants.

use domain::entity::{Field, email, reference, text};
use domain::{Error, validate};
use edge::{Call, Outcome, Reply};
use store::PlatformScope;

use crate::entrance::{self, text as text_of};
use crate::{identity, password, places};

const INPUT: &[Field] =
    &[email("email").required(), text("password", password::LEN_MAX).required(), reference("tenant", "tenant")];

/// Logs in to the tenant asked for, or to the one used last.
pub async fn login(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let email = text_of(&input, "email");
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(email);
    let mut reading = call.store.reading(&platform);
    let step = reading.operation(places::of_email(email));
    let identity = reading.run().await?.docs(step).pop();
    let hash = identity.as_ref().and_then(|identity| identity.get("password_hash")?.as_str());
    let is_right = password::verify(text_of(&input, "password"), hash);
    let (Some(mut identity), true) = (identity, is_right) else { return Err(refused().into()) };
    let places = places::taken_from(&mut identity);
    let wanted = input.get("tenant");
    let place = places.iter().find(|place| wanted.is_none_or(|tenant| place.tenant.get("_id") == Some(tenant)));
    let place = place.ok_or_else(refused)?;
    let tenant = PlatformScope::of_auth().tenant(text_of(&place.tenant, "_id"), call.now());
    let mut command = call.store.command(&platform);
    identity::require_unchanged(&mut command, &platform, &identity);
    command.on(&tenant);
    entrance::require_open_tenant(&mut command, &tenant);
    entrance::touch(&mut command, &tenant, &place.member);
    let token = entrance::open_login(call, &mut command, &place.member);
    let mut body = entrance::tokens(call, &place.tenant, &place.member, &token, call.now())?;
    if let Some(body) = body.as_object_mut() {
        body.insert("memberships".to_owned(), places::shown(&places));
    }
    command.answer_secret(200, body);
    Ok(Reply::answer(command.commit().await?))
}

/// One answer for everybody who may not enter: it tells nothing about who is there.
pub fn refused() -> Error {
    Error::unauthenticated(
        "invalid-credentials",
        "The e-mail address or the password is not right, or there is nothing to enter.",
    )
}
