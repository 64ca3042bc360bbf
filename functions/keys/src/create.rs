//! Making a key.

use domain::doc::text;
use edge::{Call, Outcome, crud};
use store::proof::ApiKey;

use crate::holder;

/// Makes a key for oneself or for a service account; it is shown this once.
pub async fn create(call: &Call) -> Outcome {
    let (scope, viewer) = (call.scope()?, call.viewer()?);
    let mut draft = crud::draft(call)?;
    let policy = match text(&draft.doc, "member") {
        Some(member) if member != viewer.member => holder::policy_of_service(call, &holder::read(call, member).await?)?,
        _ => viewer.policy.clone(),
    };
    holder::require_held(&policy, &draft.doc)?;
    let key = ApiKey::new(&draft.id, scope.tenant(), call.store.random());
    draft.doc.entry("member").or_insert_with(|| viewer.member.as_str().into());
    draft.doc.insert("prefix".to_owned(), key.prefix().into());
    draft.doc.insert("hash".to_owned(), key.hash(&call.config.vault).into());
    let made = draft.insert();
    let location = format!("/v1/api-keys/{}", made.id);
    Ok(holder::answer(call, made.command, 201, &made.id, &key).await?.with("location", location))
}
