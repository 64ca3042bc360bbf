//! Connecting an outside service: its credentials are kept, and it gets an address to deliver to.

use domain::doc::text;
use domain::entities::INTEGRATION;
use domain::{Error, Filter, validate};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::{Command, Scope};

use crate::setup;

/// Restores an integration.
pub async fn restore(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let step = crud::trashed(call, &mut reading)?;
    let before = reading.run().await?.doc(step);
    let kind = text(&before, "kind").unwrap_or_default().to_owned();
    let mut command = call.store.command(scope);
    require_single(&mut command, scope, &kind);
    crud::restoring_with(call, command, before)?.answer().await
}

/// Xero is connected once.
fn require_single(command: &mut Command<'_>, scope: &Scope, kind: &str) {
    if kind == "xero" {
        // Of two at once, the second waits for this number and then finds the first.
        command.number("integration.xero");
        let connected = scope.live().and(Filter::is("kind", kind));
        let detail = "Xero is connected already; disconnect it first.";
        command.forbid(&INTEGRATION, connected, Error::conflict("already-connected", detail));
    }
}

/// Connects a service.
pub async fn connect(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut input = call.input()?;
    let credentials = input.remove("credentials");
    let mut doc = validate::create(&INTEGRATION, input, call.moment())?;
    let kind = doc.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let credentials = setup::check(&kind, doc.get("config"), credentials)?;
    let mut command = call.store.command(scope);
    let id = command.id(&INTEGRATION);
    require_single(&mut command, scope, &kind);
    credentials.write(&mut doc);
    credentials.hook(call, scope.tenant(), &id, &mut doc);
    let doc = command.insert(&INTEGRATION, &id, doc, &[], Error::internal("an integration's id was taken"));
    command.event_of_new(&INTEGRATION, &doc, &[]);
    command.answer_record(201, &INTEGRATION, doc, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/integrations/{id}")))
}
