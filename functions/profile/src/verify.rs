//! Having it verified what a member says of themselves, and deciding on it. Nobody verifies themselves.

use domain::entities::{MEMBERSHIP, REVIEWERS_KEY, SETTING, VERIFICATION, claim_of};
use domain::entity::{Field, date, text};
use domain::policy::Reach;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Policy, Time, Violation, doc, json};
use edge::{Call, Halt, Outcome, Reply, crud, proof};
use serde_json::Value;
use store::{Command, Scope};

use crate::confirm;

/// What `verify` takes.
pub const VERIFY: &[Field] = &[date("valid_until")];
/// What `reject` takes.
pub const REJECT: &[Field] = &[text("reason", 1_000).required()];

/// Asks for a verification: of oneself, or of another by those who reach all.
pub async fn create(call: &Call) -> Outcome {
    let (scope, viewer) = (call.scope()?, call.viewer()?);
    let mut input = call.input()?;
    let proof = proof::taken_from(&mut input)?;
    let mut verification = validate::create(&VERIFICATION, input, call.moment())?;
    if let Some(proved) = proof.open(call)? {
        return confirm::by_code(call, verification, &proved).await;
    }
    let (member, kind) = (text_of(&verification, "member").to_owned(), text_of(&verification, "kind").to_owned());
    let missing = Violation::on("member", "not-found", "There is no such member, or they are not visible to you.");
    let is_other = member != viewer.member;
    if is_other && viewer.policy.reach("verification:create") != Some(Reach::All) {
        return Err(missing.into());
    }
    let visible = if is_other { scope.reach(&MEMBERSHIP, "read") } else { scope.live() };
    let mut reading = call.store.reading(scope);
    let step = reading.one(&MEMBERSHIP, &visible.and(Filter::is("_id", member.as_str())), missing.clone().into());
    let setting = reading.maybe(&SETTING, &scope.live().and(Filter::is("key", REVIEWERS_KEY)));
    let mut found = reading.run().await?;
    let whose = found.doc(step);
    if is_other {
        call.require_as_much(Policy::of_member(&whose).as_ref())?;
    }
    let claim = claim_of(&whose, &kind);
    if claim.is_null() {
        return Err(Violation::on("kind", "nothing-to-verify", "The profile says nothing of this yet.").into());
    }
    let reviewers = found.maybe(setting).and_then(|setting| setting.get("value")?.as_i64()).unwrap_or(1);
    verification.insert("claim".to_owned(), claim);
    verification.insert("reviewers_needed".to_owned(), reviewers.clamp(1, 2).into());
    let mut command = call.store.command(scope);
    // Of two that ask at once one comes second, and finds the other's.
    command.require_still(&MEMBERSHIP, scope.live().and(Filter::is("_id", member.as_str())), missing.into());
    command.forbid(
        &VERIFICATION,
        waiting(scope, &member, &kind),
        Error::conflict("already-pending", "Such a verification waits already."),
    );
    let id = command.id(&VERIFICATION);
    let verification = command.insert(&VERIFICATION, &id, verification, &[], Error::internal("a verification's id was taken"));
    command.event_of_new(&VERIFICATION, &verification, &[]);
    command.answer_record(201, &VERIFICATION, verification, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/verifications/{id}")))
}

/// Says that it is right. Where two reviewers are asked for, the second decides.
pub async fn verify(call: &Call) -> Outcome {
    let id = call.id(&VERIFICATION)?;
    let input = validate::input_for(&VERIFICATION, VERIFY, call.input()?, call.moment())?;
    let until = doc::text(&input, "valid_until").and_then(Time::parse);
    if until.is_some_and(|until| until <= call.now()) {
        return Err(Violation::on("valid_until", "in-the-past", "Expected a time to come.").into());
    }
    let (before, member) = pending(call, id).await?;
    let me = call.viewer()?.member.as_str();
    if before.get("claim").cloned().unwrap_or_default() != claim_of(&member, text_of(&before, "kind")) {
        return Err(Error::conflict("claim-changed", "The profile says something else by now. Have that verified.").into());
    }
    let mut reviewers: Vec<Value> = before.get("reviewers").and_then(Value::as_array).cloned().unwrap_or_default();
    if reviewers.iter().any(|reviewer| reviewer.as_str() == Some(me)) {
        return Err(Error::conflict("already-reviewed", "The second reviewer is somebody else.").into());
    }
    reviewers.push(me.into());
    let needed = before.get("reviewers_needed").and_then(Value::as_u64).unwrap_or(1);
    let is_decided = u64::try_from(reviewers.len()).is_ok_and(|count| count >= needed);
    let mut after = doc::with(&before, json!({ "reviewers": reviewers }));
    let mut command = call.store.command(call.scope()?);
    if is_decided {
        after.extend(doc::fields(json!({ "status": "verified", "method": "review", "decided_at": call.now() })));
        after.extend(input);
        mark(call, &mut command, &member, text_of(&before, "kind"));
    }
    let kind = if is_decided { "verification.verified" } else { "verification.reviewed" };
    let after = crud::apply(call, &mut command, &VERIFICATION, &before, &change(&before, after), kind)?;
    if let Some(until) = until.filter(|_| is_decided) {
        let ends = json!({ "verification": id, "member": member.get("_id") });
        command.job("verification-expiry", "", ends, Some(until));
    }
    command.answer_record(200, &VERIFICATION, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Says that it is not right, and why.
pub async fn reject(call: &Call) -> Outcome {
    let id = call.id(&VERIFICATION)?;
    let input = validate::input_for(&VERIFICATION, REJECT, call.input()?, call.moment())?;
    let (before, _) = pending(call, id).await?;
    let mut after = doc::with(&before, json!({ "status": "rejected", "decided_at": call.now() }));
    after.extend(input);
    let mut command = call.store.command(call.scope()?);
    let after = crud::apply(call, &mut command, &VERIFICATION, &before, &change(&before, after), "verification.rejected")?;
    command.answer_record(200, &VERIFICATION, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// The verification of a kind of claim that waits.
pub fn waiting(scope: &Scope, member: &str, kind: &str) -> Filter {
    scope.live().and(Filter::is("member", member)).and(Filter::is("kind", kind)).and(Filter::is("status", "pending"))
}

/// Writes into a membership what was verified now.
pub fn mark(call: &Call, command: &mut Command<'_>, member: &Doc, kind: &str) {
    let mut verified = member.get("verified").and_then(Value::as_object).cloned().unwrap_or_default();
    verified.insert(kind.to_owned(), call.now().into());
    let change = change(member, doc::with(member, json!({ "verified": verified })));
    let raced = Error::conflict("concurrent-update", "The member was changed at the same moment. Try again.");
    command.apply(&MEMBERSHIP, member, &change, "membership.verified", raced);
}

/// A verification that the caller may decide on, and its member.
async fn pending(call: &Call, id: &str) -> Result<(Doc, Doc), Halt> {
    let scope = call.scope()?;
    let theirs = scope.reach(&VERIFICATION, "decide").and(Filter::is("_id", id));
    let mut reading = call.store.reading(scope);
    let step = reading.one(&VERIFICATION, &theirs, Error::not_found());
    let member = reading.linked(&MEMBERSHIP, &scope.live(), "_id", &step.path("document.member"), Error::not_found());
    let mut found = reading.run().await?;
    let (verification, member) = (found.doc(step), found.doc(member));
    crud::check_version(call, &verification)?;
    if text_of(&verification, "member") == call.viewer()?.member {
        return Err(Error::forbidden("not-by-oneself", "Nobody verifies themselves.").into());
    }
    call.require_as_much(Policy::of_member(&member).as_ref())?;
    if text_of(&verification, "status") != "pending" {
        return Err(Error::conflict("verification-decided", "The verification has been decided on.").into());
    }
    Ok((verification, member))
}

fn text_of<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc::text(doc, field).unwrap_or_default()
}
