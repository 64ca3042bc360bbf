//! Forgotten passwords: a link by mail for who asks, and a new password for who has the link.

use domain::entities::IDENTITY;
use domain::entity::{Field, email, text};
use domain::json::object;
use domain::{Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use store::{PlatformScope, Reset, open_reset, reset_expiry, seal_address};

use crate::entrance::text as text_of;
use crate::{attempts, credential, identity, logins, password};

/// What `forgot` takes.
pub const ASKED: &[Field] = &[email("email").required()];
/// What `reset` takes.
pub const CHOSEN: &[Field] = &[text("token", 500).required(), text("password", password::LEN_MAX).required()];

/// An address gets one mail in so long.
const MAIL_EVERY_MS: i64 = 900_000;

/// Has a link mailed to an address, if somebody logs in with it: a job finds that out, so nobody learns it from the answer.
pub async fn forgot(call: &Call) -> Outcome {
    let input = validate::input(ASKED, call.input()?)?;
    let (email, now, vault) = (text_of(&input, "email"), call.now(), &call.config.vault);
    let platform = PlatformScope::of_auth().identities(now).repeated_by(email);
    let mut command = call.store.command(&platform);
    attempts::require(&mut command, attempts::of_address(call, "forgot"), now);
    let slot = (now.ms() / MAIL_EVERY_MS).to_string();
    let sealed = seal_address(vault, email, call.store.random());
    let payload = object(vec![("email", sealed.into()), ("expires", reset_expiry(now).into())]);
    command.job_once("password-reset", &[&vault.sign("reset-job", &[email]), &slot], payload);
    command.answer_body(202, object(vec![]));
    Ok(Reply::answer(command.commit().await?))
}

/// Gives whoever has the link a new password, and ends every login.
pub async fn reset(call: &Call) -> Outcome {
    let input = validate::input(CHOSEN, call.input()?)?;
    password::check(text_of(&input, "password"))?;
    let link = open(call, text_of(&input, "token"))?;
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(&link.identity);
    let all = logins::of_identity(&link.identity, call.now());
    let mut reading = call.store.reading(&platform);
    let step = reading.one(&IDENTITY, &platform.live().and(Filter::is("_id", link.identity.as_str())), invalid());
    reading.keys_of_member(&link.identity);
    let open = store::logins::read(&mut reading, &all);
    let mut found = reading.run().await?;
    let (identity, open) = (found.doc(step), found.docs(open));
    if !link.replaces(&call.config.vault, text_of(&identity, "password_hash")) {
        return Err(invalid().into());
    }
    let hash = password::hash(text_of(&input, "password"), call.store.random())?;
    let mut command = call.store.command(&platform);
    attempts::forget(call, &mut command, text_of(&identity, "email"));
    if !identity::is_proven(&identity) {
        // Whoever took the address before it was proven may have left a way in.
        credential::unlink(&mut command, &link.identity, None);
    }
    identity::set_password(&mut command, &platform, &identity, &hash, Some(call.now()), invalid());
    logins::end(call, &mut command, &all, &open, "password-reset");
    Ok(Reply::answer(command.commit().await?))
}

fn open(call: &Call, token: &str) -> Result<Reset, Error> {
    let link = open_reset(&call.config.vault, token).ok_or_else(invalid)?;
    match link.expires <= call.now() {
        true => Err(Error::unauthenticated("reset-expired", "The link has expired. Ask for a new one.")),
        false => Ok(link),
    }
}

fn invalid() -> Error {
    Error::unauthenticated("invalid-reset-token", "The link is not valid, or was used before. Ask for a new one.")
}
