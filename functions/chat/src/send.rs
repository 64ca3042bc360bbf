//! Sending a message: its number in the conversation, the message and the word to the others, in one trip.

use data_api::{Action, Operation};
use domain::entities::{CONVERSATION, MESSAGE};
use domain::json;
use domain::{Doc, Error, Filter, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Audience, Command, EventOf, Scope, Step, compile};

/// Sends a message to a conversation.
pub async fn send(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&CONVERSATION)?;
    let sender = call.viewer()?.member.as_str();
    let mut message = validate::create(&MESSAGE, call.input()?, call.moment())?;
    message.insert("conversation".to_owned(), id.into());
    message.insert("sender".to_owned(), sender.into());
    let mut command = call.store.command(scope);
    let conversation = count_up(&mut command, scope, id, sender);
    let message_id = command.id(&MESSAGE);
    let seq = [("seq", conversation.path("document.seq"))];
    let message = command.insert(&MESSAGE, &message_id, message, &seq, Error::internal("a message's number was taken"));
    let lead = conversation.path("document.lead");
    command.event(EventOf {
        kind: "message.created",
        entity: &MESSAGE,
        id: &message_id,
        lead: None,
        changes: changes(&message),
        comment: None,
        holes: &[("lead", lead.clone()), ("changes.seq.after", conversation.path("document.seq"))],
    });
    let facts = json!({ "key": "message.created", "record": { "type": CONVERSATION.name, "id": id } });
    let holes = [("payload.members", conversation.path("document.participants")), ("payload.facts.lead", lead)];
    command.notify_with(&Audience::default(), facts, None, &holes);
    command.answer_record(201, &MESSAGE, message, &seq);
    match command.commit().await {
        Err(Halt::Refused(error)) if error.code == REFUSED => Err(explain(call, scope, id).await?.into()),
        other => Ok(Reply::answer(other?)),
    }
}

const REFUSED: &str = "refused";

/// Takes the next number, if the sender may write and the conversation is open. Whoever writes takes part from then on.
fn count_up(command: &mut Command<'_>, scope: &Scope, id: &str, sender: &str) -> Step {
    let open = scope.reach(&CONVERSATION, "write").and(Filter::is("_id", id)).and(Filter::is("status", "active"));
    let now = scope.now().ejson();
    let teams = scope.viewer().map(|viewer| viewer.policy.teams()).unwrap_or_default();
    let update = json!({
        "$inc": { "seq": 1, "version": 1 },
        "$set": { "last_message_at": now, "updated_at": now, "updated_by": sender },
        "$addToSet": { "participants": sender, "teams": { "$each": teams } },
    });
    let operation = Operation::new(Action::FindOneAndUpdate, CONVERSATION.collection)
        .with("filter", compile(&open))
        .with("update", update)
        .with("returnDocument", "after")
        .expecting("document", json!({}));
    command.operation(operation, Some(Error::conflict(REFUSED, "")))
}

/// What the event tells: the text stays in the message alone, where it can be erased.
fn changes(message: &Doc) -> Value {
    let of = |field: &str| json!({ "before": null, "after": message.get(field) });
    json!({ "conversation": of("conversation"), "sender": of("sender"), "kind": of("kind"), "seq": of("seq") })
}

/// Out of sight, out of reach and archived look alike from afar; a second look tells them apart.
async fn explain(call: &Call, scope: &Scope, id: &str) -> Result<Error, Halt> {
    let conversation = call.store.get(scope, &CONVERSATION, id).await?;
    Ok(match conversation.get("status").and_then(Value::as_str) {
        Some("active") => Error::forbidden("forbidden", "You may read this conversation but not write in it."),
        _ => Error::conflict("conversation-archived", "An archived conversation takes no more messages."),
    })
}
