//! Changing what a member may do: their role, one of the tenant's own roles, or whether they may enter at all.

use domain::doc::text;
use domain::entities::{MEMBERSHIP, ROLE, role_policy};
use domain::entity::{Field, choice, reference};
use domain::role::ROLE_WORDS;
use domain::validate::{self, change as difference};
use domain::{Doc, Error, Filter, Policy, Role, Violation};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;
use store::{Command, Scope};

use crate::{teams, vendors};

/// What `change` takes.
pub const INPUT: &[Field] = &[
    choice("role", ROLE_WORDS),
    reference("custom_role", "role"),
    choice("status", &["active", "suspended"]),
    reference("master", "membership"),
];

/// Changes a member. Their tokens write nothing more from then on, until they have taken new ones.
pub async fn change(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let given = call.input()?;
    let is_freed = given.get("master") == Some(&Value::Null);
    let input = validate::input_for(&MEMBERSHIP, INPUT, given, call.moment())?;
    if input.contains_key("role") && input.contains_key("custom_role") {
        return Err(Violation::on("custom_role", "one-of-two", "Expected a role or a custom role.").into());
    }
    let mut reading = call.store.reading(scope);
    let member = reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "update").and(Filter::is("_id", id)), Error::not_found());
    let role = input.get("custom_role").cloned().map(|role| {
        let missing = Violation::on("custom_role", "not-found", "There is no such role.");
        reading.one(&ROLE, &scope.live().and(Filter::is("_id", role)), missing.into())
    });
    let master = input.get("master").map(|master| vendors::read_master(&mut reading, scope, master));
    let staff = vendors::read_staff(&mut reading, scope, id);
    let mut found = reading.run().await?;
    let (before, role, staff) = (found.doc(member), role.map(|role| found.doc(role)), found.docs(staff));
    let master = master.map(|master| found.doc(master));
    crud::check_version(call, &before)?;
    if is_service(&before) && text(&input, "role") == Some("owner") {
        return Err(Violation::on("role", "not-for-services", "A service account cannot own the tenant.").into());
    }
    let mut after = changed(&before, input, role.as_ref())?;
    if master.is_some() && text(&after, "role") != Some("vendor") {
        return Err(Violation::on("master", "only-for-vendors", "Only a vendor has a master.").into());
    }
    if master.is_some() || is_freed || text(&before, "role") != text(&after, "role") {
        vendors::place(&mut after, master.as_ref())?;
    }
    for policy in [&before, &after].map(Policy::of_member) {
        call.require_as_much(policy.as_ref())?;
    }
    if difference(&before, after.clone()).is_empty() {
        return Ok(Reply::record(200, &MEMBERSHIP, before));
    }
    let version = before.get("policy_version").and_then(Value::as_i64).unwrap_or(1);
    after.insert("policy_version".to_owned(), (version + 1).into());
    let mut command = call.store.command(scope);
    require_owner(&mut command, scope, &before, &after);
    command.move_places(Some(&before), Some(&after));
    if let Some(master) = &master {
        vendors::require_master(&mut command, scope, master);
    }
    if text(&before, "role") == Some("vendor") && text(&after, "role") != Some("vendor") {
        vendors::require_no_staff(&mut command, scope, id);
    } else if before.get("ancestors") != after.get("ancestors") {
        vendors::move_staff(&mut command, scope, &after, &staff)?;
    }
    let is_moved = before.get("ancestors") != after.get("ancestors");
    if let Some(role) = role {
        let same = ["_id", "version"].map(|field| Filter::is(field, role.get(field).cloned().unwrap_or_default()));
        let same = same.into_iter().fold(scope.live(), Filter::and);
        let raced = Error::conflict("concurrent-update", "The role was changed at the same moment. Try again.");
        command.require_still(&ROLE, same, raced);
    }
    let change = difference(&before, after);
    let after = crud::apply(call, &mut command, &MEMBERSHIP, &before, &change, "membership.updated")?;
    if is_moved {
        let below = staff.iter().filter_map(|member| text(member, "_id"));
        teams::restamp(&mut command, &below.chain([id]).collect::<Vec<_>>(), call.now());
    }
    command.answer_record(200, &MEMBERSHIP, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// The membership as it becomes; a custom role stands beside the preset that it is based on.
fn changed(before: &Doc, input: Doc, role: Option<&Doc>) -> Result<Doc, Halt> {
    if input.contains_key("status") && text(before, "status").unwrap_or_default() == "invited" {
        return Err(Error::conflict("not-joined", "Whoever was invited has not joined yet.").into());
    }
    let mut after = before.clone();
    if input.contains_key("role") {
        after.remove("custom_role");
        after.remove("policy");
    }
    after.extend(input);
    if let Some(role) = role {
        let policy = role_policy(role).map_err(|_| Error::internal("a role gives no policy"))?;
        after.insert("role".to_owned(), policy.role().word().into());
        after.insert("policy".to_owned(), policy.written().unwrap_or_default().into());
    }
    let kind = text(&after, "role").and_then(Role::parse).map(Role::kind);
    after.extend(kind.map(|kind| ("kind".to_owned(), kind.into())));
    if text(&after, "role").unwrap_or_default() != "manager" {
        after.remove("manager_kind");
    }
    Ok(after)
}

fn is_service(member: &Doc) -> bool {
    member.get("is_service").and_then(Value::as_bool) == Some(true)
}

/// A tenant is never without an active owner, whoever else is being changed at this moment.
pub fn require_owner(command: &mut Command<'_>, scope: &Scope, before: &Doc, after: &Doc) {
    let owns = |member: &Doc| {
        text(member, "role").unwrap_or_default() == "owner" && text(member, "status").unwrap_or_default() == "active"
    };
    if owns(before) && !owns(after) {
        let others = Filter::is_not("_id", text(before, "_id").unwrap_or_default());
        let owners = scope.live().and(Filter::is("role", "owner")).and(Filter::is("status", "active")).and(others);
        command.require_still(&MEMBERSHIP, owners, Error::conflict("last-owner", "A tenant keeps an active owner."));
    }
}
