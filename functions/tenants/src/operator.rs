//! What the operator of the platform alone sets: a tenant's plan, limits and status.

use data_api::{Action, Operation};
use domain::entities::{JOB, LIMIT_MAX, LOGIN, MEMBERSHIP, TENANT};
use domain::entity::{Field, Kind, choice, date, integer, list};
use domain::plan::{self, FEATURES, PLAN_LIMITS, PLAN_WORDS};
use domain::retention::ENDED_TENANT_DAYS;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Time, doc, json};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;
use store::proof::Operator;
use store::{Command, EventOf, PlatformScope, Scope, compile, keys_gone, logins};

/// How long the trash of a tenant that is back can still be restored at least.
const TRASH_GRACE_DAYS: i64 = 7;
const STATUSES: &[&str] = &["active", "suspended", "cancelled"];

/// What `update` takes.
pub const INPUT: &[Field] = &[
    choice("plan", PLAN_WORDS),
    choice("status", STATUSES),
    integer("max_users", 0, LIMIT_MAX),
    integer("max_leads", 0, LIMIT_MAX),
    Field { default: None, ..list("extra_features", &Kind::Choice(FEATURES), FEATURES.len()) },
    date("subscription_start"),
    date("subscription_end"),
];

/// A tenant.
pub async fn get(call: &Call) -> Outcome {
    let scope = scope(call)?;
    Ok(Reply::record(200, &TENANT, read(call, &scope).await?))
}

