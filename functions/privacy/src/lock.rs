//! The door is closed first: who is to be erased enters the tenant no more.

use domain::doc::text;
use domain::entities::{LOGIN, MEMBERSHIP, PRIVACY_SAME_MAX};
use domain::validate::change;
use domain::{Doc, Error, Filter, json};
use runner::{Stop, Work};
use serde_json::Value;
use store::{Command, logins};

use crate::erase::{raced, same};

const REASON: &str = "erased";

/// Suspends the memberships of a person and ends their sessions, and gives those memberships. A tenant is never without an active
/// owner.
pub async fn lock<'a>(work: &'a Work<'_>, members: &[String]) -> Result<(Command<'a>, Vec<Doc>), Stop> {
    let ids: Vec<&str> = members.iter().map(String::as_str).collect();
    let theirs = work.scope.everything().and(Filter::one_of("_id", &ids));
    let mut reading = work.store.reading(&work.scope);
    let step = reading.many(&MEMBERSHIP, &theirs, json!({ "_id": 1 }), PRIVACY_SAME_MAX as u32);
    let found = reading.run().await?.docs(step);
    let mut command = work.finishing();
    // Whoever was removed is out already.
    let is_in = |member: &&Doc| text(member, "status") != Some("suspended") && !member.contains_key("deleted_at");
    for before in found.iter().filter(is_in) {
        if text(before, "role") == Some("owner") && text(before, "status") == Some("active") {
            require_owner(&mut command, work, members);
        }
        suspend(&mut command, work, before);
    }
    let usable = work.scope.everything().and(Filter::one_of("membership", &ids)).and(logins::unrevoked());
    command.update_many(&LOGIN, &usable, &logins::ended(work.scope.now(), REASON));
    Ok((command, found))
}

fn suspend(command: &mut Command<'_>, work: &Work<'_>, before: &Doc) {
    let version = before.get("policy_version").and_then(Value::as_i64).unwrap_or(1);
    let after = domain::doc::with(before, json!({ "status": "suspended", "policy_version": version + 1 }));
    let change = change(before, after);
    command.move_places(Some(before), Some(&change.after));
    command.update(&MEMBERSHIP, &same(work, before), &change, raced());
    command.event_of(&MEMBERSHIP, before, &change.after, "membership.updated", None);
}

fn require_owner(command: &mut Command<'_>, work: &Work<'_>, members: &[String]) {
    let active = work.scope.live().and(Filter::is("role", "owner")).and(Filter::is("status", "active"));
    let others = members.iter().fold(active, |others, member| others.and(Filter::is_not("_id", member.as_str())));
    command.require_still(&MEMBERSHIP, others, Error::conflict("last-owner", "A tenant keeps an active owner."));
}
