//! Commands about collections and indexes, and `explain`.

use std::sync::Arc;

use bson::{Bson, Document, doc};

use crate::{
    command::{Command, Outcome},
    error::{Error, Result},
    expression::Variables,
    planner,
    search::Query,
    storage::{Collection, Index, Store},
};

/// The most indexes of one collection.
const INDEX_LIMIT: usize = 64;

pub(crate) fn run(store: &Store, database: &str, command: &Command) -> Result<Outcome> {
    match command {
        Command::CreateIndexes { collection, indexes } => create_indexes(store, database, collection, indexes),
        Command::DropIndexes { collection, names } => drop_indexes(store, database, collection, names),
        Command::ListIndexes { collection } => match store.collection(database, collection)? {
            Some(collection) => Ok(Outcome::Documents(index_specs(&collection))),
            None => Err(Error::new(26, format!("ns does not exist: {collection}"))),
        },
        Command::ListCollections => {
            let all = store.collections(database)?;
            Ok(Outcome::Documents(all.iter().map(|collection| describe(collection)).collect()))
        }
        Command::DropCollection { collection } => {
            if let Some(collection) = store.collection(database, collection)? {
                store.drop_collection(&collection)?;
            }
            Ok(Outcome::Done)
        }
        Command::SetValidator { collection, validator } => {
            let collection = store.ensure_collection(database, collection)?;
            store.set_validator(&collection, validator)?;
            Ok(Outcome::Done)
        }
        Command::Explain { command } => explain(store, database, command).map(|plan| Outcome::Document(Some(plan))),
        Command::Stats { collection } => {
            stats(store, database, collection.as_deref()).map(|stats| Outcome::Document(Some(stats)))
        }
        _ => Err(Error::new(59, "no such command")),
    }
}

fn create_indexes(store: &Store, database: &str, name: &str, indexes: &[Document]) -> Result<Outcome> {
    if indexes.is_empty() {
        return Err(Error::bad_value("Must specify at least one index to create"));
    }
    let created = store.collection(database, name)?.is_none();
    let mut collection = store.ensure_collection(database, name)?;
    let before = collection.indexes.len() + 1;
    for index in indexes {
        check_index_limit(&collection)?;
        store.create_index(&collection, index)?;
        collection = store.ensure_collection(database, name)?;
    }
    Ok(created_indexes(created, before, collection.indexes.len() + 1))
}

pub(crate) fn check_index_limit(collection: &Collection) -> Result<()> {
    match collection.indexes.len() + 1 >= INDEX_LIMIT {
        true => Err(Error::new(67, format!("a collection can have at most {INDEX_LIMIT} indexes"))),
        false => Ok(()),
    }
}

/// The answer to createIndexes; the numbers count the index on `_id`.
pub(crate) fn created_indexes(created: bool, before: usize, after: usize) -> Outcome {
    let mut answer = doc! {
        "numIndexesBefore": before as i32,
        "numIndexesAfter": after as i32,
        "createdCollectionAutomatically": created,
    };
    if before == after {
        answer.insert("note", "all indexes already exist");
    }
    answer.insert("ok", 1.0);
    Outcome::Document(Some(answer))
}

fn drop_indexes(store: &Store, database: &str, name: &str, names: &[String]) -> Result<Outcome> {
    let Some(collection) = store.collection(database, name)? else {
        return Err(Error::new(26, format!("ns not found: {name}")));
    };
    for wanted in names {
        if wanted == "_id_" {
            return Err(Error::new(72, "cannot drop _id index"));
        }
        if wanted != "*" && !collection.indexes.iter().any(|index| index.name == *wanted) {
            return Err(Error::new(27, format!("index not found with name [{wanted}]")));
        }
    }
    for index in &collection.indexes {
        if names.iter().any(|wanted| wanted == "*" || *wanted == index.name) {
            store.drop_index(index)?;
        }
    }
    Ok(Outcome::Done)
}

