//! Which collections and indexes there are.

use std::{collections::HashMap, sync::Arc};

use bson::Document;
use rusqlite::Connection;

use super::index::Index;
use crate::{error::Result, matcher::Matcher};

/// One collection of one database.
#[derive(Debug)]
pub(crate) struct Collection {
    pub id: i64,
    pub database: String,
    pub name: String,
    /// `database.name`, by which the log knows it.
    pub namespace: String,
    pub validator: Option<(Document, Matcher)>,
    pub indexes: Vec<Arc<Index>>,
}

/// All collections as of one version.
#[derive(Debug)]
pub(super) struct Catalog {
    pub version: i64,
    pub collections: HashMap<(String, String), Arc<Collection>>,
}

pub(super) fn create_tables(sql: &Connection) -> Result<()> {
    sql.execute_batch(
        "CREATE TABLE IF NOT EXISTS collection (
           id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, validator BLOB, UNIQUE (db, name));
         CREATE TABLE IF NOT EXISTS collection_index (
           id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL,
           multikey INTEGER NOT NULL DEFAULT 0, UNIQUE (collection, name));
         CREATE TABLE IF NOT EXISTS index_build (id INTEGER PRIMARY KEY);",
    )?;
    Ok(())
}

pub(super) fn version(sql: &Connection) -> Result<i64> {
    let mut statement = sql.prepare_cached("PRAGMA user_version")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

pub(super) fn load(sql: &Connection) -> Result<Catalog> {
    let version = version(sql)?;
    let mut indexes: HashMap<i64, Vec<Arc<Index>>> = HashMap::new();
    let text = "SELECT id, collection, spec, multikey, id IN (SELECT id FROM index_build) FROM collection_index ORDER BY id";
    let mut statement = sql.prepare_cached(text)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let spec: Vec<u8> = row.get(2)?;
        let mut index = Index::new(row.get(0)?, Document::from_reader(spec.as_slice())?, row.get(3)?)?;
        index.building = row.get(4)?;
        indexes.entry(row.get(1)?).or_default().push(Arc::new(index));
    }
    let mut collections = HashMap::new();
    let mut statement = sql.prepare_cached("SELECT id, db, name, validator FROM collection ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let validator: Option<Vec<u8>> = row.get(3)?;
        let validator = validator.map(|bytes| parse_validator(&bytes)).transpose()?;
        let (database, name): (String, String) = (row.get(1)?, row.get(2)?);
        let collection = Collection {
            id,
            namespace: format!("{database}.{name}"),
            database,
            name,
            validator,
            indexes: indexes.remove(&id).unwrap_or_default(),
        };
        let key = (collection.database.clone(), collection.name.clone());
        collections.insert(key, Arc::new(collection));
    }
    Ok(Catalog { version, collections })
}

fn parse_validator(bytes: &[u8]) -> Result<(Document, Matcher)> {
    let document = Document::from_reader(bytes)?;
    let matcher = Matcher::parse(&document)?;
    Ok((document, matcher))
}
