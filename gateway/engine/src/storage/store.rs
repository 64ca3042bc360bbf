//! One connection to the file, and what is done to documents and indexes through it.

use std::{cell::RefCell, path::Path, sync::Arc, time::Duration};

use bson::{Bson, DateTime, Document, RawDocument, doc};
use rusqlite::{Connection, params};

use super::{
    catalog::{self, Catalog, Collection},
    cursor::Row,
    indexing::refused,
    oplog::{self, ChangeKind},
};
use crate::{
    depth,
    error::{Error, Result},
    fields::Fields,
    interrupt, key,
    matcher::Matcher,
};

/// How long a connection waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS_KEPT: usize = 512;
/// How many of its instructions SQLite carries out before it asks whether to go on.
const STEPS_BETWEEN_CHECKS: i32 = 4_096;

pub(crate) struct Store {
    pub(super) sql: Connection,
    catalog: RefCell<Option<Catalog>>,
    /// The namespaces that the transaction has changed.
    touched: RefCell<Vec<String>>,
}

impl Store {
    pub fn open(path: &Path) -> Result<Store> {
        let mut sql = Connection::open(path)?;
        sql.busy_timeout(BUSY_TIMEOUT)?;
        sql.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        sql.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
             PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY;",
        )?;
        sql.progress_handler(STEPS_BETWEEN_CHECKS, Some(interrupt::is_due))?;
        Ok(Store { sql, catalog: RefCell::new(None), touched: RefCell::default() })
    }

    pub fn create_tables(&self) -> Result<()> {
        catalog::create_tables(&self.sql)?;
        oplog::create_table(&self.sql)
    }

    pub fn sql(&self) -> &Connection {
        &self.sql
    }

    pub fn execute(&self, statement: &str) -> Result<()> {
        self.sql.prepare_cached(statement)?.execute([])?;
        Ok(())
    }

    /// Runs `body`; what it did is undone if it fails.
    pub fn atomically<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.execute("SAVEPOINT one")?;
        let outcome = body();
        if outcome.is_err() {
            self.forget_catalog();
            if self.sql.is_autocommit() {
                // SQLite has undone the whole transaction, as it does where a write is interrupted.
                return outcome;
            }
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")?;
        outcome
    }

    /// Forgets what was known of the catalog if another connection, or a rollback, has changed it.
    pub fn refresh(&self) -> Result<()> {
        let known = self.catalog.borrow().as_ref().map(|catalog| catalog.version);
        if known.is_some() && known != Some(catalog::version(&self.sql)?) {
            self.catalog.replace(None);
        }
        Ok(())
    }

    /// A transaction sees the state at its first reading.
    pub fn see(&self) -> Result<()> {
        catalog::version(&self.sql).map(drop)
    }

    pub fn forget_catalog(&self) {
        self.catalog.replace(None);
    }

    /// The namespaces changed since this was last asked.
    pub fn take_touched(&self) -> Vec<String> {
        self.touched.take()
    }

    pub fn collection(&self, database: &str, name: &str) -> Result<Option<Arc<Collection>>> {
        let key = (database.to_owned(), name.to_owned());
        self.with_catalog(|catalog| catalog.collections.get(&key).cloned())
    }

    pub fn collections(&self, database: &str) -> Result<Vec<Arc<Collection>>> {
        let mut all: Vec<Arc<Collection>> =
            self.with_catalog(|catalog| catalog.collections.values().filter(|one| one.database == database).cloned().collect())?;
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    pub fn all_collections(&self) -> Result<Vec<Arc<Collection>>> {
        self.with_catalog(|catalog| catalog.collections.values().cloned().collect())
    }

    /// The collection, made if it is not there.
    pub fn ensure_collection(&self, database: &str, name: &str) -> Result<Arc<Collection>> {
        if let Some(collection) = self.collection(database, name)? {
            return Ok(collection);
        }
        check_namespace(database, name)?;
        self.sql.execute("INSERT INTO collection (db, name) VALUES (?1, ?2)", [database, name])?;
        let id = self.sql.last_insert_rowid();
        self.sql.execute_batch(&format!(
            "CREATE TABLE d_{id} (rid INTEGER PRIMARY KEY, id_key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)"
        ))?;
        self.changed()?;
        self.collection(database, name)?.ok_or_else(|| Error::new(26, "the collection vanished"))
    }

    pub fn drop_collection(&self, collection: &Collection) -> Result<()> {
        for index in &collection.indexes {
            self.drop_index(index)?;
        }
        self.sql.execute("DELETE FROM collection WHERE id = ?1", [collection.id])?;
        self.sql.execute_batch(&format!("DROP TABLE d_{}", collection.id))?;
        self.log(collection, ChangeKind::Drop, &[])?;
        self.changed()
    }

    pub fn set_validator(&self, collection: &Collection, validator: &Document) -> Result<()> {
        Matcher::parse(validator)?;
        let bytes = if validator.is_empty() { None } else { Some(validator.to_vec()?) };
        self.sql.execute("UPDATE collection SET validator = ?2 WHERE id = ?1", params![collection.id, bytes])?;
        self.changed()
    }

    pub fn insert(&self, collection: &Collection, document: &Document) -> Result<()> {
        validate(collection, document)?;
        let id_key = key::of(document.get("_id").unwrap_or(&Bson::Null));
        let text = format!("INSERT INTO d_{} (id_key, body) VALUES (?1, ?2)", collection.id);
        let body = encode(document)?;
        let inserted = self.sql.prepare_cached(&text)?.execute(params![id_key, body]);
        if let Err(error) = inserted {
            return Err(refused(error, collection, "_id_", doc! {"_id": 1}));
        }
        let rid = self.sql.last_insert_rowid();
        for index in &collection.indexes {
            self.add_keys(collection, index, rid, index.keys(document)?)?;
        }
        self.log(collection, ChangeKind::Insert, &body)
    }

    /// `_id` stays the same; `kind` is what the log calls it.
    pub fn replace(&self, collection: &Collection, rid: i64, old: &Document, new: &Document, kind: ChangeKind) -> Result<()> {
        validate(collection, new)?;
        let text = format!("UPDATE d_{} SET body = ?2 WHERE rid = ?1", collection.id);
        let body = encode(new)?;
        self.sql.prepare_cached(&text)?.execute(params![rid, body])?;
        for index in &collection.indexes {
            let before = index.keys(old)?;
            let mut after = index.keys(new)?;
            if before.keys == after.keys {
                continue;
            }
            let gone = before.keys.iter().filter(|key| !after.keys.contains(key));
            self.remove_keys(index, rid, gone)?;
            after.keys.retain(|key| !before.keys.contains(key));
            self.add_keys(collection, index, rid, after)?;
        }
        self.log(collection, kind, &body)
    }

    pub fn delete(&self, collection: &Collection, rid: i64, document: &Document) -> Result<()> {
        for index in &collection.indexes {
            self.remove_keys(index, rid, index.keys(document)?.keys.iter())?;
        }
        let text = format!("DELETE FROM d_{} WHERE rid = ?1", collection.id);
        self.sql.prepare_cached(&text)?.execute([rid])?;
        let key = doc! {"_id": document.get("_id").cloned().unwrap_or_default()};
        self.log(collection, ChangeKind::Delete, &key.to_vec()?)
    }

    fn log(&self, collection: &Collection, kind: ChangeKind, body: &[u8]) -> Result<()> {
        let mut touched = self.touched.borrow_mut();
        if !touched.contains(&collection.namespace) {
            touched.push(collection.namespace.clone());
        }
        oplog::append(&self.sql, &collection.namespace, kind, body, DateTime::now().timestamp_millis())
    }

    /// At least as many as there are documents, without counting them.
    pub fn extent(&self, collection: &Collection) -> Result<i64> {
        let text = format!("SELECT COALESCE(MAX(rid), 0) FROM d_{}", collection.id);
        Ok(self.sql.prepare_cached(&text)?.query_row([], |row| row.get(0))?)
    }

    /// Documents and bytes of a collection.
    pub fn size(&self, collection: &Collection) -> Result<(i64, i64)> {
        let text = format!("SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM d_{}", collection.id);
        Ok(self.sql.prepare_cached(&text)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    pub(super) fn changed(&self) -> Result<()> {
        let next = catalog::version(&self.sql)?.wrapping_add(1) & 0x7fff_ffff;
        self.sql.execute_batch(&format!("PRAGMA user_version = {next}"))?;
        self.forget_catalog();
        Ok(())
    }

    fn with_catalog<T>(&self, read: impl FnOnce(&Catalog) -> T) -> Result<T> {
        let mut catalog = self.catalog.borrow_mut();
        match &mut *catalog {
            Some(known) => Ok(read(known)),
            empty => Ok(read(empty.insert(catalog::load(&self.sql)?))),
        }
    }
}

/// The document, or what the fields hold of it.
pub(crate) fn decode(row: &Row, fields: &Fields) -> Result<Document> {
    if fields.is_none() {
        return Ok(Document::new());
    }
    depth::check_bytes(&row.body)?;
    if *fields == Fields::All {
        return Ok(Document::from_reader(row.body.as_slice())?);
    }
    let mut document = Document::new();
    for element in RawDocument::from_bytes(&row.body)? {
        let (name, value) = element?;
        if fields.has(name.as_str()) {
            document.insert(name.as_str(), Bson::try_from(value)?);
        }
    }
    Ok(document)
}

fn encode(document: &Document) -> Result<Vec<u8>> {
    const LIMIT_BYTES: usize = 16 * 1024 * 1024;
    depth::check(document)?;
    let bytes = document.to_vec()?;
    if bytes.len() > LIMIT_BYTES {
        return Err(Error::new(10334, "object to insert too large"));
    }
    Ok(bytes)
}

fn validate(collection: &Collection, document: &Document) -> Result<()> {
    match &collection.validator {
        Some((_, matcher)) if !matcher.matches(document)? => Err(Error::new(121, "Document failed validation")),
        _ => Ok(()),
    }
}

/// What names of databases and collections can be.
pub(crate) fn check_namespace(database: &str, name: &str) -> Result<()> {
    if database.is_empty() || database.len() > 63 || database.contains(['/', '\\', '.', ' ', '"', '$', '\0']) {
        return Err(Error::new(73, "Invalid database name"));
    }
    if name.is_empty() || name.len() > 255 || name.starts_with('.') || name.ends_with('.') || name.contains(['$', '\0']) {
        return Err(Error::new(73, "Invalid collection name"));
    }
    Ok(())
}
