//! Rectifying: what is wrong about a person is corrected by the rules of people; the proof says which fields, without their values.

use domain::doc::text;
use domain::entities::{PERSON, PRIVACY_REQUEST};
use domain::error::Place;
use domain::{Doc, Error, Filter, Violation, json, validate};
use edge::{Call, Halt, Outcome, crud};
use serde_json::Value;

use crate::erase::raced;

/// Takes a request with its `changes`, a merge patch of what is personal, which is not kept.
pub async fn create(call: &Call, mut input: Doc) -> Outcome {
    let changes = changes(input.remove("changes"))?;
    let scope = call.scope()?;
    let request = validate::create(&PRIVACY_REQUEST, input, call.moment())?;
    let id = text(&request, "person").unwrap_or_default().to_owned();
    let theirs = scope.reach(&PERSON, "update").and(Filter::is("_id", id.as_str()));
    let missing = || Violation::on("person", "not-found", "There is no such person whom you may change.");
    let before = call.store.find(scope, &PERSON, theirs).await?.ok_or_else(missing)?;
    let change = validate::update(&PERSON, &before, changes, call.moment()).map_err(within_changes)?;
    let rectified: Value =
        change.set.keys().chain(&change.unset).filter(|name| is_personal(name)).map(|name| Value::from(name.as_str())).collect();
    let proof = json!({ "requested_by": call.viewer()?.member, "done_at": call.now(), "person": id, "rectified": rectified });
    let done = json!({ "people": [id], "status": "done", "done_at": call.now(), "proof": proof });
    let mut draft = crud::draft_in(call, call.store.command(scope), &Doc::new(), request)?;
    draft.doc.extend(domain::doc::fields(done));
    if !change.is_empty() {
        let same = ["_id", "version"].map(|field| Filter::is(field, before.get(field).cloned().unwrap_or_default()));
        let same = same.into_iter().fold(scope.live(), Filter::and);
        draft.command.update(&PERSON, &same, &change, raced());
        draft.command.event_of(&PERSON, &before, &change.after, "person.rectified", None);
    }
    draft.insert().answer().await
}

fn changes(given: Option<Value>) -> Result<Doc, Halt> {
    let Some(Value::Object(changes)) = given.filter(|given| given.as_object().is_some_and(|changes| !changes.is_empty())) else {
        return Err(Violation::on("changes", "required", "Expected an object with the fields to correct.").into());
    };
    match changes.keys().find(|name| !is_personal(name)) {
        Some(name) => {
            let detail = "Expected fields that tell of the person; others are changed as always.";
            Err(Violation::at(["/changes/", name].concat(), "not-personal", detail).into())
        }
        None => Ok(changes),
    }
}

fn is_personal(name: &str) -> bool {
    PERSON.field(name).is_some_and(|field| field.personal)
}

/// What breaks a rule of people stands in the changes.
fn within_changes(mut error: Error) -> Error {
    for violation in &mut error.violations {
        if let Place::Pointer(at) = &mut violation.place {
            at.insert_str(0, "/changes");
        }
    }
    error
}
