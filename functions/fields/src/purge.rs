//! Deleting a definition with all its values: it is archived first, and a job takes the values out of the records.

use domain::doc::text;
use domain::entities::FIELD_DEFINITION;
use domain::{Error, json};
use edge::{Call, Outcome, Reply};

use crate::update::read;

/// Has a job take the values of an archived field out of all records, and then the field itself.
pub async fn purge(call: &Call) -> Outcome {
    let (definition, _) = read(call, "delete").await?;
    if text(&definition, "status") != Some("archived") {
        return Err(Error::conflict("field-active", "Archive the field first: nobody gives it values then.").into());
    }
    let mut command = call.store.command(call.scope()?);
    let id = text(&definition, "_id").unwrap_or_default();
    // One that stopped goes on with another job; of two at once the second finds nothing left.
    command.job("fields", "", json!({ "field": id }), None);
    command.answer_record(202, &FIELD_DEFINITION, definition, &[]);
    Ok(Reply::answer(command.commit().await?))
}
