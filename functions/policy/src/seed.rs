//! Making the roles of a set: those that are there by name stay as they are.

use domain::entities::ROLE;
use domain::entity::{Field, choice};
use domain::role_sets::{ROLE_SET_WORDS, RoleSet};
use domain::rules::Moment;
use domain::{Error, Filter, doc, event, json, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;
use store::EventOf;

use crate::roles::require_less;

/// What `seed` takes.
pub const INPUT: &[Field] = &[choice("set", ROLE_SET_WORDS).required()];

/// Makes what the tenant has not got of a role set.
pub async fn seed(call: &Call) -> Outcome {
    let (scope, input) = (call.scope()?, validate::input(INPUT, call.input()?)?);
    let set =
        doc::text(&input, "set").and_then(RoleSet::parse).ok_or_else(|| Error::internal("a word stands for no role set"))?;
    let roles = set.records(Moment { now: call.now(), viewer: None })?;
    let names: Vec<&str> = roles.iter().filter_map(|role| doc::text(role, "name")).collect();
    let mut reading = call.store.reading(scope);
    let limit = u32::try_from(names.len()).unwrap_or_default().max(1);
    let step = reading.many(&ROLE, &scope.live().and(Filter::one_of("name", &names)), json!({ "_id": 1 }), limit);
    let kept = reading.run().await?.docs(step);
    let mut command = call.store.command(scope);
    let mut made: Vec<Value> = Vec::new();
    for role in &roles {
        if kept.iter().any(|kept| kept.get("name") == role.get("name")) {
            continue;
        }
        require_less(call, role)?;
        let id = command.id(&ROLE);
        let raced = Error::conflict("concurrent-update", "A role of this name was made at the same moment. Try again.");
        let role = command.insert(&ROLE, &id, role.clone(), &[], raced);
        let changes = event::diff(&ROLE, None, &role);
        command.event(EventOf { kind: "role.created", entity: &ROLE, id: &id, lead: None, changes, comment: None, holes: &[] });
        made.push(json!({ "id": id, "name": role.get("name") }));
    }
    let kept: Vec<Value> = kept.iter().map(|role| json!({ "id": role.get("_id"), "name": role.get("name") })).collect();
    command.answer_body(200, json!({ "set": set.name, "made": made, "kept": kept }));
    Ok(Reply::answer(command.commit().await?))
}
