//! Logging in: a password proves the identity, which enters one of its tenants.

use domain::entity::{Field, email, reference, text};
use domain::{Error, validate};
use edge::{Call, Outcome, Reply};
use store::{Command, PlatformScope};

use crate::attempts::{self, Counted};
use crate::entrance::{self, text as text_of};
use crate::places::{self, Place};
use crate::{device, identity, password};

const INPUT: &[Field] = &[
    email("email").required(),
    text("password", password::LEN_MAX).required(),
    reference("tenant", "tenant"),
    text("device", device::LEN_MAX),
];

/// Logs in to the tenant asked for, or to the one used last.
pub async fn login(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let email = text_of(&input, "email");
    let device = device::known(&call.config.vault, email, text_of(&input, "device"), call.now());
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(email);
    let mut reading = call.store.reading(&platform);
    let counted = attempts::count(&mut reading, attempts::of_login(call, email, device.as_deref()), call.now());
    let step = reading.operation(places::of_email(email));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let identity = found.docs(step).pop();
    let hash = identity.as_ref().and_then(|identity| identity.get("password_hash")?.as_str());
    let is_right = password::verify(text_of(&input, "password"), hash);
    let (Some(mut identity), true) = (identity, is_right) else { return Err(refused().into()) };
    let places = places::taken_from(&mut identity);
    let place = places::chosen(&places, input.get("tenant")).ok_or_else(refused)?;
    let mut command = call.store.command(&platform);
    identity::require_unchanged(&mut command, &platform, &identity);
    enter(call, command, &counted, place, &places, device).await
}

/// Enters a place, once who enters has been proved.
async fn enter(
    call: &Call,
    mut command: Command<'_>,
    counted: &Counted,
    place: &Place,
    places: &[Place],
    device: Option<String>,
) -> Outcome {
    let tenant = PlatformScope::of_auth().tenant(text_of(&place.tenant, "_id"), call.now());
    counted.forgive(&mut command);
    command.on(&tenant);
    entrance::require_open_tenant(&mut command, &tenant);
    entrance::touch(&mut command, &tenant, &place.member);
    let token = entrance::open_login(call, &mut command, &place.member);
    let mut body = entrance::welcome(call, &place.tenant, &place.member, &token, device)?;
    if let Some(body) = body.as_object_mut() {
        body.insert("memberships".to_owned(), places::shown(places));
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
