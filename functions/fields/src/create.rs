//! Defining a field: within the limits of its entity, with a pattern that the database understands.

use domain::custom::{ACTIVE_MAX, DEFINITIONS_MAX, Definition};
use domain::doc::text;
use domain::{Doc, Error, Violation};
use edge::{Call, Outcome, crud};
use serde_json::Value;
use store::{Command, Definitions, Scope};

/// Defines a field.
pub async fn create(call: &Call) -> Outcome {
    let (mut draft, scope) = (crud::draft(call)?, call.scope()?);
    let entity = text(&draft.doc, "entity").unwrap_or_default().to_owned();
    let mut reading = call.store.reading(scope);
    let steps = Definitions::read(&mut reading, scope, &entity);
    let definitions = Definitions::found(&mut reading.run().await?, &steps);
    let last = definitions.docs.iter().filter_map(|doc| doc.get("position")?.as_i64()).max();
    draft.doc.entry("position").or_insert_with(|| (last.unwrap_or_default() + 1).min(1_000).into());
    let mut all = definitions.docs.clone();
    all.push(draft.doc.clone());
    require_room(&all)?;
    require_pattern(&mut draft.command, scope, &draft.doc);
    draft.command.keep_schema(scope, &entity, &definitions, &all);
    draft.or_duplicate(Error::conflict("field-exists", "There is a field of this key already."));
    draft.insert().answer().await
}

/// An entity has only so many fields: each is checked with every record.
pub fn require_room(all: &[Doc]) -> Result<(), Error> {
    let active = all.iter().filter(|doc| !Definition::of(doc).is_archived()).count();
    if active > ACTIVE_MAX || all.len() > DEFINITIONS_MAX {
        let detail = format!("An entity has at most {ACTIVE_MAX} active fields, and {DEFINITIONS_MAX} with archived ones.");
        return Err(Error::conflict("too-many-fields", detail));
    }
    Ok(())
}

/// The database checks patterns, so it must understand them; a default must have the pattern as any value must.
pub fn require_pattern(command: &mut Command<'_>, scope: &Scope, definition: &Doc) {
    let Some(pattern) = text(definition, "pattern") else { return };
    let default = definition.get("default").and_then(Value::as_str);
    let unreadable = Violation::on("pattern", "bad-pattern", "This is no regular expression that is taken here.");
    let unlike = Violation::on("default", "pattern", "The default does not have the pattern.");
    command.require_readable(scope, pattern, default, unreadable.into(), unlike.into());
}
