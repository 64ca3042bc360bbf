//! Deleting a definition that no record has a value of, and restoring it.

use domain::Error;
use domain::doc::text;
use domain::entities::FIELD_DEFINITION;
use edge::{Call, Outcome, Reply, crud};

use crate::create::require_room;
use crate::update::{holding, read, read_among, replaced};

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
    crud::remove(call, &mut command, &FIELD_DEFINITION, &before)?;
    Ok(Reply::answer(command.commit().await?))
}

/// Restores a definition, if there is room for it.
pub async fn restore(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let (before, definitions) = read_among(call, scope.trashed(&FIELD_DEFINITION)).await?;
    let all = replaced(&definitions.docs, &before, Some(&before));
    require_room(&all)?;
    let mut command = call.store.command(scope);
    command.keep_schema(scope, text(&before, "entity").unwrap_or_default(), &definitions, &all);
    crud::restoring_with(call, command, before)?.answer().await
}