fn index_specs(collection: &Collection) -> Vec<Document> {
    let own = doc! {"v": 2, "key": {"_id": 1}, "name": "_id_"};
    let spec = |index: &Arc<Index>| {
        let mut spec = index.spec.clone();
        if index.building {
            spec.insert("building", true);
        }
        spec
    };
    std::iter::once(own).chain(collection.indexes.iter().map(spec)).collect()
}

fn describe(collection: &Collection) -> Document {
    let mut options = doc! {};
    if let Some((validator, _)) = &collection.validator {
        options.insert("validator", validator.clone());
    }
    doc! {"name": collection.name.as_str(), "type": "collection", "options": options}
}

fn stats(store: &Store, database: &str, collection: Option<&str>) -> Result<Document> {
    let all = store.collections(database)?;
    let wanted = all.iter().filter(|one| collection.is_none_or(|name| one.name == name));
    let mut parts = Vec::new();
    let (mut documents, mut bytes) = (0, 0);
    for one in wanted {
        let (count, size) = store.size(one)?;
        documents += count;
        bytes += size;
        parts.push(Bson::Document(doc! {
            "name": one.name.as_str(), "count": count, "size": size, "indexes": one.indexes.len() as i64 + 1,
        }));
    }
    Ok(doc! {"count": documents, "size": bytes, "collections": parts, "ok": 1.0})
}

/// The plan of the search in a command, and what it cost when it was run.
fn explain(store: &Store, database: &str, command: &Command) -> Result<Document> {
    let (name, query) = match command {
        Command::FindOne { collection, filter, sort, skip, .. } => {
            (collection, Query::parse(filter, sort.as_ref(), *skip, Some(1))?)
        }
        Command::Find { collection, filter, sort, limit, skip, .. } => {
            (collection, Query::parse(filter, sort.as_ref(), *skip, *limit)?)
        }
        Command::CountDocuments { collection, filter, skip, limit } => (collection, Query::parse(filter, None, *skip, *limit)?),
        Command::Aggregate { collection, pipeline } => (collection, crate::aggregate::leading_query(pipeline)?),
        Command::UpdateMany { collection, filter, .. }
        | Command::DeleteMany { collection, filter }
        | Command::Distinct { collection, filter, .. } => (collection, Query::parse(filter, None, None, None)?),
        Command::UpdateOne { collection, filter, .. }
        | Command::DeleteOne { collection, filter }
        | Command::ReplaceOne { collection, filter, .. } => (collection, Query::parse(filter, None, None, Some(1))?),
        Command::FindOneAndUpdate { collection, filter, sort, .. }
        | Command::FindOneAndReplace { collection, filter, sort, .. }
        | Command::FindOneAndDelete { collection, filter, sort, .. } => {
            (collection, Query::parse(filter, sort.as_ref(), None, Some(1))?)
        }
        _ => return Err(Error::new(20, "this command has no plan")),
    };
    let Some(collection) = store.collection(database, name)? else {
        return Ok(doc! {"queryPlanner": {"winningPlan": {"stage": "EOF"}}, "ok": 1.0});
    };
    let plan = planner::describe(&query.plan(&collection, &Variables::new())?);
    let mut search = query.search(store, &collection, Arc::new(Variables::of_command()))?;
    let mut returned = 0_i64;
    for found in &mut search {
        found?;
        returned += 1;
    }
    let mut planner = doc! {"namespace": collection.namespace.as_str(), "winningPlan": plan};
    let building: Vec<&str> = collection.indexes.iter().filter(|index| index.building).map(|index| index.name.as_str()).collect();
    if !building.is_empty() {
        planner.insert("indexesBeingBuilt", building);
    }
    Ok(doc! {
        "queryPlanner": planner,
        "executionStats": {"nReturned": returned, "totalDocsExamined": search.examined() as i64},
        "ok": 1.0,
    })
}
