//! A dry run: whether somebody may do something, and which rule decides.

use domain::entities::{self, MEMBERSHIP, ROLE, role_policy};
use domain::entity::{Entity, Field, choice, reference, text};
use domain::json;
use domain::policy::PERMISSIONS;
use domain::role::ROLE_WORDS;
use domain::{Doc, Error, Filter, Policy, Role, Viewer, Violation, access, custom, doc, id, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;

/// What `explain` takes.
pub const INPUT: &[Field] = &[
    reference("member", "membership"),
    choice("role", ROLE_WORDS),
    reference("custom_role", "role"),
    text("action", 40).required(),
    text("record", 40),
    text("field", 60),
];

/// What is asked: an action on an entity, a record of it perhaps, a field perhaps.
struct Question<'a> {
    permission: &'static str,
    entity: &'static Entity,
    record: Option<&'a str>,
    /// The field, and its name: of one of the tenant's own with its key.
    field: Option<(&'static Field, &'a str)>,
}

/// The rule that decides, whether it allows, and what it says.
type Ruling = (&'static str, bool, String);

/// Explains what a member, a role, or whoever asks may do.
pub async fn explain(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let question = question(&input)?;
    let (viewer, state) = viewer(call, &input, question.record.is_some()).await?;
    let ruling = match by_membership(&state).or_else(|| by_policy(&question, &viewer)) {
        Some(ruling) => ruling,
        None => by_record(call, &question, &viewer).await?,
    };
    let (rule, allowed, detail) = match by_tenant(&question, &state) {
        Some(refused) if ruling.1 => refused,
        _ => ruling,
    };
    let reach = viewer.policy.reach(question.permission).map(|reach| reach.word());
    Ok(Reply::json(200, &json!({ "allowed": allowed, "rule": rule, "reach": reach, "detail": detail })))
}

fn question(input: &Doc) -> Result<Question<'_>, Violation> {
    let action = doc::text(input, "action").unwrap_or_default();
    let permission = PERMISSIONS.iter().find(|known| **known == action);
    let entity = action.split(':').next().and_then(entities::by_name);
    let (Some(permission), Some(entity)) = (permission, entity) else {
        return Err(Violation::on("action", "unknown-permission", "There is no such permission."));
    };
    let record = doc::text(input, "record");
    if record.is_some_and(|record| !id::is(entity.prefix, record)) {
        return Err(Violation::on("record", "bad-id", format!("Expected the id of a {}.", entity.name)));
    }
    let unknown = || Violation::on("field", "unknown-field", "There is no such field.");
    let field = doc::text(input, "field").map(|name| Ok((field_of(entity, name).ok_or_else(unknown)?, name))).transpose()?;
    Ok(Question { permission, entity, record, field })
}

/// A field that is shown, by its name or as `custom.size`.
fn field_of(entity: &Entity, name: &str) -> Option<&'static Field> {
    let name = name.strip_prefix(custom::PATH).map_or(Some(name), |key| custom::is_key(key).then_some(custom::FIELD));
    entity.field(name?).filter(|field| !field.hidden)
}

/// Of whom is asked, and the membership that tells whether they enter and whether their tenant is suspended: their own, or that
/// of whoever asks. What is one's own can be told of members alone.
async fn viewer(call: &Call, input: &Doc, of_record: bool) -> Result<(Viewer, Doc), Halt> {
    let named: Vec<&str> = ["member", "role", "custom_role"].into_iter().filter(|name| input.contains_key(*name)).collect();
    let (whose, scope) = (named.first().copied().unwrap_or_default(), call.scope()?);
    if named.len() > 1 || of_record && matches!(whose, "role" | "custom_role") {
        return Err(
            Violation::on(whose, "one-of-them", "Expected one of member, role, custom_role; for a record, a member.").into()
        );
    }
    let name = doc::text(input, whose).unwrap_or_default();
    let missing = || Violation::on(whose, "not-found", format!("There is no such {whose}, or it is not visible to you.")).into();
    let named = |entity| scope.reach(entity, "read").and(Filter::is("_id", name));
    let oneself = scope.live().and(Filter::is("_id", call.viewer()?.member.as_str()));
    let mut reading = call.store.reading(scope);
    let state = match whose {
        "member" => reading.one(&MEMBERSHIP, &named(&MEMBERSHIP), missing()),
        _ => reading.one(&MEMBERSHIP, &oneself, Error::not_found()),
    };
    let role = (whose == "custom_role").then(|| reading.one(&ROLE, &named(&ROLE), missing()));
    let mut found = reading.run().await?;
    let (state, role) = (found.doc(state), role.map(|role| found.doc(role)));
    let policy = match (whose, &role) {
        ("member", _) => Policy::of_member(&state),
        ("role", _) => Role::parse(name).map(Policy::from),
        (_, Some(role)) => role_policy(role).ok(),
        _ => return Ok((call.viewer()?.clone(), state)),
    };
    let policy = policy.ok_or_else(|| Error::internal("a member or a role has no policy"))?;
    Ok((Viewer { member: if whose == "member" { name.to_owned() } else { String::new() }, policy }, state))
}

