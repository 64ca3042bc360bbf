//! The commands on collections and indexes, as the server itself knows them.

use bson::{Bson, Document, doc};
use engine::{Command, Outcome};
use mongodb::{
    Database,
    error::{ErrorKind, Result},
};

use super::execute::{drain_all, invalid};
use crate::failure::Duplicate;

const NAMESPACE_NOT_FOUND: i32 = 26;

pub(super) async fn execute(database: &Database, command: &Command) -> Result<Outcome> {
    match command {
        Command::CreateIndexes { collection, indexes } => {
            let indexes: Vec<Bson> = indexes.iter().map(named).map(Bson::Document).collect();
            let answer = database.run_command(doc! {"createIndexes": collection, "indexes": indexes}).await?;
            Ok(Outcome::Document(Some(without_protocol(answer))))
        }
        Command::DropIndexes { collection, names } => {
            for name in names {
                database.run_command(doc! {"dropIndexes": collection, "index": name}).await?;
            }
            Ok(Outcome::Done)
        }
        Command::ListIndexes { collection } => {
            let cursor = database.run_cursor_command(doc! {"listIndexes": collection}).await?;
            drain_all(cursor).await.map(Outcome::Documents)
        }
        Command::ListCollections => {
            let cursor = database.run_cursor_command(doc! {"listCollections": 1}).await?;
            drain_all(cursor).await.map(Outcome::Documents)
        }
        Command::DropCollection { collection } => {
            database.run_command(doc! {"drop": collection}).await?;
            Ok(Outcome::Done)
        }
        Command::SetValidator { collection, validator } => set_validator(database, collection, validator).await,
        Command::Stats { collection } => {
            let command = match collection {
                Some(collection) => doc! {"collStats": collection},
                None => doc! {"dbStats": 1},
            };
            let answer = database.run_command(command).await?;
            Ok(Outcome::Document(Some(without_protocol(answer))))
        }
        Command::Explain { command } => {
            let answer = database.run_command(doc! {"explain": explained(command)?}).await?;
            Ok(Outcome::Document(Some(without_protocol(answer))))
        }
        _ => Err(invalid("the command is not possible here".into())),
    }
}

/// Looks the index up where the server's error did not tell its key.
pub(super) async fn key_pattern(database: &Database, duplicate: &Duplicate) -> Option<Document> {
    let collection = duplicate.collection.as_ref()?;
    let cursor = database.run_cursor_command(doc! {"listIndexes": collection}).await.ok()?;
    let indexes = drain_all(cursor).await.ok()?;
    let index = indexes.iter().find(|index| index.get_str("name").is_ok_and(|name| name == duplicate.index))?;
    index.get_document("key").ok().cloned()
}

/// A validator may come before the first document.
async fn set_validator(database: &Database, collection: &str, validator: &Document) -> Result<Outcome> {
    let set = database.run_command(doc! {"collMod": collection, "validator": validator}).await;
    match set {
        Err(error) if is_missing(&error.kind) => {
            database.run_command(doc! {"create": collection, "validator": validator}).await?;
        }
        settled => drop(settled?),
    }
    Ok(Outcome::Done)
}

fn is_missing(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Command(command) if command.code == NAMESPACE_NOT_FOUND)
}

/// The server wants a name for each index; by custom it is made of the key.
fn named(index: &Document) -> Document {
    let mut index = index.clone();
    if !index.contains_key("name")
        && let Ok(key) = index.get_document("key")
    {
        let parts: Vec<String> = key.iter().map(|(field, direction)| format!("{field}_{}", direction_name(direction))).collect();
        index.insert("name", parts.join("_"));
    }
    index
}

fn direction_name(direction: &Bson) -> String {
    match direction {
        Bson::String(kind) => kind.clone(),
        other => other.to_string(),
    }
}

fn explained(command: &Command) -> Result<Document> {
    Ok(match command {
        Command::FindOne { collection, filter, projection, sort, .. } => {
            let mut find = doc! {"find": collection, "filter": filter, "limit": 1};
            set(&mut find, "projection", projection.as_ref());
            set(&mut find, "sort", sort.as_ref());
            find
        }
        Command::Find { collection, filter, projection, sort, limit, skip } => {
            let mut find = doc! {"find": collection, "filter": filter};
            set(&mut find, "projection", projection.as_ref());
            set(&mut find, "sort", sort.as_ref());
            set(&mut find, "limit", limit.as_ref());
            set(&mut find, "skip", skip.as_ref());
            find
        }
        Command::Aggregate { collection, pipeline } => doc! {"aggregate": collection, "pipeline": pipeline, "cursor": {}},
        Command::CountDocuments { collection, filter, .. } => doc! {"count": collection, "query": filter},
        Command::Distinct { collection, field, filter } => doc! {"distinct": collection, "key": field, "query": filter},
        _ => return Err(invalid("explain takes a reading action".into())),
    })
}

fn set<V: Clone + Into<Bson>>(command: &mut Document, name: &str, value: Option<&V>) {
    if let Some(value) = value {
        command.insert(name, value.clone());
    }
}

/// What the server adds to every answer is no part of this one.
fn without_protocol(mut answer: Document) -> Document {
    for name in ["ok", "operationTime", "$clusterTime", "$gleStats"] {
        answer.remove(name);
    }
    answer
}
