//! Turning the second factor on and off.

use domain::entities::{IDENTITY, LOGIN};
use domain::entity::{Field, text};
use domain::json::{object, of};
use domain::validate::{self, Change};
use domain::{Doc, Error, Filter, Violation};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Command, PlatformScope};

use crate::attempts::{self, Counted};
use crate::change_password::wrong;
use crate::entrance::text as text_of;
use crate::{fresh, password, second_factor, totp};

/// What `enrol` takes.
pub const WITH_PASSWORD: &[Field] = &[text("password", password::LEN_MAX)];
/// What `confirm` takes.
pub const WITH_CODE: &[Field] = &[text("code", second_factor::CODE_LEN_MAX).required()];
/// What `disable` takes.
pub const WITH_EITHER: &[Field] = &[text("password", password::LEN_MAX), text("code", second_factor::CODE_LEN_MAX)];
const ISSUER: &str = "Edgewise";

/// Makes a secret for an authenticator app; it counts once a code of it was seen.
pub async fn enrol(call: &Call) -> Outcome {
    let input = validate::input(WITH_PASSWORD, call.input()?)?;
    let (identity, login, counted) = read(call, "password").await?;
    fresh::prove(call, &input, &identity, &login)?;
    if second_factor::is_on(&identity) {
        return Err(Error::conflict("totp-enabled", "The second factor is on already. Turn it off first.").into());
    }
    let secret = call.store.random();
    let sealed = second_factor::seal(&call.config.vault, text_of(&identity, "_id"), secret, call.store.random());
    let change = changed(&identity, &[("totp_pending", Some(sealed.into()))]);
    let mut command = call.store.command_about_oneself(call.scope()?);
    counted.forgive(&mut command);
    apply(call, &mut command, &identity, &change, "identity.totp_enrolled");
    let url = totp::url(&secret, ISSUER, text_of(&identity, "email"));
    command.answer_secret(200, object(vec![("secret", totp::base32(&secret).into()), ("otpauth_url", url.into())]));
    Ok(Reply::answer(command.commit().await?))
}

/// Turns the second factor on by a first code, and shows the recovery codes this once.
pub async fn confirm(call: &Call) -> Outcome {
    let input = validate::input(WITH_CODE, call.input()?)?;
    let (identity, _, counted) = read(call, "totp").await?;
    let (id, vault) = (text_of(&identity, "_id"), &call.config.vault);
    let pending = identity.get("totp_pending").and_then(Value::as_str);
    let missing = || Error::conflict("totp-not-enrolled", "There is nothing to confirm. Enrol first.");
    let pending = pending.ok_or_else(missing)?;
    let secret = second_factor::open(vault, id, pending).ok_or_else(missing)?;
    let step = totp::matching(&secret, text_of(&input, "code").trim(), call.now(), 0).ok_or_else(second_factor::wrong_code)?;
    let (codes, hashes) = second_factor::recovery_codes(vault, id, call.store.random());
    let fields = [
        ("totp_secret", Some(pending.into())),
        ("totp_pending", None),
        ("totp_step", Some(step.into())),
        ("recovery_hashes", Some(hashes.into())),
    ];
    let change = changed(&identity, &fields);
    let mut command = call.store.command_about_oneself(call.scope()?);
    counted.forgive(&mut command);
    apply(call, &mut command, &identity, &change, "identity.totp_enabled");
    command.answer_secret(200, of("recovery_codes", codes));
    Ok(Reply::answer(command.commit().await?))
}

/// Turns the second factor off.
pub async fn disable(call: &Call) -> Outcome {
    let input = validate::input(WITH_EITHER, call.input()?)?;
    let (password, code) = (text_of(&input, "password"), text_of(&input, "code"));
    if password.is_empty() == code.is_empty() {
        return Err(Violation::on("password", "required", "Expected either your password or a code.").into());
    }
    let (identity, _, counted) = read(call, "password").await?;
    if !second_factor::is_on(&identity) {
        return Err(not_on().into());
    }
    if !password.is_empty() && !password::verify(password, Some(text_of(&identity, "password_hash"))) {
        return Err(wrong("password").into());
    }
    if !code.is_empty() && second_factor::prove(&call.config.vault, &identity, code, call.now()).is_none() {
        return Err(second_factor::wrong_code().into());
    }
    let gone = second_factor::FIELDS.map(|field| (field, None));
    let change = changed(&identity, &gone);
    let mut command = call.store.command_about_oneself(call.scope()?);
    counted.forgive(&mut command);
    apply(call, &mut command, &identity, &change, "identity.totp_disabled");
    Ok(Reply::answer(command.commit().await?))
}

/// Makes the recovery codes anew, for a code of either kind, and shows them this once.
pub async fn renew_codes(call: &Call) -> Outcome {
    let input = validate::input(WITH_CODE, call.input()?)?;
    let (identity, _, counted) = read(call, "totp").await?;
    if !second_factor::is_on(&identity) {
        return Err(not_on().into());
    }
    let vault = &call.config.vault;
    let used = second_factor::prove(vault, &identity, text_of(&input, "code"), call.now());
    let used = used.ok_or_else(second_factor::wrong_code)?;
    let (codes, hashes) = second_factor::recovery_codes(vault, text_of(&identity, "_id"), call.store.random());
    let change = changed(&identity, &[("recovery_hashes", Some(hashes.into()))]);
    let mut command = call.store.command_about_oneself(call.scope()?);
    counted.forgive(&mut command);
    second_factor::use_up(command.on(&PlatformScope::of_auth().identities(call.now())), &identity, &used);
    apply(call, &mut command, &identity, &change, "identity.recovery_codes_renewed");
    command.answer_secret(200, of("recovery_codes", codes));
    Ok(Reply::answer(command.commit().await?))
}

fn not_on() -> Error {
    Error::conflict("totp-not-enabled", "The second factor is not on.")
}

/// The identity and the login of the session, and an attempt to prove again that it is it.
async fn read(call: &Call, what: &str) -> Result<(Doc, Doc, Counted), Halt> {
    let (session, scope) = (call.session()?, call.scope()?);
    let own = PlatformScope::of_auth().identities(call.now()).live().and(Filter::is("_id", session.identity()));
    let mut reading = call.store.reading(scope);
    let counted = attempts::count(&mut reading, attempts::of_identity(call, what, session.identity()), call.now());
    let identity = reading.one(&IDENTITY, &own, Error::not_found());
    let login = reading.maybe(&LOGIN, &fresh::own_login(scope, session));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    Ok((found.doc(identity), found.doc(login), counted))
}

fn changed(identity: &Doc, fields: &[(&str, Option<Value>)]) -> Change {
    let mut after = identity.clone();
    for (field, value) in fields {
        match value {
            Some(value) => after.insert((*field).to_owned(), value.clone()),
            None => after.remove(*field),
        };
    }
    validate::change(identity, after)
}

/// Writes a change of the second factor of an identity that has the password and the second factor it was read with.
fn apply(call: &Call, command: &mut Command<'_>, identity: &Doc, change: &Change, kind: &str) {
    let as_read = |field: &'static str| Filter::is(field, identity.get(field).cloned().unwrap_or_default());
    let same = ["password_hash", "totp_secret", "totp_pending"].map(as_read).into_iter().fold(Filter::All, Filter::and);
    let raced = Error::conflict("concurrent-update", "The second factor was changed at the same moment. Try again.");
    command.on(&PlatformScope::of_auth().identities(call.now()));
    command.apply_when(&IDENTITY, identity, change, kind, same, raced);
}
