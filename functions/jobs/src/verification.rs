//! Verifications end: what was verified until a time is not verified any more, and its member is told.

use domain::doc::with;
use domain::entities::{MEMBERSHIP, VERIFICATION};
use domain::json::of;
use domain::validate::change;
use domain::{Error, Time};
use runner::{Stop, Work, done, facts, text};
use store::Audience;

/// Ends a verification whose time has come; the membership goes on to say what was verified anew since.
pub async fn expire(work: &Work<'_>) -> Result<(), Stop> {
    let mut reading = work.store.reading(&work.scope);
    let step = reading.maybe(&VERIFICATION, &work.one(work.text("verification")));
    let member = reading.maybe(&MEMBERSHIP, &work.one(work.text("member")));
    let mut found = reading.run().await?;
    let (before, member) = (found.maybe(step).unwrap_or_default(), found.maybe(member).unwrap_or_default());
    if text(&before, "status") != "verified" {
        return work.nothing_to_do().await;
    }
    if let Some(due) = Time::parse(text(&before, "valid_until")).filter(|due| *due > work.scope.now()) {
        return Err(Stop::Early(due));
    }
    let raced = || Error::conflict("concurrent-update", "the verification was changed at the same moment");
    let mut command = work.finishing();
    let kind = text(&before, "kind");
    let expired = change(&before, with(&before, of("status", "expired")));
    command.apply(&VERIFICATION, &before, &expired, "verification.expired", raced());
    let mut verified = member.get("verified").cloned().unwrap_or_default();
    if let Some(kinds) = verified.as_object_mut().filter(|kinds| kinds.get(kind) == before.get("decided_at")) {
        kinds.remove(kind);
        let unverified = change(&member, with(&member, of("verified", verified)));
        command.apply(&MEMBERSHIP, &member, &unverified, "membership.unverified", raced());
        let audience = Audience { members: &[Some(work.text("member"))], roles: &[] };
        let (id, what) = (text(&before, "_id"), kind.replace('_', " "));
        command.notify(&audience, facts("verification.expired", &VERIFICATION, id, None, &what));
    }
    done(command).await
}
