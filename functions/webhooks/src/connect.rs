//! Connecting an outside service: its credentials are kept, and it gets an address to deliver to.

use domain::entities::INTEGRATION;
use domain::{Error, Filter, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

use crate::setup;

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
    if kind == "xero" {
        // Of two at once, the second waits for this number and then finds the first.
        command.number("integration.xero");
        let connected = scope.live().and(Filter::is("kind", kind));
        let detail = "Xero is connected already; disconnect it first.";
        command.forbid(&INTEGRATION, connected, Error::conflict("already-connected", detail));
    }
    credentials.write(&mut doc);
    credentials.hook(call, scope.tenant(), &id, &mut doc);
    let doc = command.insert(&INTEGRATION, &id, doc, &[], Error::internal("an integration's id was taken"));
    command.event_of_new(&INTEGRATION, &doc, &[]);
    command.answer_record(201, &INTEGRATION, doc, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/integrations/{id}")))
}
