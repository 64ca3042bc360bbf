//! Making, changing and deleting roles. Nobody gives more than they have, and nobody changes what gives more.

use data_api::{Action, Operation};
use domain::entities::{MEMBERSHIP, ROLE, role_policy};
use domain::json;
use domain::{Doc, Error, Filter};
use edge::{Call, Halt, Outcome, Reply, crud};
use store::compile;

/// Makes a role.
pub async fn create(call: &Call) -> Outcome {
    let mut draft = crud::draft(call)?;
    require_less(call, &draft.doc)?;
    draft.or_duplicate(Error::conflict("role-exists", "There is a role of this name already."));
    draft.insert().answer().await
}

/// Changes a role by a merge patch; whoever has it has the new policy from then on, and writes with no older token.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match crud::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    let was = require_less(call, &changing.before)?;
    let is = require_less(call, &changing.after)?;
    if was != is {
        let scope = call.scope()?;
        let filter = scope.live().and(Filter::is("custom_role", changing.before.get("_id").cloned().unwrap_or_default()));
        let update =
            json!({ "$set": { "policy": is, "updated_at": scope.now().ejson() }, "$inc": { "policy_version": 1, "version": 1 } });
        let operation = Operation::new(Action::UpdateMany, MEMBERSHIP.collection).with("filter", compile(&filter));
        changing.command.operation(operation.with("update", update), None);
    }
    changing.answer().await
}

/// Deletes a role that nobody has.
pub async fn remove(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&ROLE)?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let step = reading.one(&ROLE, &scope.reach(&ROLE, "delete").and(Filter::is("_id", id)), Error::not_found());
    let role = reading.run().await?.doc(step);
    crud::check_version(call, &role)?;
    require_less(call, &role)?;
    let mut command = call.store.command(scope);
    let held = scope.live().and(Filter::is("custom_role", id));
    command.forbid(&MEMBERSHIP, held, Error::conflict("role-in-use", "A role that somebody has cannot be deleted."));
    crud::remove(call, &mut command, &ROLE, &role)?;
    Ok(Reply::answer(command.commit().await?))
}

/// Restores a role.
pub async fn restore(call: &Call) -> Outcome {
    let mut reading = call.store.reading(call.scope()?);
    let role = crud::trashed(call, &mut reading)?;
    let role = reading.run().await?.doc(role);
    require_less(call, &role)?;
    crud::restoring(call, role)?.answer().await
}

/// The policy that a role gives, as it is written, if the caller has as much.
pub fn require_less(call: &Call, role: &Doc) -> Result<Option<String>, Halt> {
    let policy = role_policy(role).map_err(Error::invalid)?;
    call.require_as_much(Some(&policy))?;
    Ok(policy.written())
}
