//! Ending a key for good; it stays on record.

use domain::entities::API_KEY;
use domain::validate::change;
use domain::{Error, Filter};
use edge::{Call, Outcome, Reply, crud};

/// Revokes a key, from this moment on.
pub async fn revoke(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&API_KEY)?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let step = reading.one(&API_KEY, &scope.reach(&API_KEY, "revoke").and(Filter::is("_id", id)), Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    if before.get("revoked_at").is_some_and(|at| !at.is_null()) {
        return Ok(Reply::empty(204));
    }
    let mut after = before.clone();
    after.insert("revoked_at".to_owned(), call.now().into());
    let mut command = call.store.command(scope);
    crud::apply(call, &mut command, &API_KEY, &before, &change(&before, after), "api_key.revoked")?;
    Ok(Reply::answer(command.commit().await?))
}
