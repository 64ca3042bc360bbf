//! References that a caller gives: what they lead to must be there for the caller when the record is written, and stay.

use domain::entities::MEMBERSHIP;
use domain::entity::{Entity, Field, Gone, Input};
use domain::{Doc, Error, Filter, Violation, lifecycle};
use serde_json::Value;
use store::{Command, Scope};

/// Expects every record that the input refers to; a missing one is named by its pointer.
pub(super) fn require(command: &mut Command<'_>, scope: &Scope, entity: &Entity, input: &Doc) {
    for field in entity.fields.iter().filter(|field| field.input != Input::Nobody) {
        match input.get(field.name) {
            Some(Value::String(id)) => require_one(command, scope, field, id, format!("/{}", field.name)),
            Some(Value::Array(ids)) => {
                for (at, id) in ids.iter().filter_map(Value::as_str).enumerate() {
                    require_one(command, scope, field, id, format!("/{}/{at}", field.name));
                }
            }
            _ => {}
        }
    }
}

fn require_one(command: &mut Command<'_>, scope: &Scope, field: &Field, id: &str, pointer: String) {
    if let Some(target) = lifecycle::target(field) {
        require_there(command, scope, target, field.gone != Gone::Keep, id, pointer);
    }
}

/// Expects a record that the caller may refer to; one that holds on to it must not see it go.
pub(crate) fn require_there(
    command: &mut Command<'_>,
    scope: &Scope,
    target: &'static Entity,
    holds: bool,
    id: &str,
    pointer: String,
) {
    let detail = format!("There is no such {}, or it is archived or not visible to you.", target.name);
    let missing: Error = Violation::at(pointer, "not-found", detail).into();
    let there = scope.reach(target, "read").and(Filter::is("_id", id)).and(lifecycle::unarchived(target));
    // Whoever deletes the record at this moment does not see who has just begun to refer to it: one of the two has to wait.
    let goes = target.name == MEMBERSHIP.name || lifecycle::is_trashable(target);
    match holds && goes {
        true => command.require_still(target, there, missing),
        false => command.require(target, there, missing),
    };
}
