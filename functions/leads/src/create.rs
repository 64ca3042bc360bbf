//! Creating a lead: its number, its conversation and the word to the staff, all at once.

use domain::Error;
use domain::entities::{CONVERSATION, LEAD, lead_conversation, lead_reference};
use domain::role::STAFF;
use edge::{Call, Outcome, crud};
use serde_json::json;
use store::Audience;

use crate::assign;

/// Creates a lead.
pub async fn create(call: &Call) -> Outcome {
    let mut draft = crud::draft(call)?;
    assign::require_roles(&mut draft.command, call.scope()?, &draft.doc);
    let number = draft.command.number("lead");
    let reference = lead_reference(&number.path("document.value"));
    draft.hole("reference", reference.clone());
    let conversation_id = draft.command.id(&CONVERSATION);
    draft.doc.insert("conversation".to_owned(), conversation_id.clone().into());
    let mut made = draft.insert();
    let conversation = lead_conversation(&made.id, &made.doc);
    let title = [("title", reference.clone())];
    made.command.insert(&CONVERSATION, &conversation_id, conversation, &title, Error::internal("a conversation's id was taken"));
    let facts = json!({ "key": "lead.created", "record": { "type": LEAD.name, "id": made.id }, "lead": made.id });
    let staff = Audience { roles: STAFF, ..Audience::default() };
    made.command.notify_with(&staff, facts, None, &[("payload.facts.reference", reference)]);
    made.answer().await
}
