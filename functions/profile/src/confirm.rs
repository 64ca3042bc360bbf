//! Verifying one's own e-mail address by a code that was mailed to it: no reviewer is needed.

use domain::entities::{MEMBERSHIP, VERIFICATION, claim_of};
use domain::validate::change;
use domain::{Doc, Error, Violation, doc, json};
use edge::{Call, Outcome, Reply, crud, proof};
use store::StepUp;

use crate::routes::oneself;
use crate::verify;

/// Verifies what the proof shows; a verification that waits for reviewers is decided by it.
pub async fn by_code(call: &Call, mut verification: Doc, proved: &StepUp) -> Outcome {
    let (scope, me) = (call.scope()?, call.viewer()?.member.as_str());
    if doc::text(&verification, "member") != Some(me) || doc::text(&verification, "kind") != Some("email") {
        return Err(Violation::on("kind", "not-by-code", "A code verifies one's own e-mail address alone.").into());
    }
    let mut reading = call.store.reading(scope);
    let member = reading.one(&MEMBERSHIP, &oneself(call)?, Error::not_found());
    let waiting = reading.maybe(&VERIFICATION, &verify::waiting(scope, me, "email"));
    let mut found = reading.run().await?;
    let (member, waiting) = (found.doc(member), found.maybe(waiting));
    let claim = claim_of(&member, "email");
    if claim.as_str().is_none() || claim.as_str() != proved.address.as_deref() {
        return Err(proof::invalid().into());
    }
    let decided = json!({ "status": "verified", "method": "code", "decided_at": call.now() });
    let mut command = call.store.command(scope);
    verify::mark(call, &mut command, &member, "email");
    if let Some(before) = waiting {
        let decided = change(&before, doc::with(&before, decided));
        let after = crud::apply(call, &mut command, &VERIFICATION, &before, &decided, "verification.verified")?;
        command.answer_record(200, &VERIFICATION, after, &[]);
        return Ok(Reply::answer(command.commit().await?));
    }
    verification.extend(doc::fields(decided));
    verification.insert("claim".to_owned(), claim);
    let id = command.id(&VERIFICATION);
    let verification = command.insert(&VERIFICATION, &id, verification, &[], Error::internal("a verification's id was taken"));
    command.event_of_new(&VERIFICATION, &verification, &[]);
    command.answer_record(201, &VERIFICATION, verification, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/verifications/{id}")))
}
