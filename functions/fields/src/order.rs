//! The order in which fields stand on a form: said as a whole, so that no two of them get one place.

use std::collections::BTreeSet;

use domain::custom::{DEFINITIONS_MAX, Definition};
use domain::entities::{CUSTOMIZABLE, FIELD_DEFINITION};
use domain::entity::{Field, choice, list};
use domain::validate::{self, change};
use domain::{Doc, Kind, Violation, doc, json};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::Definitions;

/// What `order` takes.
pub const INPUT: &[Field] = &[
    choice("entity", CUSTOMIZABLE).required(),
    Field { default: None, ..list("fields", &Kind::Reference("field_definition"), DEFINITIONS_MAX) }.required(),
];

/// Puts the active fields of an entity in an order: those that move get another position.
pub async fn order(call: &Call) -> Outcome {
    let (scope, viewer) = (call.scope()?, call.viewer()?);
    let input = validate::input(INPUT, call.input()?)?;
    if !viewer.policy.writes(FIELD_DEFINITION.name, "position") {
        return Err(Violation::on("fields", "read-only", "Your role does not change the order of fields.").into());
    }
    let entity = doc::text(&input, "entity").unwrap_or_default();
    let ids: Vec<&str> = input.get("fields").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut reading = call.store.reading(scope);
    let steps = Definitions::read(&mut reading, scope, entity);
    let mut known = Definitions::found(&mut reading.run().await?, &steps).docs;
    known.retain(|doc| {
        let definition = Definition::of(doc);
        !definition.is_archived() && viewer.policy.reads_custom(entity, definition.key())
    });
    let all: BTreeSet<&str> = known.iter().map(|doc| Definition::of(doc).id()).collect();
    if ids.len() != all.len() || all != ids.iter().copied().collect() {
        return Err(Violation::on("fields", "not-all", "Expected each active field of the entity once.").into());
    }
    let mut command = call.store.command(scope);
    let mut ordered = Vec::new();
    for (place, id) in (1..).zip(ids) {
        let Some(before) = known.iter().find(|doc| Definition::of(doc).id() == id) else { continue };
        ordered.push(placed(call, &mut command, before, place)?);
    }
    let shown = ordered.into_iter().map(|doc| validate::render(&FIELD_DEFINITION, doc, Some(viewer)));
    command.answer_body(200, json!({ "data": shown.map(Value::from).collect::<Vec<_>>() }));
    Ok(Reply::answer(command.commit().await?))
}

fn placed(call: &Call, command: &mut store::Command<'_>, before: &Doc, place: i64) -> Result<Doc, edge::Halt> {
    let change = change(before, doc::with(before, json!({ "position": place })));
    if change.is_empty() {
        return Ok(before.clone());
    }
    crud::apply(call, command, &FIELD_DEFINITION, before, &change, "field_definition.updated")
}
