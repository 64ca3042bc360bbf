//! The commands on documents, by the driver's own calls, which retry a write that lost its connection.

use bson::{Bson, Document, RawDocumentBuf};
use engine::{Command, Outcome, Update};
use mongodb::{
    ClientSession, Collection, Cursor, Database, SessionCursor,
    action::Action,
    error::{Error, Result},
    options::{ReturnDocument, UpdateModifications},
    results::UpdateResult,
};

use super::structure;

pub(super) async fn execute(database: &Database, session: &mut ClientSession, command: &Command) -> Result<Outcome> {
    match command {
        Command::FindOne { .. }
        | Command::Find { .. }
        | Command::Aggregate { .. }
        | Command::CountDocuments { .. }
        | Command::Distinct { .. } => read(database, session, command).await,
        Command::InsertOne { .. } | Command::InsertMany { .. } => insert(database, session, command).await,
        Command::FindOneAndUpdate { .. } | Command::FindOneAndReplace { .. } | Command::FindOneAndDelete { .. } => {
            find_and_modify(database, session, command).await
        }
        Command::UpdateOne { .. }
        | Command::UpdateMany { .. }
        | Command::ReplaceOne { .. }
        | Command::DeleteOne { .. }
        | Command::DeleteMany { .. } => modify(database, session, command).await,
        _ => structure::execute(database, command).await,
    }
}

/// The most that an answer holds in memory, as it comes.
const HELD_BYTES: usize = 256 * 1024 * 1024;

/// Everything that a cursor gives; the command bounds how many documents that is.
async fn drain(mut cursor: SessionCursor<RawDocumentBuf>, session: &mut ClientSession) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    let mut left_bytes = HELD_BYTES;
    while let Some(document) = cursor.next(session).await {
        let document = document?;
        left_bytes = left_bytes
            .checked_sub(document.as_bytes().len())
            .ok_or_else(|| invalid("an answer holds too many documents in memory: narrow it down or use a limit".into()))?;
        documents.push(Document::try_from(&document)?);
    }
    Ok(documents)
}

/// The same for a cursor of the structural commands.
pub(super) async fn drain_all(mut cursor: Cursor<Document>) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    while cursor.advance().await? {
        documents.push(Document::try_from(cursor.current())?);
    }
    Ok(documents)
}

/// Documents are taken raw: read through serde, a deeply nested one would take more stack than there is.
fn documents(database: &Database, name: &str) -> Collection<RawDocumentBuf> {
    database.collection(name)
}

fn raw(document: &Document) -> Result<RawDocumentBuf> {
    Ok(RawDocumentBuf::try_from(document)?)
}

fn found(document: Option<RawDocumentBuf>) -> Result<Outcome> {
    let document = document.map(|document| Document::try_from(&document)).transpose()?;
    Ok(Outcome::Document(document))
}

async fn read(database: &Database, session: &mut ClientSession, command: &Command) -> Result<Outcome> {
    match command {
        Command::FindOne { collection, filter, projection, sort, skip } => {
            let collection = documents(database, collection);
            let finding = collection.find_one(filter.clone()).session(session);
            let finding = finding.optional(projection.clone(), |finding, value| finding.projection(value));
            let finding = finding.optional(sort.clone(), |finding, value| finding.sort(value));
            let finding = finding.optional(natural("skip", *skip)?, |finding, value| finding.skip(value));
            found(finding.await?)
        }
        Command::Find { collection, filter, projection, sort, limit, skip } => {
            let collection = documents(database, collection);
            let finding = collection.find(filter.clone());
            let finding = finding.optional(projection.clone(), |finding, value| finding.projection(value));
            let finding = finding.optional(sort.clone(), |finding, value| finding.sort(value));
            let finding = finding.optional(*limit, |finding, value| finding.limit(value));
            let finding = finding.optional(natural("skip", *skip)?, |finding, value| finding.skip(value));
            let cursor = finding.session(&mut *session).await?;
            drain(cursor, session).await.map(Outcome::Documents)
        }
        Command::Aggregate { collection, pipeline } => {
            let collection = documents(database, collection);
            let cursor = collection.aggregate(pipeline.clone()).with_type::<RawDocumentBuf>().session(&mut *session).await?;
            drain(cursor, session).await.map(Outcome::Documents)
        }
        Command::CountDocuments { collection, filter, skip, limit } => {
            let collection = documents(database, collection);
            let counting = collection.count_documents(filter.clone()).session(session);
            let counting = counting.optional(natural("skip", *skip)?, |counting, value| counting.skip(value));
            let counting = counting.optional(natural("limit", *limit)?, |counting, value| counting.limit(value));
            counting.await.map(Outcome::Count)
        }
        Command::Distinct { collection, field, filter } => {
            let collection = documents(database, collection);
            collection.distinct(field, filter.clone()).session(session).await.map(Outcome::Values)
        }
        _ => Err(unexpected()),
    }
}

