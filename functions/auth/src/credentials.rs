//! One's own logins elsewhere: shown, linked and taken away.

use domain::entities::{CREDENTIAL, IDENTITY, LOGIN};
use domain::entity::{Field, text};
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Time, Violation, json};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{PlatformScope, Reading, Step};

use crate::change_password::wrong;
use crate::entrance::text as text_of;
use crate::{attempts, credential, identity, password};

const INPUT: &[Field] = &[credential::ASSERTION.required(), text("password", password::LEN_MAX)];
const CREDENTIALS_MAX: u32 = 20;
/// How long a login proves who one is to whoever has no password.
const FRESH_MS: i64 = 600_000;

/// One's own logins elsewhere, the oldest first.
pub async fn list(call: &Call) -> Outcome {
    let session = call.session()?;
    let mut reading = call.store.reading(call.scope()?);
    let step = read(call, &mut reading, session.identity());
    let found = reading.run().await?.docs(step).into_iter();
    let shown: Vec<Doc> = found.map(|credential| validate::render(&CREDENTIAL, credential, Some(session.viewer()))).collect();
    Ok(Reply::json(200, &json::of("data", shown)))
}

/// Links a login elsewhere, once who asks has been proved again.
pub async fn link(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let (session, scope) = (call.session()?, call.scope()?);
    let assertion = credential::open(call, text_of(&input, "assertion"))?;
    let platform = PlatformScope::of_auth().identities(call.now());
    let mut reading = call.store.reading(scope);
    let counters = attempts::of_identity(call, "password", session.identity());
    let counted = attempts::count(&mut reading, counters, call.now());
    let own = platform.live().and(Filter::is("_id", session.identity()));
    let identity = reading.one(&IDENTITY, &own, Error::not_found());
    let login = reading.maybe(&LOGIN, &scope.live().and(Filter::is("_id", session.login())));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let (identity, login) = (found.doc(identity), found.doc(login));
    prove(call, &input, &identity, &login)?;
    let proves = credential::proves(&assertion, &identity);
    if !proves && !identity::is_proven(&identity) {
        let detail = "Your e-mail address is not proven yet: set your password anew by mail first.";
        return Err(Error::conflict("email-unproven", detail).into());
    }
    let mut command = call.store.command_about_oneself(scope);
    counted.forgive(&mut command);
    command.on(&platform);
    credential::use_up(call, &mut command, &assertion);
    let credential = credential::link(&mut command, session.identity(), &assertion);
    if proves && !identity::is_proven(&identity) {
        let mut after = identity.clone();
        after.insert("email_verified_at".to_owned(), call.now().into());
        command.update(&IDENTITY, &own, &change(&identity, after), identity::raced());
    } else {
        identity::require_unchanged(&mut command, &platform, &identity);
    }
    command.answer_record(201, &CREDENTIAL, credential, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Takes a login elsewhere away, unless it is the last way in.
pub async fn unlink(call: &Call) -> Outcome {
    let (id, session, scope) = (call.id(&CREDENTIAL)?, call.session()?, call.scope()?);
    let platform = PlatformScope::of_auth().identities(call.now());
    let mut reading = call.store.reading(scope);
    let own = platform.live().and(Filter::is("_id", session.identity()));
    let identity = reading.one(&IDENTITY, &own, Error::not_found());
    let step = read(call, &mut reading, session.identity());
    let mut found = reading.run().await?;
    let (identity, credentials) = (found.doc(identity), found.docs(step));
    let (gone, others): (Vec<Doc>, Vec<Doc>) = credentials.into_iter().partition(|credential| text_of(credential, "_id") == id);
    if gone.is_empty() {
        return Err(Error::not_found().into());
    }
    let last = || Error::conflict("last-credential", "This is your last way in. Set a password or link another login first.");
    let mut command = call.store.command_about_oneself(scope);
    command.on(&platform);
    // What stays must stay until this is written: of two at once, one is refused.
    match (identity::has_password(&identity), others.first()) {
        (true, _) => identity::require_unchanged(&mut command, &platform, &identity),
        (false, Some(other)) => {
            let other = platform.live().and(Filter::is("_id", text_of(other, "_id")));
            command.require_still(&CREDENTIAL, other, last());
        }
        (false, None) => return Err(last().into()),
    }
    credential::unlink(&mut command, session.identity(), Some(id));
    Ok(Reply::answer(command.commit().await?))
}

fn read(call: &Call, reading: &mut Reading<'_>, identity: &str) -> Step {
    let platform = PlatformScope::of_auth().identities(call.now());
    reading.many(&CREDENTIAL, &credential::of_identity(&platform, identity), json::of("_id", 1), CREDENTIALS_MAX)
}

/// A stolen session must not make itself a way in: the password proves who asks, or without one a login of just now.
fn prove(call: &Call, input: &Doc, identity: &Doc, login: &Doc) -> Result<(), Halt> {
    if identity::has_password(identity) {
        let password = input.get("password").and_then(Value::as_str);
        let missing = || Violation::on("password", "required", "This field is required.");
        let is_right = password::verify(password.ok_or_else(missing)?, Some(text_of(identity, "password_hash")));
        return if is_right { Ok(()) } else { Err(wrong("password").into()) };
    }
    let made = Time::parse(text_of(login, "created_at"));
    match made.is_some_and(|made| call.now() < made.plus_ms(FRESH_MS)) {
        true => Ok(()),
        false => {
            Err(Error::unauthenticated("login-too-old", "Log in again to prove who you are, and link within 10 minutes.").into())
        }
    }
}
