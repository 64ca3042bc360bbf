//! Deleting records into the trash, and restoring them with exactly what went there together with them.

use domain::doc::text;
use domain::entity::Entity;
use domain::{Doc, Error, Filter, json};
use serde_json::Value;
use store::{Command, EventOf, Reading, Step};

use super::check_version;
use crate::{Call, Halt, Outcome, Reply};

/// Deletes the route's record.
pub async fn delete(call: &Call) -> Outcome {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let id = call.id(entity)?;
    let version = call.if_match()?;
    let record = scope.reach(entity, "delete").and(Filter::is("_id", id));
    let record = version.map_or(record.clone(), |version| record.and(Filter::is("version", version)));
    let mut command = call.store.command(scope);
    command.trash(entity, &record, id, Error::conflict("refused", ""));
    let kind = format!("{}.deleted", entity.name);
    command.event(EventOf { kind: &kind, entity, id, lead: None, changes: json!({}), comment: None, holes: &[] });
    match command.commit().await {
        // Gone and stale look alike from afar; a second look tells them apart.
        Err(Halt::Refused(error)) if error.code == "refused" => {
            let doc = call.store.get(scope, entity, id).await?;
            check_version(call, &doc)?;
            Err(Error::not_found().into())
        }
        other => Ok(Reply::answer(other?)),
    }
}

/// Deletes a record that was read before, if it still has that version. Returns the group of what goes with it.
pub fn remove(call: &Call, command: &mut Command<'_>, entity: &'static Entity, before: &Doc) -> Result<String, Halt> {
    let id = text(before, "_id").unwrap_or_default();
    let same = ["_id", "version"].map(|field| Filter::is(field, before.get(field).cloned().unwrap_or_default()));
    let record = same.into_iter().fold(call.scope()?.live(), Filter::and);
    let (group, _) = command.trash(entity, &record, id, super::raced(call)?);
    command.event_of(entity, before, before, &format!("{}.deleted", entity.name), None);
    Ok(group)
}

/// A record that is about to come back.
pub struct Restoring<'a> {
    /// What is written together with it.
    pub command: Command<'a>,
    /// The record as it lies in the trash.
    pub before: Doc,
    entity: &'static Entity,
    record: Step,
}

/// Restores the route's record.
pub async fn restore(call: &Call) -> Outcome {
    let mut reading = call.store.reading(call.scope()?);
    let step = trashed(call, &mut reading)?;
    let before = reading.run().await?.doc(step);
    restoring(call, before)?.answer().await
}

/// Reads the route's record in the trash.
pub fn trashed(call: &Call, reading: &mut Reading<'_>) -> Result<Step, Halt> {
    let entity = call.entity()?;
    let record = call.scope()?.trashed(entity).and(Filter::is("_id", call.id(entity)?));
    Ok(reading.one(entity, &record, Error::not_found()))
}

/// The restoration of a record that was read in the trash.
pub fn restoring(call: &Call, before: Doc) -> Result<Restoring<'_>, Halt> {
    restoring_with(call, call.store.command(call.scope()?), before)
}

/// As [`restoring`], after what its command holds already.
pub fn restoring_with<'a>(call: &'a Call, mut command: Command<'a>, before: Doc) -> Result<Restoring<'a>, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    check_version(call, &before)?;
    let same = ["_id", "trash_group"].map(|field| Filter::is(field, before.get(field).cloned().unwrap_or(Value::Null)));
    let record = same.into_iter().fold(scope.dead(), Filter::and);
    let group = text(&before, "trash_group").unwrap_or_default();
    let record = command.restore(entity, &record, group, super::raced(call)?);
    command.event_of(entity, &before, &before, &format!("{}.restored", entity.name), None);
    Ok(Restoring { command, before, entity, record })
}

impl Restoring<'_> {
    /// Commits, and answers with the record.
    pub async fn answer(mut self) -> Outcome {
        self.command.answer_step(200, self.entity, self.record);
        Ok(Reply::answer(self.command.commit().await?))
    }
}
