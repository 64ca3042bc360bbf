//! Proving within a session who one is: a stolen access token must not make itself a way in.

use domain::{Doc, Error, Filter, Time, Violation};
use edge::{Call, Halt};
use serde_json::Value;
use store::Scope;
use store::proof::Session;

use crate::change_password::wrong;
use crate::entrance::text as text_of;
use crate::{identity, password};

/// How long a login proves who one is to whoever has no password.
const FRESH_MS: i64 = 600_000;

/// The login of the session.
pub fn own_login(scope: &Scope, session: &Session) -> Filter {
    scope.live().and(Filter::is("_id", session.login()))
}

/// The password in the input proves who asks, or without one a login of just now; switching is none.
pub fn prove(call: &Call, input: &Doc, identity: &Doc, login: &Doc) -> Result<(), Halt> {
    if identity::has_password(identity) {
        let password = input.get("password").and_then(Value::as_str);
        let missing = || Violation::on("password", "required", "This field is required.");
        let is_right = password::verify(password.ok_or_else(missing)?, Some(text_of(identity, "password_hash")));
        return if is_right { Ok(()) } else { Err(wrong("password").into()) };
    }
    let proven = Time::parse(text_of(login, "proven_at"));
    match proven.is_some_and(|proven| call.now() < proven.plus_ms(FRESH_MS)) {
        true => Ok(()),
        false => {
            Err(Error::unauthenticated("login-too-old", "Log in again to prove who you are, and do this within 10 minutes.")
                .into())
        }
    }
}
