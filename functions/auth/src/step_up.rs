//! Proving again who one is, within a session: what others then believe for a few minutes.

use domain::entities::IDENTITY;
use domain::entity::{Field, text};
use domain::json::object;
use domain::{Doc, Error, Filter, Violation, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Command, PlatformScope, STEP_UP_TTL_S, Scope, StepUp};

use crate::change_password::wrong;
use crate::entrance::text as text_of;
use crate::otp::{self, Challenge, Purpose};
use crate::{attempts, identity, password, second_factor};

/// What `prove` takes.
pub const INPUT: &[Field] =
    &[text("password", password::LEN_MAX), text("code", second_factor::CODE_LEN_MAX), text("challenge", 1_000)];

/// Has a code mailed to the caller's own address.
pub async fn ask(call: &Call) -> Outcome {
    let session = call.session()?;
    let platform = PlatformScope::of_auth().identities(call.now());
    let own = platform.live().and(Filter::is("_id", session.identity()));
    let identity = call.store.find(&platform, &IDENTITY, own).await?.ok_or_else(Error::not_found)?;
    let mut command = call.store.command_about_oneself(call.scope()?);
    command.on(&platform);
    // The login stands for a known device: nobody else can use its share up.
    otp::send(call, command, Purpose::StepUp, text_of(&identity, "email"), Some(session.login().to_owned())).await
}

/// Gives a proof for a password, for a code of the second factor, or for a code that was mailed.
pub async fn prove(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    if input.contains_key("password") == input.contains_key("code") {
        return Err(Violation::on("password", "required", "Expected either your password or a code.").into());
    }
    let (session, scope) = (call.session()?, call.scope()?);
    let challenge = input.get("challenge").and_then(Value::as_str);
    let challenge = challenge.map(|sealed| Challenge::open(call, Purpose::StepUp, sealed)).transpose()?;
    let platform = PlatformScope::of_auth().identities(call.now());
    let mut reading = call.store.reading(scope);
    let mut counters = attempts::of_identity(call, "password", session.identity());
    counters.extend(challenge.as_ref().map(|challenge| attempts::of_code(call, &challenge.nonce)));
    let counted = attempts::count(&mut reading, counters, call.now());
    let step = reading.one(&IDENTITY, &platform.live().and(Filter::is("_id", session.identity())), Error::not_found());
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let identity = found.doc(step);
    let mut command = call.store.command_about_oneself(scope);
    counted.forgive(&mut command);
    command.on(&platform);
    let proof = match &challenge {
        Some(challenge) => by_mail(call, &mut command, &identity, challenge, text_of(&input, "code"))?,
        None => by_secret(call, &mut command, &platform, &identity, &input)?,
    };
    let proof = proof.seal(&call.config.vault, session.login(), call.now(), call.store.random());
    command.answer_secret(200, object(vec![("proof", proof.into()), ("expires_in", STEP_UP_TTL_S.into())]));
    Ok(Reply::answer(command.commit().await?))
}

/// Whoever has a password or a second factor proves the mailbox alone by it.
fn by_mail(call: &Call, command: &mut Command<'_>, identity: &Doc, challenge: &Challenge, code: &str) -> Result<StepUp, Halt> {
    let is_own = challenge.device.as_deref() == Some(call.session()?.login()) && challenge.email == text_of(identity, "email");
    if !is_own || !challenge.is_answered(&call.config.vault, code) {
        return Err(second_factor::wrong_code().into());
    }
    attempts::use_up(call, command, &challenge.nonce, challenge.expires, second_factor::wrong_code());
    let is_full = !identity::has_password(identity) && !second_factor::is_on(identity);
    Ok(StepUp { is_full, address: Some(challenge.email.clone()) })
}

/// The second factor where there is one: a thief may know the password.
fn by_secret(call: &Call, command: &mut Command<'_>, platform: &Scope, identity: &Doc, input: &Doc) -> Result<StepUp, Halt> {
    let is_on = second_factor::is_on(identity);
    match input.get("code").and_then(Value::as_str) {
        Some(_) if !is_on => return Err(Error::conflict("totp-not-enabled", "The second factor is not on.").into()),
        Some(code) => {
            let used = second_factor::prove(&call.config.vault, identity, code, call.now());
            second_factor::use_up(command, identity, &used.ok_or_else(second_factor::wrong_code)?);
        }
        None if is_on => return Err(second_factor::asked().into()),
        None if !password::verify(text_of(input, "password"), Some(text_of(identity, "password_hash"))) => {
            return Err(wrong("password").into());
        }
        None => identity::require_unchanged(command, platform, identity),
    }
    Ok(StepUp { is_full: true, address: None })
}
