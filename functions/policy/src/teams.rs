//! Teams: making them, and who is in them. That stands in the memberships, so it takes effect as any change of a policy does.

use domain::entities::{MEMBERSHIP, TEAM};
use domain::entity::{Field, Kind, list};
use domain::policy::TEAMS_MAX;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Time, Violation, doc, json};
use edge::{Call, Halt, Outcome, Reply, crud, custom};
use serde_json::Value;
use store::Command;

const MEMBERS_MAX: usize = 50;
/// What `change_members` takes.
pub const INPUT: &[Field] =
    &[list("add", &Kind::Reference("membership"), MEMBERS_MAX), list("remove", &Kind::Reference("membership"), MEMBERS_MAX)];

/// Writes that were under way when a member changed teams are over after so long, and seen by the second round.
const SECOND_ROUND_MS: i64 = 60_000;

/// Makes a team.
pub async fn create(call: &Call) -> Outcome {
    let mut draft = custom::draft(call).await?;
    draft.or_duplicate(Error::conflict("team-exists", "There is a team of this name already."));
    draft.insert().answer().await
}

/// Deletes a team that nobody is in.
pub async fn remove(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&TEAM)?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let step = reading.one(&TEAM, &scope.reach(&TEAM, "delete").and(Filter::is("_id", id)), Error::not_found());
    let team = reading.run().await?.doc(step);
    crud::check_version(call, &team)?;
    let mut command = call.store.command(scope);
    let held = scope.live().and(Filter::is("team_ids", id));
    command.forbid(&MEMBERSHIP, held, Error::conflict("team-in-use", "A team that somebody is in cannot be deleted."));
    crud::remove(call, &mut command, &TEAM, &team)?;
    Ok(Reply::answer(command.commit().await?))
}

/// Takes members in and out. Their records follow by a job.
pub async fn change_members(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&TEAM)?, call.scope()?);
    let input = validate::input(INPUT, call.input()?)?;
    let (add, remove) = (named(&input, "add"), named(&input, "remove"));
    if !call.viewer()?.policy.writes(MEMBERSHIP.name, "team_ids") {
        return Err(Violation::on("add", "read-only", "Your role does not change who is in a team.").into());
    }
    let mut reading = call.store.reading(scope);
    let team = reading.one(&TEAM, &scope.reach(&TEAM, "update").and(Filter::is("_id", id)), Error::not_found());
    let both: Vec<&str> = add.iter().chain(&remove).copied().collect();
    let theirs = scope.reach(&MEMBERSHIP, "read").and(Filter::one_of("_id", &both));
    let limit = u32::try_from(both.len()).unwrap_or_default();
    let members = reading.many(&MEMBERSHIP, &theirs, json!({ "_id": 1 }), limit.max(1));
    let mut found = reading.run().await?;
    let (team, members) = (found.doc(team), found.docs(members));
    for (field, ids) in [("add", &add), ("remove", &remove)] {
        let is_missing = |id: &&str| !members.iter().any(|member| doc::text(member, "_id") == Some(*id));
        if let Some(at) = ids.iter().position(is_missing) {
            let detail = "There is no such member, or they are not visible to you.";
            return Err(Violation::at(format!("/{field}/{at}"), "not-found", detail).into());
        }
    }
    let mut command = call.store.command(scope);
    let mut changed = Vec::new();
    for member in &members {
        let member_id = doc::text(member, "_id").unwrap_or_default();
        if place(&mut command, member, id, add.contains(&member_id))? {
            changed.push(member_id);
        }
    }
    if changed.is_empty() {
        return Ok(Reply::record(200, &TEAM, team));
    }
    let raced = Error::conflict("concurrent-update", "The team was changed at the same moment. Try again.");
    let version = team.get("version").cloned().unwrap_or_default();
    command.require_still(&TEAM, scope.live().and(Filter::is("_id", id)).and(Filter::is("version", version)), raced);
    restamp(&mut command, &changed, call.now());
    command.answer_record(200, &TEAM, team, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Has the records of some members follow into their teams, and to their masters.
pub fn restamp(command: &mut Command<'_>, members: &[&str], now: Time) {
    let payload = json!({ "members": members });
    command.job("teams", "", payload.clone(), None);
    command.job("teams", "second", payload, Some(now.plus_ms(SECOND_ROUND_MS)));
}

fn named<'a>(input: &'a Doc, field: &str) -> Vec<&'a str> {
    input.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Puts a member into a team or takes them out of it; whether that changes anything.
fn place(command: &mut Command<'_>, member: &Doc, team: &str, is_in: bool) -> Result<bool, Halt> {
    let mut teams = named(member, "team_ids");
    if teams.contains(&team) == is_in {
        return Ok(false);
    }
    if is_in {
        teams.push(team);
    } else {
        teams.retain(|known| *known != team);
    }
    if teams.len() > TEAMS_MAX {
        return Err(Error::conflict("too-many-teams", format!("A member is in at most {TEAMS_MAX} teams.")).into());
    }
    let version = member.get("policy_version").and_then(Value::as_i64).unwrap_or(1);
    let after = doc::with(member, json!({ "team_ids": teams, "policy_version": version + 1 }));
    let raced = Error::conflict("concurrent-update", "A member was changed at the same moment. Try again.");
    command.apply(&MEMBERSHIP, member, &change(member, after), "membership.updated", raced);
    Ok(true)
}
