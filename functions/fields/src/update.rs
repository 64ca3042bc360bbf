//! Changing a definition so that no stored value is broken by it.

use domain::custom::{self, Definition};
use domain::doc::text;
use domain::entities::{self, FIELD_DEFINITION};
use domain::{Doc, Entity, Error, Filter};
use domain::{json, validate};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;
use store::{Command, Definitions, Scope};

use crate::create::{require_pattern, require_room};

/// Changes a definition by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let (before, definitions) = read(call, "update").await?;
    let change = validate::update(&FIELD_DEFINITION, &before, call.input()?, call.moment())?;
    if change.is_empty() {
        return Ok(Reply::record(200, &FIELD_DEFINITION, before));
    }
    if let Some(field) = custom::incompatible(&before, &change.after) {
        let detail = format!("The {field} of a field stays, but for types that widen to text. Define another one.");
        return Err(Error::conflict("incompatible-change", detail).into());
    }
    let mut command = call.store.command(scope);
    keep_used_options(&mut command, scope, &before, &change.after);
    require_pattern(&mut command, scope, &change.after);
    let all = replaced(&definitions.docs, &before, Some(&change.after));
    require_room(&all)?;
    command.keep_schema(scope, text(&before, "entity").unwrap_or_default(), &definitions, &all);
    let after = crud::apply(call, &mut command, &FIELD_DEFINITION, &before, &change, "field_definition.updated")?;
    let [was, is] = [&before, &after].map(|definition| Definition::of(definition).is_searchable());
    if was != is {
        command.job("fields", "", json!({ "field": after.get("_id"), "step": "words" }), None);
    }
    command.answer_record(200, &FIELD_DEFINITION, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// The route's definition, in the version that the caller knows, with all of its entity.
pub async fn read(call: &Call, action: &str) -> Result<(Doc, Definitions), Halt> {
    read_among(call, call.scope()?.reach(&FIELD_DEFINITION, action)).await
}

/// As [`read`], one of those that a filter finds.
pub async fn read_among(call: &Call, among: Filter) -> Result<(Doc, Definitions), Halt> {
    let (id, scope) = (call.id(&FIELD_DEFINITION)?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let step = reading.one(&FIELD_DEFINITION, &among.and(Filter::is("_id", id)), Error::not_found());
    let steps = Definitions::read_linked(&mut reading, scope, &step.path("document.entity"));
    let mut found = reading.run().await?;
    let before = found.doc(step);
    crud::check_version(call, &before)?;
    Ok((before, Definitions::found(&mut found, &steps)))
}

/// All definitions with another in the place of one, or without it.
pub fn replaced(all: &[Doc], before: &Doc, after: Option<&Doc>) -> Vec<Doc> {
    let is_other = |doc: &&Doc| doc.get("_id") != before.get("_id");
    all.iter().filter(is_other).chain(after).cloned().collect()
}

/// Records of the entity, in the trash or not, by what stands in the index of their custom values.
pub fn holding(scope: &Scope, definition: &Doc, entries: &[&str]) -> Option<(&'static Entity, Filter)> {
    let entity = entities::by_name(text(definition, "entity")?)?;
    Some((entity, Filter::is("tenant_id", scope.tenant()).and(Filter::one_of(custom::INDEX_FIELD, entries))))
}

/// An option that records have can be archived, not taken away.
fn keep_used_options(command: &mut Command<'_>, scope: &Scope, before: &Doc, after: &Doc) {
    let (was, is) = (Definition::of(before), Definition::of(after));
    let gone = was.options().filter(|(option, _)| is.word() == was.word() && is.options().all(|(kept, _)| kept != *option));
    let gone: Vec<String> = gone.map(|(option, _)| custom::digest(was.key(), &Value::from(option))).collect();
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    if let Some((entity, filter)) = holding(scope, before, &gone).filter(|_| !gone.is_empty()) {
        command.forbid(
            entity,
            filter,
            Error::conflict("option-in-use", "An option that records have can be archived, not removed."),
        );
    }
}
