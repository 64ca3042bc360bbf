//! Deleting a definition that no record has a value of.

use domain::Error;
use domain::doc::{text, with};
use domain::entities::FIELD_DEFINITION;
use domain::json;
use domain::validate::change;
use edge::{Call, Outcome, Reply, crud};

use crate::update::{holding, read, replaced};

/// Deletes a definition.
pub async fn remove(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let (before, definitions) = read(call, "delete").await?;
    let mut command = call.store.command(scope);
    if let Some((entity, filter)) = holding(scope, &before, &[text(&before, "key").unwrap_or_default()]) {
        command.forbid(entity, filter, Error::conflict("field-in-use", "Records have values of this field. Archive it instead."));
    }
    let all = replaced(&definitions.docs, &before, None);
    command.keep_schema(scope, text(&before, "entity").unwrap_or_default(), &definitions, &all);
    let deleted = change(&before, with(&before, json!({ "deleted_at": call.now() })));
    crud::apply(call, &mut command, &FIELD_DEFINITION, &before, &deleted, "field_definition.deleted")?;
    Ok(Reply::answer(command.commit().await?))
}
