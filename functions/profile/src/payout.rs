//! Where a member is paid. The account is sealed at rest, in no event, shown whole to those alone who pay, and changed by whoever
//! has just proved who they are.

use domain::entities::{MEMBERSHIP, PAYOUT, masked_payout, normal_payout};
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, doc, json};
use edge::{Call, Outcome, Reply, crud, proof};
use serde_json::Value;

use crate::routes::own_membership;

/// The caller's own account, but for its digits.
pub async fn own(call: &Call) -> Outcome {
    Ok(Reply::json(200, &masked(&own_membership(call).await?)))
}

/// Sets the caller's own account, and has them told by mail, in case it was not they.
pub async fn set(call: &Call) -> Outcome {
    let mut input = call.input()?;
    let proof = proof::taken_from(&mut input)?;
    let account = normal_payout(validate::input(PAYOUT, input)?)?;
    proof.require_oneself(call)?;
    let before = own_membership(call).await?;
    if !matches!(doc::text(&before, "role"), Some("expert" | "vendor")) {
        return Err(Error::conflict("not-paid", "Experts and vendors are paid.").into());
    }
    write(call, &before, Some(account)).await
}

/// Removes the caller's own account.
pub async fn remove(call: &Call) -> Outcome {
    let mut input = call.input()?;
    let proof = proof::taken_from(&mut input)?;
    validate::input(&[], input)?;
    proof.require_oneself(call)?;
    let before = own_membership(call).await?;
    write(call, &before, None).await
}

/// The account of a member, for those who pay.
pub async fn of_member(call: &Call) -> Outcome {
    let (id, scope) = (call.id(&MEMBERSHIP)?, call.scope()?);
    let theirs = scope.reach(&MEMBERSHIP, "payout").and(Filter::is("_id", id));
    let member = call.store.find(scope, &MEMBERSHIP, theirs).await?.ok_or_else(Error::not_found)?;
    Ok(Reply::json(200, &json!({ "payout": account_of(&member) })))
}

async fn write(call: &Call, before: &Doc, account: Option<Doc>) -> Outcome {
    crud::check_version(call, before)?;
    let is_removal = account.is_none();
    let mut after = before.clone();
    match account {
        Some(account) => after.insert("payout".to_owned(), account.into()),
        None => after.remove("payout"),
    };
    let (body, change) = (masked(&after), change(before, after));
    let mut command = call.store.command(call.scope()?);
    if !change.is_empty() {
        crud::apply(call, &mut command, &MEMBERSHIP, before, &change, "membership.payout_changed")?;
        command.job("payout-changed", "", json!({ "membership": before.get("_id") }), None);
    }
    if !is_removal {
        // The holder's name is in it.
        command.answer_secret(200, body);
    }
    Ok(Reply::answer(command.commit().await?))
}

fn masked(member: &Doc) -> Value {
    json!({ "payout": account_of(member).as_object().map(masked_payout) })
}

fn account_of(member: &Doc) -> Value {
    member.get("payout").cloned().unwrap_or_default()
}
