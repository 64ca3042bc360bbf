//! Changing records: only the version that was read, only what the caller may.

use domain::entity::Entity;
use domain::validate::{self, Change};
use domain::{Doc, Error, Filter};
use serde_json::Value;
use store::Command;

use super::require_unarchived;
use crate::{Call, Halt, Outcome, Reply};

/// A record that is about to change.
pub struct Changing<'a> {
    /// What is written together with the change.
    pub command: Command<'a>,
    /// The record as it was read.
    pub before: Doc,
    /// The record as it becomes, base fields included.
    pub after: Doc,
    entity: &'static Entity,
}

/// Reads the route's record, checks the caller's merge patch and `If-Match`, and writes change and event.
/// A patch that changes nothing answers the record as it is.
pub async fn change(call: &Call) -> Result<Result<Changing<'_>, Reply>, Halt> {
    change_one(call, call.id(call.entity()?)?).await
}

/// As [`change`], of a record whose id is not in the path.
pub async fn change_one<'a>(call: &'a Call, id: &str) -> Result<Result<Changing<'a>, Reply>, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let patch = call.input()?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(entity, &scope.reach(entity, "update").and(Filter::is("_id", id)), Error::not_found());
    let before = reading.run().await?.doc(step);
    check_version(call, &before)?;
    let change = validate::update(entity, &before, patch, call.moment())?;
    begin(call, before, change.after)
}

/// A change of the route's record to what the caller's patch was found to make of it.
pub(crate) fn begin(call: &Call, before: Doc, after: Doc) -> Result<Result<Changing<'_>, Reply>, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let change = validate::change(&before, after);
    if change.is_empty() {
        return Ok(Err(Reply::record(200, entity, before)));
    }
    let mut command = call.store.command(scope);
    super::references::require(&mut command, scope, entity, &change.set);
    let after = apply(call, &mut command, entity, &before, &change, &format!("{}.updated", entity.name))?;
    Ok(Ok(Changing { command, before, after, entity }))
}

/// Writes a change of a record that was read before and is not archived, with an event of this kind; returns the record as it
/// becomes.
pub fn apply(
    call: &Call,
    command: &mut Command<'_>,
    entity: &'static Entity,
    before: &Doc,
    change: &Change,
    kind: &str,
) -> Result<Doc, Halt> {
    require_unarchived(before)?;
    Ok(command.apply(entity, before, change, kind, raced(call)?))
}

/// What is said when the record is not any more as it was read.
pub fn raced(call: &Call) -> Result<Error, Halt> {
    Ok(match call.if_match()? {
        Some(_) => Error::stale(),
        None => Error::conflict("concurrent-update", "The record was changed by somebody else at the same moment. Try again."),
    })
}

impl Changing<'_> {
    /// Commits, and answers with the record.
    pub async fn answer(mut self) -> Outcome {
        self.command.answer_record(200, self.entity, self.after, &[]);
        Ok(Reply::answer(self.command.commit().await?))
    }
}

/// 412 when the caller's copy is not the current one.
pub fn check_version(call: &Call, doc: &Doc) -> Result<(), Halt> {
    match call.if_match()? {
        Some(version) if doc.get("version").and_then(Value::as_i64) != Some(version) => Err(Error::stale().into()),
        _ => Ok(()),
    }
}