/// Who has not joined, or is shut out, does nothing.
fn by_membership(state: &Doc) -> Option<Ruling> {
    let status = doc::text(state, "status").unwrap_or_default();
    (status != "active").then(|| ("not-active", false, format!("The membership is {status}.")))
}

/// What exports ask for.
const EXPORTS: &[&str] = &["privacy_request:create", "privacy_request:export"];

/// What a suspended tenant has is read and exported, not changed.
fn by_tenant(question: &Question<'_>, state: &Doc) -> Option<Ruling> {
    let changes = !question.permission.ends_with(":read") && !EXPORTS.contains(&question.permission);
    let is_frozen = state.get("frozen").and_then(Value::as_bool) == Some(true);
    (is_frozen && changes).then(|| ("tenant-suspended", false, "The tenant is suspended: what it has is not changed.".to_owned()))
}

/// What the policy decides alone.
fn by_policy(question: &Question<'_>, viewer: &Viewer) -> Option<Ruling> {
    let Question { permission, entity, record, field } = question;
    let action = permission.split(':').nth(1).unwrap_or_default();
    let Some(reach) = viewer.policy.reach(permission) else {
        return Some(("permission", false, format!("The policy does not give {permission}.")));
    };
    if let Some((field, name)) = field {
        let creates = action == "create";
        if !viewer.policy.reads(entity.name, name) {
            return Some(("mask-hidden", false, format!("The policy hides {}.{name}.", entity.name)));
        }
        if creates || action == "update" {
            if !viewer.policy.writes(entity.name, name) {
                return Some(("mask-read-only", false, format!("The policy lets {}.{name} be read only.", entity.name)));
            }
            if !access::may_write(entity, field, viewer, creates) {
                return Some(("field-read-only", false, format!("{}.{name} is not written so by this policy.", entity.name)));
            }
        }
    }
    record.is_none().then(|| ("reach", true, format!("The policy gives {permission} on {} records.", reach.word())))
}

/// What depends on the record: that whoever asks sees it, whether the policy reaches it, and whether anything narrows it.
async fn by_record(call: &Call, question: &Question<'_>, viewer: &Viewer) -> Result<Ruling, Halt> {
    let (scope, entity) = (call.scope()?, question.entity);
    let action = question.permission.split(':').nth(1).unwrap_or_default();
    let this = scope.live().and(Filter::is("_id", question.record.map(Value::from).unwrap_or_default()));
    let mut reading = call.store.reading(scope);
    let seen = scope.reach(entity, "read").and(this.clone());
    reading.one(
        entity,
        &seen,
        Violation::on("record", "not-found", "There is no such record, or it is not visible to you.").into(),
    );
    let permitted = reading.maybe(entity, &this.clone().and(access::permitted(entity, action, viewer)));
    let reached = reading.maybe(entity, &this.and(access::reachable(entity, action, viewer, call.now())));
    let mut found = reading.run().await?;
    Ok(match (found.maybe(permitted), found.maybe(reached)) {
        (_, Some(_)) => ("reach", true, format!("The policy gives {} on this record.", question.permission)),
        (Some(_), None) => ("narrowed", false, "The record is not for others in its present state.".to_owned()),
        (None, _) => (
            "not-own",
            false,
            "The policy reaches one's own records or those of one's teams, and this is none of them.".to_owned(),
        ),
    })
}
