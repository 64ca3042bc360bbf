//! Logging in: a password, and a second factor where there is one, prove the identity, which enters one of its tenants.

use domain::entity::{Field, email, reference, text};
use domain::{Doc, Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use store::{Command, PlatformScope};

use crate::attempts::{self, Counted};
use crate::entrance::{self, text as text_of};
use crate::places::{self, Place};
use crate::{device, identity, password, second_factor};

/// What `login` takes.
pub const INPUT: &[Field] = &[
    email("email").required(),
    text("password", password::LEN_MAX).required(),
    reference("tenant", "tenant"),
    text("device", device::LEN_MAX),
];

/// What `second_factor` takes.
pub const SECOND: &[Field] = &[text("challenge", 1_000).required(), text("code", second_factor::CODE_LEN_MAX).required()];

/// Logs in to the tenant asked for, or to the one used last.
pub async fn login(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let email = text_of(&input, "email");
    let device = device::known(&call.config.vault, email, text_of(&input, "device"), call.now());
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(email);
    let mut reading = call.store.reading(&platform);
    let counted = attempts::count(&mut reading, attempts::of_login(call, email, device.as_deref()), call.now());
    reading.keys_of_identity(platform.live().and(Filter::is("email", email)));
    let step = reading.operation(places::with_identity("email", email));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let identity = found.docs(step).pop();
    let hash = identity.as_ref().and_then(|identity| identity.get("password_hash")?.as_str());
    let is_right = password::verify(text_of(&input, "password"), hash);
    let (Some(mut identity), true) = (identity, is_right) else { return Err(refused().into()) };
    let places = places::taken_from(&mut identity, call.now());
    let place = places::chosen(&places, input.get("tenant"), refused)?;
    if second_factor::is_on(&identity) {
        let command = call.store.command(&PlatformScope::of_auth().identities(call.now()));
        return ask(call, command, &counted, &identity, place, device.as_deref()).await;
    }
    let mut command = call.store.command(&platform);
    identity::require_unchanged(&mut command, &platform, &identity);
    enter(call, command, &counted, place, &places, device).await
}

/// Takes the attempt back, as it was a right one, and asks for the second factor. Nobody remembers the answer: the scope of the
/// command is one without a repeater.
pub async fn ask(
    call: &Call,
    mut command: Command<'_>,
    counted: &Counted,
    identity: &Doc,
    place: &Place,
    device: Option<&str>,
) -> Outcome {
    counted.forgive(&mut command);
    command.run().await?;
    Err(second_factor::required(call, identity, text_of(&place.tenant, "_id"), device).into())
}

/// Goes on with a login that waits for its second factor.
pub async fn second_factor(call: &Call) -> Outcome {
    let input = validate::input(SECOND, call.input()?)?;
    let (vault, now) = (&call.config.vault, call.now());
    let challenge = second_factor::open_challenge(vault, text_of(&input, "challenge"), now).ok_or_else(no_challenge)?;
    let platform = PlatformScope::of_auth().identities(now).repeated_by(&challenge.identity);
    let mut reading = call.store.reading(&platform);
    let counted = attempts::count(&mut reading, attempts::of_second_factor(call, &challenge), now);
    reading.keys_of_member(&challenge.identity);
    let step = reading.operation(places::with_identity("_id", &challenge.identity));
    let mut found = reading.run().await?;
    counted.check(&mut found, now)?;
    let mut identity = found.docs(step).pop().filter(|identity| challenge.is_of(vault, identity)).ok_or_else(no_challenge)?;
    let places = places::taken_from(&mut identity, call.now());
    let used = second_factor::prove(vault, &identity, text_of(&input, "code"), now).ok_or_else(second_factor::wrong_code)?;
    let place = places::chosen(&places, Some(&challenge.tenant.as_str().into()), no_challenge)?;
    let mut command = call.store.command(&platform);
    second_factor::use_up(&mut command, &identity, &used);
    enter(call, command, &counted, place, &places, challenge.device).await
}

/// Enters a place, once who enters has been proved.
pub async fn enter(
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

/// What a login was to go on from is not there.
pub fn no_challenge() -> Error {
    Error::unauthenticated("invalid-challenge", "The challenge is not valid or has expired. Log in again.")
}
