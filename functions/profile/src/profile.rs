//! Changing a profile: one's own, or as somebody who runs the members.

use domain::custom::FIELD;
use domain::entities::{MEMBERSHIP, OWN_PROFILE, STAFF_PROFILE, profile_change};
use domain::entity::reference;
use domain::validate::{self, change as difference};
use domain::{Doc, Error, Filter, Policy, Violation, doc};
use edge::{Call, Outcome, Reply, crud, custom};
use serde_json::Value;
use store::Definitions;

use crate::routes::own_membership;

/// The caller's own membership.
pub async fn own(call: &Call) -> Outcome {
    Ok(Reply::record(200, &MEMBERSHIP, own_membership(call).await?))
}

/// Changes the caller's own profile by a merge patch.
pub async fn change_own(call: &Call) -> Outcome {
    let patch = call.input()?;
    let before = own_membership(call).await?;
    write(call, before, patch, &[OWN_PROFILE], None, None).await
}

/// Changes the profile of a member, and which vendor looks after a customer.
pub async fn change(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let mut patch = call.input()?;
    let vendor = patch.remove("vendor");
    let mut reading = call.store.reading(scope);
    let step = reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "update").and(Filter::is("_id", id)), Error::not_found());
    let steps = patch.contains_key(FIELD).then(|| Definitions::read(&mut reading, scope, MEMBERSHIP.name));
    let mut found = reading.run().await?;
    let (before, definitions) = (found.doc(step), steps.map(|steps| Definitions::found(&mut found, &steps)));
    call.require_as_much(Policy::of_member(&before).as_ref())?;
    write(call, before, patch, &[OWN_PROFILE, STAFF_PROFILE], vendor, definitions).await
}

async fn write(
    call: &Call,
    before: Doc,
    mut patch: Doc,
    fields: &[&[&str]],
    vendor: Option<Value>,
    definitions: Option<Definitions>,
) -> Outcome {
    let scope = call.scope()?;
    crud::check_version(call, &before)?;
    let given = custom::given(call, &MEMBERSHIP, Some(&before), &mut patch);
    let mut after = profile_change(&before, &patch, fields, call.moment())?.after;
    if let (Some(definitions), Some(given)) = (&definitions, given) {
        custom::set(&MEMBERSHIP, definitions, Some(&before), &mut after, given)?;
    }
    let vendor = vendor.map(|vendor| assigned(call, &mut after, vendor)).transpose()?.flatten();
    let change = difference(&before, after);
    if change.is_empty() {
        return Ok(Reply::record(200, &MEMBERSHIP, before));
    }
    let mut command = call.store.command(scope);
    if let Some(definitions) = &definitions {
        custom::require(&mut command, scope, &MEMBERSHIP, definitions, Some(&before), &change.after);
    }
    if let Some(vendor) = vendor {
        let missing = Violation::on("vendor", "not-found", "There is no such vendor.");
        let theirs = scope.reach(&MEMBERSHIP, "read").and(Filter::is("_id", vendor)).and(Filter::is("role", "vendor"));
        command.require(&MEMBERSHIP, theirs, missing.into());
    }
    let after = crud::apply(call, &mut command, &MEMBERSHIP, &before, &change, "membership.updated")?;
    command.answer_record(200, &MEMBERSHIP, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Names a customer's vendor, or none; gives whom.
fn assigned(call: &Call, after: &mut Doc, vendor: Value) -> Result<Option<String>, Error> {
    const INPUT: &[domain::Field] = &[reference("vendor", "membership")];
    let input = [("vendor".to_owned(), vendor)].into_iter().collect();
    let input = validate::input_for(&MEMBERSHIP, INPUT, input, call.moment())?;
    if input.is_empty() {
        after.remove("vendor");
        return Ok(None);
    }
    if doc::text(after, "role") != Some("customer") {
        return Err(Violation::on("vendor", "other-role", "This is for: customer.").into());
    }
    let vendor = doc::text(&input, "vendor").unwrap_or_default().to_owned();
    after.insert("vendor".to_owned(), vendor.as_str().into());
    Ok(Some(vendor))
}
