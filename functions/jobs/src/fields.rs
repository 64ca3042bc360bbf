//! Records follow a definition, as many at a time as one transaction holds: the values of an archived field are taken out, and then
//! it goes itself; where a field is searched from now on or no more, so are its values.

use data_api::{Action, Operation};
use domain::custom::{self, INDEX_FIELD, WORDS_FIELD};
use domain::entities::{self, FIELD_DEFINITION};
use domain::filter::Op;
use domain::json::{list, object, of};
use domain::search::SEARCH_FIELD;
use domain::validate::change;
use domain::{Doc, Entity, Error, Filter, search};
use runner::{Stop, Work, done, text};
use serde_json::Value;
use store::{Command, Definitions, compile};

/// How many records one job reads.
const CHUNK: u32 = 20;
/// So many bytes of records it changes at once, unless it is one record alone: the gateway takes four times as many.
const BYTES_MAX: usize = 1_000_000;

/// A step on the way of a definition, over a chunk of the records that have a value of it.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let definition = work.find(&FIELD_DEFINITION, work.text("field")).await?.unwrap_or_default();
    let Some(entity) = entities::by_name(text(&definition, "entity")) else { return work.nothing_to_do().await };
    match (work.text("step"), text(&definition, "status")) {
        ("words", _) => index_words(work, &definition, entity).await,
        (_, "archived") => purge(work, &definition, entity).await,
        _ => work.nothing_to_do().await,
    }
}

/// Takes the values out of a chunk of records; where there are more, a next job goes on, else the definition goes.
async fn purge(work: &Work<'_>, definition: &Doc, entity: &'static Entity) -> Result<(), Stop> {
    let (records, definitions) = holding(work, definition, entity).await?;
    let mut command = work.finishing();
    for record in &records {
        take_out(&mut command, work, entity, &definitions, record, text(definition, "key"));
    }
    if records.is_empty() {
        remove(&mut command, work, definition, &definitions);
    } else {
        let rest = object(vec![("field", text(definition, "_id").into())]);
        command.job_once("fields", &[work.lease.id()], rest);
    }
    done(command).await
}

/// Gives a chunk of records the words by which they are found now, and has a next job go on behind it. No value changes, so nobody
/// is told; the version counts all the same: whoever has read a record must not write its old words.
async fn index_words(work: &Work<'_>, definition: &Doc, entity: &'static Entity) -> Result<(), Stop> {
    let (records, definitions) = holding(work, definition, entity).await?;
    let mut command = work.finishing();
    for before in &records {
        let after = placed(entity, &definitions, before, custom::values(before).unwrap_or_default());
        let words_of = |record: &Doc, name| record.get(name).cloned().unwrap_or_else(|| list(Vec::new()));
        let words = [WORDS_FIELD, SEARCH_FIELD].map(|name| (name, words_of(&after, name)));
        if words.iter().any(|(name, words)| words_of(before, name) != *words) {
            let update = object(vec![("$set", object(words.to_vec())), ("$inc", of("version", 1))]);
            let operation = Operation::new(Action::UpdateOne, entity.collection).with("filter", compile(&same(work, before)));
            command.operation(operation.with("update", update).expecting("matchedCount", 1), Some(raced()));
        }
    }
    if let Some(last) = records.last() {
        command.expect_definitions(&work.scope, entity, &definitions);
        let rest = [("field", text(definition, "_id")), ("step", "words"), ("after", text(last, "_id"))];
        let rest = object(rest.map(|(name, text)| (name, text.into())).to_vec());
        command.job_once("fields", &[work.lease.id()], rest);
    }
    done(command).await
}

/// The next records that have a value, in the trash or not, as many as one transaction takes; with all definitions of their entity.
async fn holding(work: &Work<'_>, definition: &Doc, entity: &Entity) -> Result<(Vec<Doc>, Definitions), Stop> {
    let mut reading = work.store.reading(&work.scope);
    let behind = Filter::Field("_id".into(), Op::Over, work.text("after").into());
    let holding = work.scope.everything().and(Filter::is(INDEX_FIELD, text(definition, "key"))).and(behind);
    let records = reading.many(entity, &holding, of("_id", 1), CHUNK);
    let steps = Definitions::read(&mut reading, &work.scope, entity.name);
    let mut found = reading.run().await?;
    let (mut records, mut bytes) = (found.docs(records), 0);
    let fits = |record: &Doc| {
        let is_first = bytes == 0;
        bytes += Value::from(record.clone()).to_string().len();
        is_first || bytes <= BYTES_MAX
    };
    let count = records.iter().map(fits).take_while(|fits| *fits).count();
    records.truncate(count);
    Ok((records, Definitions::found(&mut found, &steps)))
}

fn take_out(
    command: &mut Command<'_>,
    work: &Work<'_>,
    entity: &'static Entity,
    definitions: &Definitions,
    before: &Doc,
    key: &str,
) {
    let mut values = custom::values(before).unwrap_or_default();
    values.remove(key);
    let after = placed(entity, definitions, before, values);
    command.update(entity, &same(work, before), &change(before, after.clone()), raced());
    command.event_of(entity, before, &after, &[entity.name, ".updated"].concat(), None);
}

/// A record with these values, and all by which they are found.
fn placed(entity: &Entity, definitions: &Definitions, before: &Doc, values: Doc) -> Doc {
    let mut after = before.clone();
    custom::place(&definitions.docs, &mut after, values);
    if search::is_searchable(entity) {
        search::index(entity, Some(before), &mut after);
    }
    after
}

/// The record, as long as it is what was read.
fn same(work: &Work<'_>, record: &Doc) -> Filter {
    let fields = ["_id", "version"].map(|field| Filter::is(field, record.get(field).cloned().unwrap_or_default()));
    fields.into_iter().fold(work.scope.everything(), Filter::and)
}

/// No value is left: the definition goes into the trash.
fn remove(command: &mut Command<'_>, work: &Work<'_>, definition: &Doc, definitions: &Definitions) {
    let others: Vec<Doc> = definitions.docs.iter().filter(|other| other.get("_id") != definition.get("_id")).cloned().collect();
    command.keep_schema(&work.scope, text(definition, "entity"), definitions, &others);
    let id = text(definition, "_id");
    command.trash(&FIELD_DEFINITION, &same(work, definition).and(work.scope.live()), id, raced());
    command.event_of(&FIELD_DEFINITION, definition, definition, "field_definition.deleted", None);
}

/// Another attempt reads it anew.
fn raced() -> Error {
    Error::conflict("concurrent-update", "The record was changed at the same moment.")
}