/// Sets what is given; `null` takes a limit back to the plan's.
pub async fn update(call: &Call) -> Outcome {
    let scope = scope(call)?;
    let given = call.input()?;
    let nulls: Vec<String> = given.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
    let input = validate::input(INPUT, given)?;
    let before = read(call, &scope).await?;
    crud::check_version(call, &before)?;
    let mut after = before.clone();
    nulls.iter().filter(|name| !matches!(name.as_str(), "plan" | "status")).for_each(|name| drop(after.remove(stored(name))));
    after.extend(input.into_iter().map(|(name, value)| (stored(&name).to_owned(), value)));
    let status = (doc::text(&before, "status") != doc::text(&after, "status")).then(|| status_of(&after).to_owned());
    if let Some(status) = &status {
        date_status(&before, &mut after, status, call.now())?;
    }
    plan::resolve(&mut after);
    let change = change(&before, after);
    if change.is_empty() {
        return Ok(Reply::record(200, &TENANT, before));
    }
    let mut command = call.store.command(&scope);
    // Written in any case: whoever joins at this moment writes them too, and would else come by unfrozen.
    for limit in PLAN_LIMITS {
        command.set_limit(*limit, limit.max_of(&change.after));
    }
    if let Some(status) = &status {
        freeze(&mut command, &scope, status);
        command.recount_tomorrow();
    }
    let kind = status.as_ref().map_or("tenant.updated".to_owned(), |status| format!("tenant.{status}"));
    if status.is_some() {
        wake(&mut command, &scope, &before);
    }
    let after = crud::apply(call, &mut command, &TENANT, &before, &change, &kind)?;
    if let (Some("cancelled"), Some(due)) = (status.as_deref(), doc::text(&after, "erase_after").and_then(Time::parse)) {
        command.job("keys", "", json!({ "step": "destroy" }), Some(due));
    }
    command.answer_record(200, &TENANT, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Has all tenants' keys wrapped, and what belongs to no tenant sealed, by the newest master key.
pub async fn rewrap(call: &Call) -> Outcome {
    let mut command = call.store.command(&Scope::of_operator(&operator(call)?, PlatformScope::TENANT, call.now()));
    command.job("keys", "", json!({ "step": "rewrap" }), None);
    command.answer_body(202, json!({ "status": "rewrapping" }));
    Ok(Reply::answer(command.commit().await?))
}

/// Makes keys for a tenant that never had any, as it was made before there were keys; what is kept of it in the clear is sealed
/// by them. Whoever destroyed theirs gets no others, or nobody would notice that what they sealed is gone.
pub async fn make_keys(call: &Call) -> Outcome {
    let scope = scope(call)?;
    read(call, &scope).await?;
    if call.store.wrapped_keys(scope.tenant()).is_some() {
        return Err(Error::conflict("keys-exist", "The tenant has keys; its owner replaces them.").into());
    }
    let mut command = call.store.command(&scope);
    // Beside a sealed value stands what it is found by, whoever has the key.
    let sealed = scope.everything().and(Filter::is_not("email_blind", Value::Null));
    command.forbid(&MEMBERSHIP, sealed, keys_gone());
    command.new_keys(&call.store, &scope);
    let (kind, changes) = ("tenant.keys_made", json!({}));
    command.event(EventOf { kind, entity: &TENANT, id: scope.tenant(), lead: None, changes, comment: None, holes: &[] });
    command.job("keys", "", json!({ "step": "reseal" }), None);
    command.answer_body(202, json!({ "status": "sealing" }));
    Ok(Reply::answer(command.commit().await?))
}

/// The scope of whoever knows the secret, in the tenant of the path.
pub fn scope(call: &Call) -> Result<Scope, Halt> {
    Ok(Scope::of_operator(&operator(call)?, call.id(&TENANT)?, call.now()))
}

fn operator(call: &Call) -> Result<Operator, Halt> {
    let bearer = call.header("authorization");
    let bearer = bearer.as_deref().and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
    let operator = Operator::verify(bearer, &call.config.operator_secret);
    operator.ok_or_else(|| Error::unauthenticated("bad-secret", "The secret of the operator is required.").into())
}

/// The tenant but for whom it wants to be billed, which is for those who run it.
async fn read(call: &Call, scope: &Scope) -> Result<Doc, Halt> {
    let own = compile(&scope.live().and(Filter::is("_id", scope.tenant())));
    let operation = Operation::new(Action::FindOne, TENANT.collection).with("filter", own);
    let mut reading = call.store.reading(scope);
    reading.keys(scope.tenant());
    let step = reading.operation(operation.with("projection", json!({ "billing_info": 0 })));
    reading.run().await?.maybe(step).ok_or_else(|| Error::not_found().into())
}

/// Where the tenant keeps what the operator says.
fn stored(name: &str) -> &str {
    let limit = PLAN_LIMITS.iter().find(|limit| limit.field() == name);
    limit.map_or(name, |limit| limit.override_field())
}

fn status_of(tenant: &Doc) -> &str {
    doc::text(tenant, "status").unwrap_or_default()
}

/// The dates of a status; a cancelled tenant comes back only before it is erased.
fn date_status(before: &Doc, after: &mut Doc, status: &str, now: Time) -> Result<(), Error> {
    let ends = doc::text(before, "erase_after").and_then(Time::parse);
    if ends.is_some_and(|ends| ends <= now) {
        return Err(Error::conflict("tenant-ended", "The tenant was cancelled too long ago to come back."));
    }
    for field in ["suspended_at", "cancelled_at", "erase_after"] {
        after.remove(field);
    }
    match status {
        "suspended" => after.extend(doc::fields(json!({ "suspended_at": now }))),
        "cancelled" => after.extend(doc::fields(json!({ "cancelled_at": now, "erase_after": now.plus_days(ENDED_TENANT_DAYS) }))),
        _ => {}
    }
    Ok(())
}

/// What waited for the end of a cancelled tenant is due at once. What nobody could take out of the trash meanwhile stays there for
/// some days more.
fn wake(command: &mut Command<'_>, scope: &Scope, before: &Doc) {
    let (queued, graced) = (scope.live().and(Filter::is("status", "queued")), scope.now().plus_days(TRASH_GRACE_DAYS));
    if let Some(end) = doc::text(before, "erase_after").and_then(Time::parse) {
        let waiting = queued.clone().and(Filter::is("run_at", end.ejson())).and(Filter::is_not("kind", "erase"));
        command.update_many(&JOB, &waiting, &doc::fields(json!({ "run_at": scope.now() })));
    }
    let trash = queued.and(Filter::is("kind", "erase")).and(Filter::by("run_at", graced));
    command.update_many(&JOB, &trash, &doc::fields(json!({ "run_at": graced })));
}

/// From the same moment on no member changes anything, or all may again; a cancelled tenant logs everybody out.
fn freeze(command: &mut Command<'_>, scope: &Scope, status: &str) {
    command.update_many(&MEMBERSHIP, &scope.live(), &doc::fields(json!({ "frozen": status != "active" })));
    if status == "cancelled" {
        let open = scope.live().and(logins::usable(scope.now()));
        command.update_many(&LOGIN, &open, &logins::ended(scope.now(), "tenant-cancelled"));
    }
}
