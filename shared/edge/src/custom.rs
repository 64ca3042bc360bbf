//! Records with values of the tenant's own fields. A request that says nothing of them makes no trip for them.

use domain::custom::{self, Definition, values};
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
    let Some(given) = given(call, entity, None, &mut input) else {
        let mut draft = crud::draft(call)?;
        draft.command.expect_none_required(scope, entity);
        return Ok(draft);
    };
    let definitions = read(call, entity).await?;
    let doc = made(entity, &definitions, validate::create(entity, input.clone(), call.moment()), given)?;
    let mut draft = crud::begin(call, &input, doc)?;
    require(&mut draft.command, scope, entity, &definitions, None, &draft.doc);
    Ok(draft)
}

/// Custom values as a caller gives them.
pub struct Given {
    values: Doc,
    /// What of it masks forbid.
    refused: Vec<Violation>,
}

/// The custom values that a caller gives a record, taken out of the input; nothing where no definitions need be read for them.
pub fn given(call: &Call, entity: &Entity, before: Option<&Doc>, input: &mut Doc) -> Option<Given> {
    let viewer = call.moment().viewer;
    let were = before.and_then(values).unwrap_or_default();
    let taken = custom::take(input, &were, &custom::readable(entity, were.clone(), viewer));
    let mut values = taken.or_else(|| call.reads_definitions.get().then(Doc::new))?;
    // A mask on all of them is said once, of the field.
    let viewer = viewer.filter(|viewer| viewer.policy.writes(entity.name, custom::FIELD));
    let refused = viewer.map(|viewer| custom::refused(entity, &were, &mut values, viewer)).unwrap_or_default();
    Some(Given { values, refused })
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
    let merged = match given(call, entity, Some(&before), &mut patch) {
        Some(given) => merge(&definitions, Some(&before), given),
        None => Ok(values(&before).unwrap_or_default()),
    };
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
    let (entity, viewer) = (call.entity()?, call.viewer()?);
    if !Query::names_custom(entity, call.query(), viewer) {
        return crud::list(call).await;
    }
    let mut definitions = read(call, entity).await?.docs;
    definitions.retain(|definition| viewer.policy.reads_custom(entity.name, Definition::of(definition).key()));
    let query = Query::parse_with(entity, call.query(), Some(viewer), &definitions)?;
    Ok(Reply::page(call.store.list(call.scope()?, &query).await?))
}

/// A new record as its table has it, with the values that a caller gives; or all that is wrong with either.
pub fn made(entity: &Entity, definitions: &Definitions, table: domain::Result<Doc>, given: Given) -> domain::Result<Doc> {
    let (mut doc, values) = both(table, merge(definitions, None, given))?;
    place(entity, definitions, None, &mut doc, values);
    Ok(doc)
}

/// Gives a record the values that it has after what a caller gives; `before` is what it was, if it is not new.
pub fn set(
    entity: &Entity,
    definitions: &Definitions,
    before: Option<&Doc>,
    after: &mut Doc,
    given: Given,
) -> domain::Result<()> {
    let merged = merge(definitions, before, given).map_err(Error::invalid)?;
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

fn merge(definitions: &Definitions, before: Option<&Doc>, given: Given) -> Result<Doc, Vec<Violation>> {
    let were = before.map(|before| values(before).unwrap_or_default());
    let merged = custom::merge(&definitions.docs, were.as_ref(), given.values);
    match merged {
        Ok(values) if given.refused.is_empty() => Ok(values),
        merged => Err([given.refused, merged.err().unwrap_or_default()].concat()),
    }
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
