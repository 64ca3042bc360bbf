//! Archiving: a record leaves the lists and changes no more, until it is taken out of the archive.

use domain::lifecycle::ARCHIVED_AT;
use domain::validate::change;
use domain::{Doc, Error, Filter, doc, json};
use serde_json::Value;

use super::{check_version, raced};
use crate::{Call, Halt, Outcome, Reply};

/// Archives the route's record.
pub async fn archive(call: &Call) -> Outcome {
    archive_with(call, &[]).await
}

/// As [`archive`], where fields of the record follow.
pub async fn archive_with(call: &Call, also: &[(&str, &str)]) -> Outcome {
    let before = read(call).await?;
    if is_archived(&before) {
        return Err(Error::conflict("already-archived", "The record is archived already.").into());
    }
    write(call, &before, doc::with(&before, json!({ (ARCHIVED_AT): call.now() })), also, "archived").await
}

/// Takes the route's record out of the archive.
pub async fn unarchive(call: &Call) -> Outcome {
    unarchive_with(call, &[]).await
}

/// As [`unarchive`], where fields of the record follow.
pub async fn unarchive_with(call: &Call, also: &[(&str, &str)]) -> Outcome {
    let before = read(call).await?;
    if !is_archived(&before) {
        return Err(Error::conflict("not-archived", "The record is not archived.").into());
    }
    let mut after = before.clone();
    after.remove(ARCHIVED_AT);
    write(call, &before, after, also, "unarchived").await
}

/// 409 for a record in the archive.
pub fn require_unarchived(doc: &Doc) -> Result<(), Halt> {
    match is_archived(doc) {
        true => Err(Error::conflict("archived", "The record is archived. Take it out of the archive to change it.").into()),
        false => Ok(()),
    }
}

fn is_archived(doc: &Doc) -> bool {
    doc.get(ARCHIVED_AT).is_some_and(Value::is_string)
}

async fn read(call: &Call) -> Result<Doc, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let mut reading = call.store.reading(scope);
    let record = scope.reach(entity, "archive").and(Filter::is("_id", call.id(entity)?));
    let step = reading.one(entity, &record, Error::not_found());
    let before = reading.run().await?.doc(step);
    check_version(call, &before)?;
    Ok(before)
}

async fn write(call: &Call, before: &Doc, mut after: Doc, also: &[(&str, &str)], what: &str) -> Outcome {
    let entity = call.entity()?;
    after.extend(also.iter().map(|(field, value)| ((*field).to_owned(), (*value).into())));
    let mut command = call.store.command(call.scope()?);
    let kind = format!("{}.{what}", entity.name);
    let after = command.apply(entity, before, &change(before, after), &kind, raced(call)?);
    command.answer_record(200, entity, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