async fn insert(database: &Database, session: &mut ClientSession, command: &Command) -> Result<Outcome> {
    match command {
        Command::InsertOne { collection, document } => {
            let inserted = documents(database, collection).insert_one(raw(document)?).session(session).await?;
            Ok(Outcome::Inserted(vec![inserted.inserted_id]))
        }
        Command::InsertMany { collection, documents: list, ordered } => {
            let collection = documents(database, collection);
            let list = list.iter().map(raw).collect::<Result<Vec<_>>>()?;
            let inserted = collection.insert_many(list).ordered(*ordered).session(session).await?;
            let mut ids: Vec<(usize, Bson)> = inserted.inserted_ids.into_iter().collect();
            ids.sort_unstable_by_key(|(position, _)| *position);
            Ok(Outcome::Inserted(ids.into_iter().map(|(_, id)| id).collect()))
        }
        _ => Err(unexpected()),
    }
}

async fn modify(database: &Database, session: &mut ClientSession, command: &Command) -> Result<Outcome> {
    match command {
        Command::UpdateOne { collection, filter, update, upsert, array_filters, sort } => {
            let collection = documents(database, collection);
            let updating = collection.update_one(filter.clone(), modifications(update)).upsert(*upsert).session(session);
            let updating = updating.optional(given(array_filters), |updating, value| updating.array_filters(value));
            let updating = updating.optional(sort.clone(), |updating, value| updating.sort(value));
            updating.await.map(updated)
        }
        Command::UpdateMany { collection, filter, update, upsert, array_filters } => {
            let collection = documents(database, collection);
            let updating = collection.update_many(filter.clone(), modifications(update)).upsert(*upsert).session(session);
            let updating = updating.optional(given(array_filters), |updating, value| updating.array_filters(value));
            updating.await.map(updated)
        }
        Command::ReplaceOne { collection, filter, replacement, upsert, sort } => {
            let collection = documents(database, collection);
            let replacing = collection.replace_one(filter.clone(), raw(replacement)?).upsert(*upsert).session(session);
            let replacing = replacing.optional(sort.clone(), |replacing, value| replacing.sort(value));
            replacing.await.map(updated)
        }
        Command::DeleteOne { collection, filter } => {
            let deleted = documents(database, collection).delete_one(filter.clone()).session(session).await?;
            Ok(Outcome::Deleted(deleted.deleted_count))
        }
        Command::DeleteMany { collection, filter } => {
            let deleted = documents(database, collection).delete_many(filter.clone()).session(session).await?;
            Ok(Outcome::Deleted(deleted.deleted_count))
        }
        _ => Err(unexpected()),
    }
}

async fn find_and_modify(database: &Database, session: &mut ClientSession, command: &Command) -> Result<Outcome> {
    let document = match command {
        Command::FindOneAndUpdate { collection, filter, update, sort, projection, upsert, return_after, array_filters } => {
            let collection = documents(database, collection);
            let finding = collection.find_one_and_update(filter.clone(), modifications(update)).upsert(*upsert);
            let finding = finding.return_document(returned(*return_after)).session(session);
            let finding = finding.optional(given(array_filters), |finding, value| finding.array_filters(value));
            let finding = finding.optional(projection.clone(), |finding, value| finding.projection(value));
            finding.optional(sort.clone(), |finding, value| finding.sort(value)).await
        }
        Command::FindOneAndReplace { collection, filter, replacement, sort, projection, upsert, return_after } => {
            let collection = documents(database, collection);
            let finding = collection.find_one_and_replace(filter.clone(), raw(replacement)?).upsert(*upsert);
            let finding = finding.return_document(returned(*return_after)).session(session);
            let finding = finding.optional(projection.clone(), |finding, value| finding.projection(value));
            finding.optional(sort.clone(), |finding, value| finding.sort(value)).await
        }
        Command::FindOneAndDelete { collection, filter, sort, projection } => {
            let collection = documents(database, collection);
            let finding = collection.find_one_and_delete(filter.clone()).session(session);
            let finding = finding.optional(projection.clone(), |finding, value| finding.projection(value));
            finding.optional(sort.clone(), |finding, value| finding.sort(value)).await
        }
        _ => Err(unexpected()),
    };
    found(document?)
}

fn updated(result: UpdateResult) -> Outcome {
    Outcome::Updated { matched: result.matched_count, modified: result.modified_count, upserted_id: result.upserted_id }
}

fn modifications(update: &Update) -> UpdateModifications {
    match update {
        Update::Document(document) => UpdateModifications::Document(document.clone()),
        Update::Pipeline(stages) => UpdateModifications::Pipeline(stages.clone()),
    }
}

fn returned(after: bool) -> ReturnDocument {
    match after {
        true => ReturnDocument::After,
        false => ReturnDocument::Before,
    }
}

fn given(filters: &[Document]) -> Option<Vec<Document>> {
    (!filters.is_empty()).then(|| filters.to_vec())
}

fn natural(name: &str, number: Option<i64>) -> Result<Option<u64>> {
    let natural = number.map(u64::try_from).transpose();
    natural.map_err(|_| invalid(format!("{name} must not be negative")))
}

/// The dispatch above leads no command here.
fn unexpected() -> Error {
    invalid("the command is not possible here".into())
}

pub(super) fn invalid(message: String) -> Error {
    // The driver's own variants cannot be made outside it.
    Error::custom(message)
}
