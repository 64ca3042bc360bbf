//! Changing one's password: the current one proves who asks, and every other login ends.

use domain::entities::IDENTITY;
use domain::entity::{Field, text};
use domain::{Error, Filter, Violation, validate};
use edge::{Call, Outcome, Reply};
use store::PlatformScope;

use crate::entrance::text as text_of;
use crate::{attempts, identity, logins, password};

/// What `change` takes.
pub const INPUT: &[Field] =
    &[text("current_password", password::LEN_MAX).required(), text("password", password::LEN_MAX).required()];

/// Gives the identity of the session another password.
pub async fn change(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    password::check(text_of(&input, "password"))?;
    let (session, scope) = (call.session()?, call.scope()?);
    let platform = PlatformScope::of_auth().identities(call.now());
    let others = logins::of_identity(session.identity(), call.now()).and(Filter::is_not("_id", session.login()));
    let mut reading = call.store.reading(scope);
    let counters = attempts::of_identity(call, "password", session.identity());
    let counted = attempts::count(&mut reading, counters, call.now());
    let own = platform.live().and(Filter::is("_id", session.identity()));
    let step = reading.one(&IDENTITY, &own, Error::not_found());
    reading.keys_of_member(session.identity());
    let open = store::logins::read(&mut reading, &others);
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let (identity, open) = (found.doc(step), found.docs(open));
    if !password::verify(text_of(&input, "current_password"), Some(text_of(&identity, "password_hash"))) {
        return Err(wrong("current_password").into());
    }
    let hash = password::hash(text_of(&input, "password"), call.store.random())?;
    let mut command = call.store.command_about_oneself(scope);
    counted.forgive(&mut command);
    identity::set_password(&mut command, &platform, &identity, &hash, None, identity::raced());
    logins::end(call, &mut command, &others, &open, "password-changed");
    Ok(Reply::answer(command.commit().await?))
}

/// The password in a field is not the caller's.
pub fn wrong(field: &str) -> Error {
    let violation = Violation::on(field, "wrong-password", "This is not your password.");
    let error = Error::unauthenticated("wrong-password", "The password that proves who you are is not right.");
    Error { violations: vec![violation], ..error }
}
