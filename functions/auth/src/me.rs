//! Who one is here, what one may do, and where else one is a member.

use domain::entities::{MEMBERSHIP, TENANT};
use domain::{Error, Policy, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

use crate::entrance::text as text_of;
use crate::json::object;
use crate::places;

/// The member of the session.
pub async fn me(call: &Call) -> Outcome {
    let session = call.session()?;
    let mut reading = call.store.reading(call.scope()?);
    let step = reading.operation(places::of_identity(session.identity()));
    let places = places::found(reading.run().await?.docs(step));
    let here = places.iter().find(|place| text_of(&place.member, "_id") == session.viewer().member);
    let outdated = || Error::unauthenticated("session-outdated", "Your membership has ended. Log in again.");
    let here = here.ok_or_else(outdated)?;
    let policy = Policy::of_member(&here.member).ok_or_else(outdated)?;
    let permissions: Value = policy.permissions().map(|(name, reach)| (name.to_owned(), Value::from(reach.word()))).collect();
    let body = object(vec![
        ("member", validate::render(&MEMBERSHIP, here.member.clone(), Some(session.viewer())).into()),
        ("tenant", validate::render(&TENANT, here.tenant.clone(), Some(session.viewer())).into()),
        ("role", policy.role().word().into()),
        ("permissions", permissions),
        ("memberships", places::shown(&places)),
    ]);
    Ok(Reply::json(200, &body))
}
