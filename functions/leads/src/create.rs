//! Creating a lead: its number, its conversation and the word to the staff, all at once.

use domain::entities::LEAD;
use edge::{Call, Outcome, Reply, custom};

use crate::assign;

/// Creates a lead.
pub async fn create(call: &Call) -> Outcome {
    let mut draft = custom::draft(call).await?;
    assign::require_roles(&mut draft.command, call.scope()?, &draft.doc);
    let (lead, reference) = draft.command.create_lead(&draft.id, draft.doc);
    draft.command.answer_record(201, &LEAD, lead, &[("reference", reference)]);
    let answer = draft.command.commit().await?;
    Ok(Reply::answer(answer).with("location", format!("/v1/leads/{}", draft.id)))
}
