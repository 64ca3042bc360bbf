//! The one generic path of creating, reading, changing and deleting records.

mod change;
mod draft;
mod read;
mod trash;

use domain::entities;
use domain::entity::{Entity, Input};
use domain::{Doc, Filter, Kind, Violation, lifecycle};
use serde_json::Value;
use store::{Command, Scope};

pub(crate) use change::begin as begin_change;
pub use change::{Changing, apply, change, change_one, check_version, raced};
pub(crate) use draft::begin;
pub use draft::{Draft, Made, draft};
pub use read::{get, list};
pub use trash::{Restoring, delete, remove, restore, restoring, restoring_with, trashed};

/// Expects every record that the input refers to to be there for the caller; a missing one is named by its pointer.
fn require_references(command: &mut Command<'_>, scope: &Scope, entity: &Entity, input: &Doc) {
    for field in entity.fields.iter().filter(|field| field.input != Input::Nobody) {
        let Kind::Reference(name) = field.kind else { continue };
        let (Some(target), Some(id)) = (entities::by_name(name), input.get(field.name).and_then(Value::as_str)) else { continue };
        let missing = Violation::on(field.name, "not-found", format!("There is no such {name}, or it is not visible to you."));
        let there = scope.reach(target, "read").and(Filter::is("_id", id));
        // What can be deleted must not be while a reference to it is being written.
        match lifecycle::is_trashable(target) {
            true => command.require_still(target, there, missing.into()),
            false => command.require(target, there, missing.into()),
        };
    }
}
