//! Giving a key another secret; the one before may be used for a while.

use domain::doc::text;
use domain::entities::{API_KEY, MEMBERSHIP};
use domain::entity::{Field, integer};
use domain::validate::{self, change};
use domain::{Error, Filter};
use edge::{Call, Outcome, crud};
use serde_json::Value;
use store::proof::ApiKey;

use crate::holder;

/// A week is enough to change a secret wherever it is used.
/// What `rotate` takes.
pub const INPUT: &[Field] = &[integer("overlap_s", 0, 604_800)];

/// Gives a key another secret, which is shown this once.
pub async fn rotate(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&API_KEY)?, call.scope()?);
    let input = validate::input(INPUT, call.input()?)?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&API_KEY, &scope.reach(&API_KEY, "update").and(Filter::is("_id", id)), Error::not_found());
    let source = step.path("document.member");
    let member = reading.linked(&MEMBERSHIP, &scope.live(), "_id", &source, Error::not_found());
    let mut found = reading.run().await?;
    let (before, member) = (found.doc(step), found.doc(member));
    crud::check_version(call, &before)?;
    if text(&member, "_id").unwrap_or_default() != call.viewer()?.member {
        holder::policy_of_service(call, &member)?;
    }
    if before.get("revoked_at").is_some_and(|at| !at.is_null()) {
        return Err(Error::conflict("key-revoked", "The key was revoked. Make another one.").into());
    }
    let key = ApiKey::new(id, scope.tenant(), call.store.random());
    let mut after = before.clone();
    after.insert("hash".to_owned(), key.hash(&call.config.vault).into());
    after.insert("rotated_at".to_owned(), call.now().into());
    after.remove("previous_hash");
    after.remove("previous_until");
    let overlap_s = input.get("overlap_s").and_then(Value::as_i64).unwrap_or_default();
    if let (true, Some(hash)) = (overlap_s > 0, before.get("hash")) {
        after.insert("previous_hash".to_owned(), hash.clone());
        after.insert("previous_until".to_owned(), call.now().plus_ms(overlap_s * 1_000).into());
    }
    let mut command = call.store.command(scope);
    crud::apply(call, &mut command, &API_KEY, &before, &change(&before, after), "api_key.rotated")?;
    holder::answer(call, command, 200, id, &key).await
}
