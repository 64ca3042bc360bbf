//! Archiving a conversation: it stays readable and takes no more messages.

use domain::entities::CONVERSATION;
use domain::validate::change;
use domain::{Error, Filter};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;

/// Archives a conversation.
pub async fn archive(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&CONVERSATION)?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&CONVERSATION, &scope.reach(&CONVERSATION, "archive").and(Filter::is("_id", id)), Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    if before.get("status").and_then(Value::as_str) == Some("archived") {
        return Err(Error::conflict("already-archived", "The conversation is archived already.").into());
    }
    let mut after = before.clone();
    after.insert("status".to_owned(), "archived".into());
    let mut command = call.store.command(scope);
    let after = crud::apply(call, &mut command, &CONVERSATION, &before, &change(&before, after), "conversation.archived")?;
    command.answer_record(200, &CONVERSATION, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
