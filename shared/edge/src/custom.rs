//! Records with values of the tenant's own fields. A request that says nothing of them makes no trip for them.

use domain::custom::{self, values};
use domain::entities::MEMBERSHIP;
use domain::{Doc, Entity, Error, Filter, Violation, search, validate};
use store::{Command, Definitions, Query, Scope};

use crate::crud::{self, Changing, Draft};
use crate::{Call, Halt, Outcome, Reply};

/// A draft of the route's entity from the caller's input, custom values included. Without any, it is enough to expect that
/// none is required: defaults are filled in where records are written.
pub async fn draft(call: &Call) -> Result<Draft<'_>, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let mut input = call.input()?;
    let Some(given) = given(call, &mut input) else {
        let mut draft = crud::draft(call)?;
        draft.command.expect_none_required(scope, entity);
        return Ok(draft);
    };
    let definitions = read(call, entity).await?;
    let merged = custom::merge(&definitions.docs, None, given);
    let (mut doc, merged) = both(validate::create(entity, input.clone(), call.moment()), merged)?;
    place(entity, &definitions, None, &mut doc, merged);
    let mut draft = crud::begin(call, &input, doc)?;
    require(&mut draft.command, scope, entity, &definitions, None, &draft.doc);
    Ok(draft)
}

/// The custom values of a record that is to be made, taken out of its input; nothing where no definitions need be read for them.
pub fn given(call: &Call, input: &mut Doc) -> Option<Doc> {
    custom::take(input, None).or_else(|| call.reads_definitions.get().then(Doc::new))
}

/// As [`crud::change`], custom values included.
pub async fn change(call: &Call) -> Result<Result<Changing<'_>, Reply>, Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    let mut patch = call.input()?;
    if !patch.contains_key(custom::FIELD) {
        return crud::change(call).await;
    }
    let mut reading = call.store.reading(scope);
    let record = scope.reach(entity, "update").and(Filter::is("_id", call.id(entity)?));
    let step = reading.one(entity, &record, Error::not_found());
    let steps = Definitions::read(&mut reading, scope, entity.name);
    let mut found = reading.run().await?;
    let (before, definitions) = (found.doc(step), Definitions::found(&mut found, &steps));
    crud::check_version(call, &before)?;
    let were = values(&before).unwrap_or_default();
    let given = custom::take(&mut patch, Some(&were)).unwrap_or_default();
    let merged = custom::merge(&definitions.docs, Some(&were), given);
    let (changed, merged) = both(validate::update(entity, &before, patch, call.moment()), merged)?;
    let mut after = changed.after;
    place(entity, &definitions, Some(&before), &mut after, merged);
    let mut changing = match crud::begin_change(call, before, after)? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(Err(unchanged)),
    };
    require(&mut changing.command, scope, entity, &definitions, Some(&changing.before), &changing.after);
    Ok(Ok(changing))
}

/// Changes the route's record by a merge patch, custom values included.
pub async fn update(call: &Call) -> Outcome {
    match change(call).await? {
        Ok(changing) => changing.answer().await,
        Err(unchanged) => Ok(unchanged),
    }
}

/// As [`crud::list`], filtered and sorted by custom values too.
pub async fn list(call: &Call) -> Outcome {
    if !Query::names_custom(call.query()) {
        return crud::list(call).await;
    }
    let entity = call.entity()?;
    let definitions = read(call, entity).await?;
    let query = Query::parse_with(entity, call.query(), Some(call.viewer()?), &definitions.docs)?;
    Ok(Reply::page(call.store.list(call.scope()?, &query).await?))
}

/// Gives a record the values that it has after what a caller gives; `before` is what it was, if it is not new.
pub fn set(entity: &Entity, definitions: &Definitions, before: Option<&Doc>, after: &mut Doc, given: Doc) -> domain::Result<()> {
    let were = before.map(|before| values(before).unwrap_or_default());
    let merged = custom::merge(&definitions.docs, were.as_ref(), given).map_err(Error::invalid)?;
    place(entity, definitions, before, after, merged);
    Ok(())
}

/// What is left to the commit: that the definitions are the same still, that records are there, that texts have their patterns.
/// Values that stay as they were ask for nothing.
pub fn require(
    command: &mut Command<'_>,
    scope: &Scope,
    entity: &Entity,
    definitions: &Definitions,
    before: Option<&Doc>,
    after: &Doc,
) {
    let (were, are) = (before.and_then(values), values(after).unwrap_or_default());
    if before.is_some() && were.clone().unwrap_or_default() == are {
        return;
    }
    command.expect_definitions(scope, entity, definitions);
    for (pointer, id, target) in custom::references(&definitions.docs, were.as_ref(), &are) {
        // Whoever is removed is still named by what they had to do with.
        let holds = target.name != MEMBERSHIP.name;
        crud::require_there(command, scope, target, holds, id, pointer);
    }
    for (pointer, definition, text) in custom::patterns(&definitions.docs, were.as_ref(), &are) {
        let unlike = Violation::at(pointer, "pattern", "Expected the pattern of this field.");
        command.require_pattern(definition, text, unlike.into());
    }
}

async fn read(call: &Call, entity: &Entity) -> Result<Definitions, Halt> {
    let mut reading = call.store.reading(call.scope()?);
    let steps = Definitions::read(&mut reading, call.scope()?, entity.name);
    Ok(Definitions::found(&mut reading.run().await?, &steps))
}

/// Both, or all that is wrong with either.
fn both<T>(table: domain::Result<T>, custom: Result<Doc, Vec<Violation>>) -> domain::Result<(T, Doc)> {
    match (table, custom) {
        (Ok(table), Ok(custom)) => Ok((table, custom)),
        (Ok(_), Err(violations)) => Err(Error::invalid(violations)),
        (Err(error), Ok(_)) => Err(error),
        (Err(mut error), Err(more)) => {
            error.violations.extend(more);
            Err(error)
        }
    }
}

/// Values that stay as they were leave the record as it was, whatever has become of their definitions.
fn place(entity: &Entity, definitions: &Definitions, before: Option<&Doc>, record: &mut Doc, values: Doc) {
    if before.is_some_and(|before| custom::values(before).unwrap_or_default() == values) {
        return;
    }
    custom::place(&definitions.docs, record, values);
    search::index(entity, before, record);
}
