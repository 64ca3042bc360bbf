//! The reading commands: find, count, distinct.

use std::sync::Arc;

use bson::{Bson, Document};

use crate::{
    budget::Budget,
    command::{Command, Outcome},
    error::{Error, Result},
    expression::Variables,
    fields::Fields,
    order::{compare, equal},
    path::{Leaf, Path},
    projection::Projection,
    search::Query,
    storage::Store,
};

pub(crate) fn run(store: &Store, database: &str, command: &Command) -> Result<Outcome> {
    match command {
        Command::FindOne { collection, filter, projection, sort, skip } => {
            let query = Query::parse(filter, sort.as_ref(), *skip, Some(1))?;
            let found = find(store, database, collection, query, projection.as_ref())?;
            Ok(Outcome::Document(found.into_iter().next()))
        }
        Command::Find { collection, filter, projection, sort, limit, skip } => {
            let query = Query::parse(filter, sort.as_ref(), *skip, *limit)?;
            find(store, database, collection, query, projection.as_ref()).map(Outcome::Documents)
        }
        Command::CountDocuments { collection, filter, skip, limit } => {
            let query = Query { fields: Fields::default(), ..Query::parse(filter, None, *skip, *limit)? };
            count(store, database, collection, &query)
        }
        Command::Distinct { collection, field, filter } => {
            distinct(store, database, collection, field, Query::parse(filter, None, None, None)?)
        }
        _ => Err(Error::new(59, "no such command")),
    }
}

fn find(
    store: &Store,
    database: &str,
    collection: &str,
    mut query: Query,
    projection: Option<&Document>,
) -> Result<Vec<Document>> {
    let projection = projection.filter(|spec| !spec.is_empty()).map(Projection::of_find).transpose()?;
    if let Some(projection) = &projection {
        query.fields = Fields::default();
        query.fields.add_order(&query.sort);
        projection.add_fields(&mut query.fields);
    }
    let Some(collection) = store.collection(database, collection)? else {
        return Ok(Vec::new());
    };
    let variables = Arc::new(Variables::of_command());
    let mut budget = Budget::of("an answer");
    query
        .search(store, &collection, Arc::clone(&variables))?
        .map(|found| {
            let found = found?;
            let document = match &projection {
                Some(projection) => projection.apply(&found.document, found.position, &variables)?,
                None => found.document,
            };
            budget.take(&document)?;
            Ok(document)
        })
        .collect()
}

fn count(store: &Store, database: &str, collection: &str, query: &Query) -> Result<Outcome> {
    let Some(collection) = store.collection(database, collection)? else {
        return Ok(Outcome::Count(0));
    };
    let mut count = 0;
    for found in query.search(store, &collection, Arc::new(Variables::of_command()))? {
        found?;
        count += 1;
    }
    Ok(Outcome::Count(count))
}

/// In order.
fn distinct(store: &Store, database: &str, collection: &str, field: &str, mut query: Query) -> Result<Outcome> {
    crate::projection::check_path(field)?;
    let path = Path::new(field);
    query.fields = Fields::default();
    query.fields.add(path.root());
    let Some(collection) = store.collection(database, collection)? else {
        return Ok(Outcome::Values(Vec::new()));
    };
    let mut values: Vec<Bson> = Vec::new();
    let mut budget = Budget::of("distinct");
    for found in query.search(store, &collection, Arc::new(Variables::of_command()))? {
        let found = found?;
        let mut charged = Ok(());
        path.visit(&found.document, Leaf::Elements, &mut |reached| {
            let value = reached.value.filter(|value| !is_whole_array(&found.document, &path, value));
            charged = value.map_or(Ok(()), |value| budget.take_item(value));
            values.extend(value.filter(|_| charged.is_ok()).cloned());
            charged.is_err()
        });
        charged?;
    }
    values.sort_by(compare);
    values.dedup_by(|a, b| equal(a, b));
    Ok(Outcome::Values(values))
}

/// The array whose elements have been visited just before.
fn is_whole_array(document: &Document, path: &Path, value: &Bson) -> bool {
    matches!(value, Bson::Array(_))
        && path.visit(document, Leaf::Whole, &mut |reached| reached.value.is_some_and(|whole| std::ptr::eq(whole, value)))
}
