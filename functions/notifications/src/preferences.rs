//! What a member wants to be told, and where: each channel may be used until they turn it off.

use domain::entities::{CHANNEL_FLAGS, MEMBERSHIP};
use domain::entity::{Fallback, Field};
use domain::json;
use domain::validate::{self, change as difference};
use domain::{Doc, Error, Filter};
use edge::{Call, Halt, Outcome, Reply, crud};
use serde_json::Value;

/// The caller's preferences.
pub async fn get(call: &Call) -> Outcome {
    let member = call.store.find(call.scope()?, &MEMBERSHIP, oneself(call)?).await?.ok_or_else(Error::not_found)?;
    Ok(Reply::json(200, &preferences(&member).into()))
}

/// Changes them by a merge patch: null brings a default back.
pub async fn change(call: &Call) -> Outcome {
    let patch = call.input()?;
    validate::input(CHANNEL_FLAGS, patch.clone())?;
    let mut reading = call.store.reading(call.scope()?);
    let step = reading.one(&MEMBERSHIP, &oneself(call)?, Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    let patch = json!({ "notifications": patch });
    let merged = validate::merge_patch(before.get("preferences").cloned(), patch);
    let mut after = before.clone();
    after.insert("preferences".to_owned(), merged);
    let shown = preferences(&after);
    if shown == preferences(&before) {
        return Ok(Reply::json(200, &shown.into()));
    }
    let mut command = call.store.command(call.scope()?);
    crud::apply(call, &mut command, &MEMBERSHIP, &before, &difference(&before, after), "membership.updated")?;
    command.answer_body(200, shown.into());
    Ok(Reply::answer(command.commit().await?))
}

/// Every member reaches their own membership for this, whatever else their role lets them see of memberships.
fn oneself(call: &Call) -> Result<Filter, Halt> {
    Ok(call.scope()?.live().and(Filter::is("_id", call.viewer()?.member.as_str())))
}

/// A flag per channel, chosen or by default.
fn preferences(member: &Doc) -> Doc {
    let chosen = member.get("preferences").and_then(|preferences| preferences.get("notifications"));
    let flag = |field: &Field| {
        let chosen = chosen.and_then(|chosen| chosen.get(field.name)).and_then(Value::as_bool);
        let fallback = matches!(field.default, Some(Fallback::Flag(true)));
        (field.name.to_owned(), chosen.unwrap_or(fallback).into())
    };
    CHANNEL_FLAGS.iter().map(flag).collect()
}
