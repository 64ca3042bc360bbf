//! What a member prefers: how things look, where they begin, and on which channels they are told of things.

use domain::entities::{CHANNEL_FLAGS, MEMBERSHIP, PREFERENCES};
use domain::entity::{Fallback, Field};
use domain::validate::{self, change as difference};
use domain::{Doc, Violation, json};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;

use crate::routes::own_membership;

/// The caller's preferences.
pub async fn get(call: &Call) -> Outcome {
    let member = own_membership(call).await?;
    let is_hidden = !call.viewer()?.policy.reads(MEMBERSHIP.name, "preferences");
    Ok(Reply::json(200, &if is_hidden { shown(&Doc::new()) } else { shown(&member) }))
}

/// Changes them by a merge patch: null brings a default back.
pub async fn change(call: &Call) -> Outcome {
    let patch = call.input()?;
    let set = patch.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect();
    validate::input(PREFERENCES, set)?;
    if let (false, Some(name)) = (call.viewer()?.policy.writes(MEMBERSHIP.name, "preferences"), patch.keys().next()) {
        return Err(Violation::on(name, "read-only", "Your role does not change preferences.").into());
    }
    if let Some(name) = patch.keys().find(|name| !PREFERENCES.iter().any(|field| field.name == **name)) {
        let pointer = format!("/{}", validate::escape(name));
        return Err(Violation::at(pointer, "unknown-field", "There is no such field.").into());
    }
    let before = own_membership(call).await?;
    crud::check_version(call, &before)?;
    let mut after = before.clone();
    after.insert("preferences".to_owned(), validate::merge_patch(before.get("preferences").cloned(), patch.into()));
    let body = shown(&after);
    if body == shown(&before) {
        return Ok(Reply::json(200, &body));
    }
    let mut command = call.store.command(call.scope()?);
    crud::apply(call, &mut command, &MEMBERSHIP, &before, &difference(&before, after), "membership.updated")?;
    command.answer_body(200, body);
    Ok(Reply::answer(command.commit().await?))
}

/// What was chosen, and the defaults of the rest.
fn shown(member: &Doc) -> Value {
    let chosen = member.get("preferences").and_then(Value::as_object);
    let mut shown = with_defaults(PREFERENCES, chosen);
    let channels = chosen.and_then(|chosen| chosen.get("notifications")).and_then(Value::as_object);
    shown.insert("notifications".to_owned(), with_defaults(CHANNEL_FLAGS, channels).into());
    json!(shown)
}

fn with_defaults(fields: &[Field], chosen: Option<&Doc>) -> Doc {
    let value = |field: &Field| {
        let fallback = match field.default {
            Some(Fallback::Flag(flag)) => Some(flag.into()),
            Some(Fallback::Word(word)) => Some(word.into()),
            _ => None,
        };
        Some((field.name.to_owned(), chosen.and_then(|chosen| chosen.get(field.name)).cloned().or(fallback)?))
    };
    fields.iter().filter_map(value).collect()
}
