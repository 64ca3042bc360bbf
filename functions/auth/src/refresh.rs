//! Refreshing: a token is good for one new pair; using it again ends the login, as two hold it then.

use data_api::{Action, Operation};
use domain::entities::{LOGIN, MEMBERSHIP, TENANT};
use domain::entity::{Field, text};
use domain::json::{list, object, of};
use domain::{Doc, Error, Filter, Time, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{PlatformScope, Scope};

use crate::entrance::{self, text as text_of};
use crate::logins;
use crate::places;
use crate::refresh_token::RefreshToken;

/// What `refresh` takes.
pub const INPUT: &[Field] = &[text("refresh_token", 500).required()];

/// How long a repeat with the same Idempotency-Key gets the same pair.
const REPEAT_MS: i64 = 30_000;

const REFUSED: &str = "generation-refused";

/// Gives a new pair for the newest refresh token of a login.
pub async fn refresh(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let token = RefreshToken::read(&call.config.vault, text_of(&input, "refresh_token")).ok_or_else(invalid)?;
    let scope = PlatformScope::of_auth().tenant(&token.tenant, call.now());
    let mut command = call.store.command(&scope);
    let login = command.operation(rotation(call, &scope, &token), Some(Error::unauthenticated(REFUSED, "")));
    let member = Operation::new(Action::FindOne, MEMBERSHIP.collection)
        .with(
            "filter",
            object(vec![("tenant_id", scope.tenant().into()), ("status", "active".into()), ("deleted_at", Value::Null)]),
        )
        .referring("filter._id", &login.path("document.membership"))
        .expecting("document", object(vec![]));
    let member = command.operation(member, Some(ended()));
    let tenant = command.require(&TENANT, entrance::open_tenant(&scope), ended());
    command.keys(scope.tenant());
    match command.run().await {
        Ok(mut found) => {
            let (tenant, member) = (found.doc(tenant), found.doc(member));
            if !entrance::may_enter(&tenant, &member, call.now()) {
                return Err(ended().into());
            }
            let next = RefreshToken { generation: token.generation + 1, ..token };
            Ok(Reply::json(200, &entrance::tokens(call, &tenant, &member, &next, call.now())?))
        }
        Err(Halt::Refused(error)) if error.code == REFUSED => explain(call, &scope, &token).await,
        Err(halt) => Err(halt),
    }
}

/// Takes the login from the token's generation to the next.
fn rotation(call: &Call, scope: &Scope, token: &RefreshToken) -> Operation {
    let now = call.now();
    let filter = object(vec![
        ("_id", token.login.as_str().into()),
        ("tenant_id", scope.tenant().into()),
        ("generation", token.generation.into()),
        ("revoked_at", Value::Null),
        ("expires_at", of("$gt", now.ejson())),
    ]);
    let one_more = |field: &str| of("$add", list(vec![field.into(), 1.into()]));
    let set = object(vec![
        ("last_used_at", now.ejson()),
        // A login that was made by switching ends with the one it was made from.
        ("expires_at", of("$min", list(vec![entrance::login_expiry(now).ejson(), "$ends_at".into()]))),
        ("updated_at", now.ejson()),
        ("rotation_key", rotation_key(call, token).into()),
        ("generation", one_more("$generation")),
        ("version", one_more("$version")),
    ]);
    Operation::new(Action::FindOneAndUpdate, LOGIN.collection)
        .with("filter", filter)
        .with("update", list(vec![of("$set", set)]))
        .with("returnDocument", "after")
        .expecting("document", object(vec![]))
}

/// Why a token of ours was refused; a reused one ends its login.
async fn explain(call: &Call, scope: &Scope, token: &RefreshToken) -> Outcome {
    let mut reading = call.store.reading(scope);
    reading.keys(scope.tenant());
    let login = reading.one(&LOGIN, &scope.live().and(Filter::is("_id", token.login.as_str())), invalid());
    let entered = scope.live().and(Filter::one_of("status", &["active", "pending"]));
    let source = login.path("document.membership");
    let member = reading.many_linked(&MEMBERSHIP, &entered, of("_id", 1), 1, ("_id", &source));
    let tenant = reading.maybe(&TENANT, &entrance::open_tenant(scope));
    let mut found = reading.run().await?;
    let login = found.doc(login);
    let newest = login.get("generation").and_then(Value::as_i64).unwrap_or_default();
    let member = found.docs(member).pop();
    if member.as_ref().is_some_and(places::waits) {
        return Err(places::waiting().into());
    }
    if login.contains_key("revoked_at") {
        return Err(ended().into());
    }
    if token.generation >= newest {
        return Err(invalid().into());
    }
    if !is_repeat(call, token, &login, newest) {
        logins::end_one(call, scope, &token.login, "refresh-token-reused").await?;
        let detail = "This refresh token was used before. Whoever has logged in must do so again.";
        return Err(Error::unauthenticated("refresh-token-reused", detail).into());
    }
    let (Some(member), Some(tenant)) = (member, found.maybe(tenant)) else { return Err(ended().into()) };
    if !entrance::may_enter(&tenant, &member, call.now()) {
        return Err(ended().into());
    }
    let since = Time::parse(text_of(&login, "last_used_at")).unwrap_or(call.now());
    let next = RefreshToken { generation: newest, ..token.clone() };
    let pair = entrance::tokens(call, &tenant, &member, &next, since)?;
    Ok(Reply::json(200, &pair).with("idempotency-replayed", "true"))
}

/// Whether the request that took the login to its newest generation was this very one, a moment ago.
fn is_repeat(call: &Call, token: &RefreshToken, login: &Doc, newest: i64) -> bool {
    let key = rotation_key(call, token);
    let rotated_at = Time::parse(text_of(login, "last_used_at"));
    token.generation + 1 == newest
        && key.is_some_and(|key| key == text_of(login, "rotation_key"))
        && rotated_at.is_some_and(|at| call.now() <= at.plus_ms(REPEAT_MS))
}

fn rotation_key(call: &Call, token: &RefreshToken) -> Option<String> {
    let key = call.header("idempotency-key")?;
    Some(call.config.vault.sign("rotation", &[&token.login, key.trim()]))
}

fn invalid() -> Error {
    Error::unauthenticated("invalid-refresh-token", "The refresh token is not valid or has expired.")
}

fn ended() -> Error {
    Error::unauthenticated("session-ended", "The session has ended. Log in again.")
}
