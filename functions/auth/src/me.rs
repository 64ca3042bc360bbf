//! Who one is here, what one may do, and where else one is a member.

use domain::entities::{MEMBERSHIP, TENANT};
use domain::json::object;
use domain::{Doc, Error, Filter, Policy, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

use crate::entrance::text as text_of;
use crate::places;

/// The member of the session.
pub async fn me(call: &Call) -> Outcome {
    let session = call.session()?;
    let mut reading = call.store.reading(call.scope()?);
    reading.keys_of_member(session.identity());
    let step = reading.operation(places::of_identity(session.identity()));
    let places = places::found(reading.run().await?.docs(step), call.now());
    let here = places.iter().find(|place| !place.waits() && text_of(&place.member, "_id") == session.viewer().member);
    let here = here.ok_or_else(outdated)?;
    let policy = Policy::of_member(&here.member).ok_or_else(outdated)?;
    let body = object(vec![
        ("member", validate::render(&MEMBERSHIP, here.member.clone(), Some(session.viewer())).into()),
        ("tenant", validate::render(&TENANT, known_to_all(&here.tenant), Some(session.viewer())).into()),
        ("role", policy.role().word().into()),
        ("permissions", permissions_of(&policy)),
        ("memberships", places::shown(&places)),
    ]);
    Ok(Reply::json(200, &body))
}

/// What every member may know of the tenant: not whom to bill, for one.
fn known_to_all(tenant: &Doc) -> Doc {
    const FIELDS: &[&str] =
        &["_id", "name", "subdomain", "plan", "status", "features_enabled", "branding", "default_country", "currency"];
    FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), tenant.get(*field)?.clone()))).collect()
}

/// What the member of the session may do by now, and whether the session has it already.
pub async fn permissions(call: &Call) -> Outcome {
    let (scope, viewer) = (call.scope()?, call.viewer()?);
    let oneself = scope.live().and(Filter::is("_id", viewer.member.as_str()));
    let member = call.store.find(scope, &MEMBERSHIP, oneself).await?.ok_or_else(outdated)?;
    let policy = Policy::of_member(&member).ok_or_else(outdated)?;
    let mut masks = Doc::new();
    for (entity, field, mask) in policy.masks() {
        let fields = masks.entry(entity).or_insert_with(|| Doc::new().into());
        if let Value::Object(fields) = fields {
            fields.insert(field.to_owned(), mask.word().into());
        }
    }
    let body = object(vec![
        ("role", policy.role().word().into()),
        ("permissions", permissions_of(&policy)),
        ("masks", masks.into()),
        ("current", (policy == viewer.policy).into()),
    ]);
    Ok(Reply::json(200, &body))
}

fn permissions_of(policy: &Policy) -> Value {
    policy.permissions().map(|(name, reach)| (name.to_owned(), Value::from(reach.word()))).collect()
}

fn outdated() -> Error {
    Error::unauthenticated("session-outdated", "Your membership has ended. Log in again.")
}
