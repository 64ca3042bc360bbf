//! One's own logins elsewhere: shown, linked and taken away.

use domain::entities::{CREDENTIAL, IDENTITY, LOGIN};
use domain::entity::{Field, text};
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, json};
use edge::{Call, Outcome, Reply};
use store::PlatformScope;

use crate::entrance::text as text_of;
use crate::{attempts, credential, fresh, identity, password};

/// What `link` takes.
pub const INPUT: &[Field] = &[credential::ASSERTION.required(), text("password", password::LEN_MAX)];
const CREDENTIALS_MAX: u32 = 20;

/// One's own logins elsewhere, the oldest first.
pub async fn list(call: &Call) -> Outcome {
    let session = call.session()?;
    let mut reading = call.store.reading(call.scope()?);
    let platform = PlatformScope::of_auth().identities(call.now());
    let own = credential::of_identity(&platform, session.identity());
    let step = reading.many(&CREDENTIAL, &own, json::of("_id", 1), CREDENTIALS_MAX);
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
    let login = reading.maybe(&LOGIN, &fresh::own_login(scope, session));
    let linked = reading.count(&CREDENTIAL, &credential::of_identity(&platform, session.identity()));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let is_full = found.count(linked) >= u64::from(CREDENTIALS_MAX);
    let (identity, login) = (found.doc(identity), found.doc(login));
    fresh::prove(call, &input, &identity, &login)?;
    let proves = credential::proves(&assertion, &identity);
    if !proves && !identity::is_proven(&identity) {
        let detail = "Your e-mail address is not proven yet: set your password anew by mail first.";
        return Err(Error::conflict("email-unproven", detail).into());
    }
    if is_full {
        return Err(Error::conflict("too-many-credentials", "Nobody has more logins elsewhere. Take one away first.").into());
    }
    let mut command = call.store.command_about_oneself(scope);
    counted.forgive(&mut command);
    command.on(&platform);
    credential::use_up(call, &mut command, &assertion);
    let credential = credential::link(&mut command, session.identity(), &assertion);
    credential::tell(&mut command, session.identity(), true);
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
    let linked = credential::of_identity(&platform, session.identity());
    reading.one(&CREDENTIAL, &linked.clone().and(Filter::is("_id", id)), Error::not_found());
    let other = reading.maybe(&CREDENTIAL, &linked.and(Filter::is_not("_id", id)));
    let mut found = reading.run().await?;
    let (identity, other) = (found.doc(identity), found.maybe(other));
    let last = || Error::conflict("last-credential", "This is your last way in. Set a password or link another login first.");
    let mut command = call.store.command_about_oneself(scope);
    command.on(&platform);
    // What stays must stay until this is written: of two at once, one is refused.
    match (identity::has_password(&identity), &other) {
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
