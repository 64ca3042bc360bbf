//! Entering a tenant: the login that is written, and the answer with its tokens.

use data_api::{Action, Operation};
use domain::entities::{LOGIN, MEMBERSHIP, TENANT};
use domain::json::{doc, object, of};
use domain::retention::LOGIN_DAYS;
use domain::{Doc, Error, Filter, Policy, Time, event};
use edge::{Call, Halt};
use serde_json::Value;
use store::proof::{ACCESS_TOKEN_TTL_S, Subject};
use store::{Command, EventOf, Scope};

pub use domain::entities::{may_enter, tenant_inactive as inactive};

use crate::device;
use crate::refresh_token::RefreshToken;

const USER_AGENT_LEN_MAX: usize = 400;

/// When a login ends that is used now.
pub fn login_expiry(now: Time) -> Time {
    now.plus_days(LOGIN_DAYS)
}

/// Expects the tenant of the scope to be one that is entered.
pub fn require_open_tenant(command: &mut Command<'_>, scope: &Scope) {
    command.require(&TENANT, open_tenant(scope), inactive());
}

/// The tenant of the scope, if it is entered: to read at least what it has.
pub fn open_tenant(scope: &Scope) -> Filter {
    let ended = Filter::is("status", "cancelled").and(Filter::after("erase_after", scope.now()));
    scope.live().and(Filter::is("_id", scope.tenant())).and(Filter::one_of("status", &["active", "suspended"]).or(ended))
}

/// The tenant of the scope, if somebody new may join it.
pub fn joinable_tenant(scope: &Scope) -> Filter {
    scope.live().and(Filter::is("_id", scope.tenant())).and(Filter::is("status", "active"))
}

/// Expects the membership to be as it was read, and notes that it was used now.
pub fn touch(command: &mut Command<'_>, scope: &Scope, member: &Doc) {
    let mut filter: Vec<(&str, Value)> =
        ["_id", "identity", "policy_version"].map(|field| (field, member.get(field).cloned().into())).into();
    filter.extend([("tenant_id", scope.tenant().into()), ("status", "active".into()), ("deleted_at", Value::Null)]);
    // No new version: members who are edited and members who log in do not get in each other's way.
    let update = object(vec![("$set", of("last_login_at", scope.now().ejson())), ("$inc", of("login_count", 1))]);
    let operation =
        Operation::new(Action::UpdateOne, MEMBERSHIP.collection).with("filter", object(filter)).with("update", update);
    let raced = Error::conflict("concurrent-update", "The membership was changed at the same moment. Try again.");
    command.operation(operation.expecting("matchedCount", 1), Some(raced));
}

/// Writes a new login of a member, who has just proved who they are, into the tenant that the command is on.
pub fn open_login(call: &Call, command: &mut Command<'_>, member: &Doc) -> RefreshToken {
    let ends = [("proven_at", Some(call.now().into())), ("expires_at", Some(login_expiry(call.now()).into()))];
    write_login(call, command, member, ends.into())
}

/// As [`open_login`], within a session: it proves nothing that the session's own `login` did not, and refreshing it does not
/// outlive that.
pub fn open_login_within(
    call: &Call,
    command: &mut Command<'_>,
    member: &Doc,
    login: Option<&Doc>,
) -> Result<RefreshToken, Halt> {
    let of = |field: &str| login.and_then(|login| login.get(field)).cloned();
    let expires = of("expires_at").unwrap_or(call.session()?.expires().into());
    let ends = [("proven_at", of("proven_at")), ("expires_at", Some(expires.clone())), ("ends_at", Some(expires))];
    Ok(write_login(call, command, member, ends.into()))
}

fn write_login(call: &Call, command: &mut Command<'_>, member: &Doc, ends: Vec<(&str, Option<Value>)>) -> RefreshToken {
    let scope = command.scope().clone().entered_by(text(member, "_id"));
    let id = command.on(&scope).id(&LOGIN);
    let agent = call.header("user-agent").map(|agent| agent.chars().take(USER_AGENT_LEN_MAX).collect::<String>());
    let fields = [
        ("identity", member.get("identity").cloned()),
        ("membership", member.get("_id").cloned()),
        ("generation", Some(1.into())),
        ("last_used_at", Some(call.now().into())),
        ("user_agent", agent.map(Value::from)),
        ("ip", call.store.origin().ip.clone().map(Value::from)),
    ];
    let login: Doc = fields.into_iter().chain(ends).filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let login = command.insert(&LOGIN, &id, login, &[], Error::internal("a login's id was taken"));
    let changes = event::diff(&LOGIN, None, &login);
    let kind = "login.created";
    command.event(EventOf { kind, entity: &LOGIN, id: &id, lead: None, changes, comment: None, holes: &[] });
    RefreshToken { login: id, tenant: text(member, "tenant_id").to_owned(), generation: 1 }
}

/// The answer with the tokens that a generation of a login has had since a time: always the same for the same.
pub fn tokens(call: &Call, tenant: &Doc, member: &Doc, token: &RefreshToken, since: Time) -> Result<Value, Halt> {
    let policy = Policy::of_member(member).ok_or_else(|| Error::internal("a membership has no known policy"))?;
    let subject = Subject {
        identity: text(member, "identity").to_owned(),
        tenant: token.tenant.clone(),
        member: text(member, "_id").to_owned(),
        policy,
        policy_version: member.get("policy_version").and_then(Value::as_i64).unwrap_or(1),
        login: token.login.clone(),
        keys: Some(call.store.require_keys(&token.tenant)?),
    };
    let mut body = doc(vec![
        ("access_token", call.config.keys.issue(&subject, since)?.into()),
        ("token_type", "Bearer".into()),
        ("expires_in", ACCESS_TOKEN_TTL_S.into()),
        ("refresh_token", token.write(&call.config.vault).into()),
    ]);
    body.extend(place(tenant, member));
    Ok(body.into())
}

/// As [`tokens`], for whoever has just proved who they are: with a token that tells their device from strangers' from now on.
pub fn welcome(call: &Call, tenant: &Doc, member: &Doc, token: &RefreshToken, device: Option<String>) -> Result<Value, Halt> {
    let mut body = tokens(call, tenant, member, token, call.now())?;
    if let Value::Object(body) = &mut body {
        body.insert("device".to_owned(), device::token(&call.store, text(member, "email"), device).into());
    }
    Ok(body)
}

/// A tenant and who somebody is in it, in brief.
pub fn place(tenant: &Doc, member: &Doc) -> Doc {
    let pick = |doc: &Doc, fields: &[&str]| {
        let mut picked = Doc::new();
        picked.insert("id".to_owned(), text(doc, "_id").into());
        picked.extend(fields.iter().filter_map(|field| Some(((*field).to_owned(), doc.get(*field)?.clone()))));
        Value::Object(picked)
    };
    let parts = [("tenant", pick(tenant, &["name"])), ("member", pick(member, &["name", "email", "role"]))];
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

/// The text of a field, empty when there is none.
pub fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default()
}
