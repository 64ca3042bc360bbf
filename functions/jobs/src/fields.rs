//! Taking the values of an archived field out of all records, as many at a time as one transaction holds; then it goes itself.

use domain::custom::{self, INDEX_FIELD};
use domain::entities::{self, FIELD_DEFINITION};
use domain::json::{object, of};
use domain::validate::change;
use domain::{Doc, Entity, Error, Filter, search};
use runner::{Stop, Work, done, text};
use store::{Command, Definitions};

/// How many records one job changes; each is told of in an event.
const CHUNK: u32 = 50;

/// Changes a chunk of records; where there are more, a next job goes on, else the definition goes.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let definition = work.find(&FIELD_DEFINITION, work.text("field")).await?.unwrap_or_default();
    let (key, entity) = (text(&definition, "key"), entities::by_name(text(&definition, "entity")));
    let Some(entity) = entity.filter(|_| text(&definition, "status") == "archived") else { return work.nothing_to_do().await };
    let mut reading = work.store.reading(&work.scope);
    let holding = work.scope.everything().and(Filter::is(INDEX_FIELD, key));
    let records = reading.many(entity, &holding, of("_id", 1), CHUNK);
    let steps = Definitions::read(&mut reading, &work.scope, entity.name);
    let mut found = reading.run().await?;
    let (records, definitions) = (found.docs(records), Definitions::found(&mut found, &steps));
    let mut command = work.finishing();
    for record in &records {
        take_out(&mut command, work, entity, &definitions, record, key);
    }
    if records.is_empty() {
        remove(&mut command, work, &definition, &definitions);
    } else {
        let rest = object(vec![("field", text(&definition, "_id").into())]);
        command.job_once("fields", &[work.lease.id()], rest);
    }
    done(command).await
}

fn take_out(
    command: &mut Command<'_>,
    work: &Work<'_>,
    entity: &'static Entity,
    definitions: &Definitions,
    before: &Doc,
    key: &str,
) {
    let (mut after, mut values) = (before.clone(), custom::values(before).unwrap_or_default());
    values.remove(key);
    custom::place(&definitions.docs, &mut after, values);
    if search::is_searchable(entity) {
        search::index(entity, Some(before), &mut after);
    }
    let same = ["_id", "version"].map(|field| Filter::is(field, before.get(field).cloned().unwrap_or_default()));
    let same = same.into_iter().fold(work.scope.everything(), Filter::and);
    command.update(entity, &same, &change(before, after.clone()), raced());
    command.event_of(entity, before, &after, &[entity.name, ".updated"].concat(), None);
}

/// No value is left: the definition goes into the trash.
fn remove(command: &mut Command<'_>, work: &Work<'_>, definition: &Doc, definitions: &Definitions) {
    let others: Vec<Doc> = definitions.docs.iter().filter(|other| other.get("_id") != definition.get("_id")).cloned().collect();
    command.keep_schema(&work.scope, text(definition, "entity"), definitions, &others);
    let id = text(definition, "_id");
    let record = ["_id", "version"].map(|field| Filter::is(field, definition.get(field).cloned().unwrap_or_default()));
    command.trash(&FIELD_DEFINITION, &record.into_iter().fold(work.scope.live(), Filter::and), id, raced());
    command.event_of(&FIELD_DEFINITION, definition, definition, "field_definition.deleted", None);
}

/// Another attempt reads it anew.
fn raced() -> Error {
    Error::conflict("concurrent-update", "The record was changed at the same moment.")
}
