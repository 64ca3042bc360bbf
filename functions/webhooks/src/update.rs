//! Changing an integration: its configuration, its credentials, whether it is on.

use domain::entities::INTEGRATION;
use domain::validate::{self, change, merge_patch};
use domain::{Error, Filter};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;

use crate::setup;

/// Changes an integration by a merge patch. Another signing secret has another address to deliver to, and the old one ends.
pub async fn update(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&INTEGRATION)?;
    let mut patch = call.input()?;
    let new_credentials = patch.remove("credentials");
    let mut reading = call.store.reading(scope);
    let found = scope.reach(&INTEGRATION, "update").and(Filter::is("_id", id));
    let step = reading.one(&INTEGRATION, &found, Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    let mut after = validate::update(&INTEGRATION, &before, patch, call.moment())?.after;
    let old = setup::read(&before)?;
    let merged = new_credentials.clone().map_or_else(|| old.clone(), |patch| merge_patch(Some(old.clone()), patch));
    let kind = before.get("kind").and_then(Value::as_str).unwrap_or_default();
    let credentials = setup::check(kind, after.get("config"), Some(merged))?;
    if new_credentials.is_some() {
        credentials.write(&mut after);
        // A token was given for the old credentials and scopes.
        after.remove("token");
    }
    if after.get("config") != before.get("config") {
        after.remove("token");
    }
    if !credentials.signs_as(&old) {
        credentials.hook(call, scope.tenant(), id, &mut after);
    }
    let change = change(&before, after);
    if change.is_empty() {
        return Ok(Reply::record(200, &INTEGRATION, before));
    }
    let mut command = call.store.command(scope);
    let after = crud::apply(call, &mut command, &INTEGRATION, &before, &change, "integration.updated")?;
    command.answer_record(200, &INTEGRATION, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
