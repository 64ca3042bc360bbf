//! For whom keys are made: for oneself, or for a service account that has no more than oneself. Nobody gets a key that acts as
//! another person.

use domain::entities::MEMBERSHIP;
use domain::json;
use domain::{Doc, Error, Filter, Policy, Violation};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::Command;
use store::proof::ApiKey;

/// The policy of a service account whose keys the caller may have.
pub fn policy_of_service(call: &Call, member: &Doc) -> Result<Policy, Halt> {
    let policy = Policy::of_member(member).ok_or_else(|| Error::internal("a membership has no known policy"))?;
    if !is_service(member) {
        return Err(Error::conflict("not-your-key", "Only whom a key acts as changes its secret. You can revoke it.").into());
    }
    if !call.viewer()?.policy.may_give(&policy) {
        return Err(Error::forbidden("role-not-allowed", "The service account has more than you have.").into());
    }
    Ok(policy)
}

/// Whether a member is a service account.
pub fn is_service(member: &Doc) -> bool {
    member.get("is_service").and_then(Value::as_bool) == Some(true)
}

/// What a key opens is a part of what its holder may do.
pub fn require_held(policy: &Policy, key: &Doc) -> Result<(), Halt> {
    let scopes = key.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let lacks = |(place, scope): (usize, &str)| {
        let detail = "Whoever the key acts as lacks this permission.";
        policy.reach(scope).is_none().then(|| Violation::at(format!("/scopes/{place}"), "not-held", detail))
    };
    let violations: Vec<Violation> = scopes.enumerate().filter_map(lacks).collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations).into()) }
}

/// Commits, and shows the key itself, this once; its record can be read.
pub async fn answer(call: &Call, mut command: Command<'_>, status: u16, id: &str, key: &ApiKey) -> Outcome {
    command.answer_secret(status, json!({ "api_key": id, "key": key.text(&call.config.vault) }));
    Ok(Reply::answer(command.commit().await?))
}

/// Reads the service account that a key is to be made for.
pub async fn read(call: &Call, member: &str) -> Result<Doc, Halt> {
    let scope = call.scope()?;
    let missing = || Violation::on("member", "not-found", "There is no such service account.");
    let one = scope.reach(&MEMBERSHIP, "read").and(Filter::is("_id", member));
    let member = call.store.find(scope, &MEMBERSHIP, one).await?.ok_or_else(missing)?;
    if is_service(&member) { Ok(member) } else { Err(missing().into()) }
}
