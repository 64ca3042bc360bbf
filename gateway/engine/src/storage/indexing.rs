//! Making and dropping indexes, and the keys that documents have in them.

use std::sync::Arc;

use bson::Document;
use rusqlite::{ErrorCode, params};

use super::{
    catalog::Collection,
    cursor::Row,
    index::{Index, Keys},
    index_spec,
    store::{Store, decode},
    text,
};
use crate::{
    error::{Error, Result},
    fields::Fields,
};

/// The documents that get their keys in one go.
const ROWS_AT_ONCE: i64 = 1_000;

/// What an index that is asked for needs.
pub(crate) enum Asked {
    Exists,
    Building(Arc<Index>),
    /// To be made, by this canonical spec.
    New(Document),
}

impl Store {
    /// What an index that is asked for needs.
    pub fn ask_index(&self, collection: &Collection, given: &Document) -> Result<Asked> {
        let spec = index_spec::canonical(given)?;
        if is_id_index(&spec) {
            return Ok(Asked::Exists);
        }
        Ok(match existing(collection, &spec)? {
            None => Asked::New(spec),
            Some(index) if index.building => Asked::Building(Arc::clone(index)),
            Some(_) => Asked::Exists,
        })
    }

    /// Makes an index over what is there, all at once, if there is none.
    pub fn create_index(&self, collection: &Arc<Collection>, given: &Document) -> Result<()> {
        let spec = match self.ask_index(collection, given)? {
            Asked::New(spec) => spec,
            Asked::Exists => return Ok(()),
            Asked::Building(index) => return Err(Error::new(12587, format!("index {} is being built", index.name))),
        };
        let index = self.add_index(collection, spec)?;
        let mut after = i64::MIN;
        while let Some(last) = self.fill_index(collection, &index, after, i64::MAX, ROWS_AT_ONCE)? {
            after = last;
        }
        Ok(())
    }

    /// An index without any keys.
    fn add_index(&self, collection: &Collection, spec: Document) -> Result<Index> {
        self.sql.execute(
            "INSERT INTO collection_index (collection, name, spec) VALUES (?1, ?2, ?3)",
            params![collection.id, spec.get_str("name").unwrap_or_default(), spec.to_vec()?],
        )?;
        let index = Index::new(self.sql.last_insert_rowid(), spec, 0)?;
        self.create_index_table(collection, &index)?;
        self.changed()?;
        Ok(index)
    }

    /// An index that writes keep from now on and that no query uses until [`Store::finish_index`].
    pub fn begin_index(&self, collection: &Collection, spec: Document) -> Result<i64> {
        let index = self.add_index(collection, spec)?;
        self.sql.execute("INSERT INTO index_build (id) VALUES (?1)", [index.id])?;
        Ok(index.id)
    }

    pub fn finish_index(&self, id: i64) -> Result<()> {
        self.sql.execute("DELETE FROM index_build WHERE id = ?1", [id])?;
        self.changed()
    }

    /// Gives some documents their keys, from the one after `after` to the one at `upto`; answers the last, or nothing where all have theirs.
    /// A document that was written meanwhile has some of its keys already.
    pub fn fill_index(&self, collection: &Collection, index: &Index, after: i64, upto: i64, rows: i64) -> Result<Option<i64>> {
        let text = format!("SELECT rid, body FROM d_{} WHERE rid > ?1 AND rid <= ?2 ORDER BY rid LIMIT ?3", collection.id);
        let mut statement = self.sql.prepare_cached(&text)?;
        let mut found = statement.query([after, upto, rows])?;
        let mut last = None;
        while let Some(row) = found.next()? {
            let row = Row { rid: row.get(0)?, body: row.get(1)? };
            let mut keys = index.keys(&decode(&row, &Fields::All)?)?;
            if index.building {
                self.without_present(index, row.rid, &mut keys)?;
            }
            self.add_keys(collection, index, row.rid, keys)?;
            last = Some(row.rid);
        }
        Ok(last)
    }

    /// Leaves the keys that the document does not have in the index yet.
    fn without_present(&self, index: &Index, rid: i64, keys: &mut Keys) -> Result<()> {
        let (text, by_key) = match index.text {
            Some(_) => (format!("SELECT 1 FROM i_{} WHERE rowid = ?1", index.id), false),
            None => (format!("SELECT 1 FROM i_{} WHERE rid = ?1 AND key = ?2", index.id), true),
        };
        let mut statement = self.sql.prepare_cached(&text)?;
        let mut missing = Vec::with_capacity(keys.keys.len());
        for key in keys.keys.drain(..) {
            let present = if by_key { statement.exists(params![rid, key])? } else { statement.exists([rid])? };
            if !present {
                missing.push(key);
            }
        }
        keys.keys = missing;
        Ok(())
    }

    fn create_index_table(&self, collection: &Collection, index: &Index) -> Result<()> {
        if index.text.is_some() {
            if collection.indexes.iter().any(|other| other.text.is_some()) {
                return Err(Error::new(67, "only one text index per collection allowed"));
            }
            self.sql.execute_batch(&format!("CREATE VIRTUAL TABLE i_{} {}", index.id, text::TABLE))?;
            return Ok(());
        }
        let key = if index.unique { "key" } else { "key, rid" };
        self.sql.execute_batch(&format!(
            "CREATE TABLE i_{} (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY ({key})) WITHOUT ROWID",
            index.id
        ))?;
        Ok(())
    }

    pub fn drop_index(&self, index: &Index) -> Result<()> {
        self.sql.execute_batch(&format!("DROP TABLE i_{}", index.id))?;
        self.sql.execute("DELETE FROM collection_index WHERE id = ?1", [index.id])?;
        self.sql.execute("DELETE FROM index_build WHERE id = ?1", [index.id])?;
        self.changed()
    }

    pub(super) fn add_keys(&self, collection: &Collection, index: &Index, rid: i64, keys: Keys) -> Result<()> {
        if keys.crossed & !index.multikey != 0 {
            let text = "UPDATE collection_index SET multikey = multikey | ?2 WHERE id = ?1 AND multikey & ?2 <> ?2";
            if self.sql.prepare_cached(text)?.execute(params![index.id, keys.crossed])? > 0 {
                self.changed()?;
            }
        }
        if index.text.is_some() {
            let text = format!("INSERT INTO i_{} (key, rowid) VALUES (?1, ?2)", index.id);
            for key in keys.keys {
                self.sql.prepare_cached(&text)?.execute(params![String::from_utf8_lossy(&key), rid])?;
            }
            return Ok(());
        }
        let text = format!("INSERT INTO i_{} (key, rid) VALUES (?1, ?2)", index.id);
        let mut statement = self.sql.prepare_cached(&text)?;
        for key in keys.keys {
            if let Err(error) = statement.execute(params![key, rid]) {
                return Err(refused(error, collection, &index.name, index.pattern()));
            }
        }
        Ok(())
    }

    pub(super) fn remove_keys<'k>(&self, index: &Index, rid: i64, keys: impl Iterator<Item = &'k Vec<u8>>) -> Result<()> {
        if index.text.is_some() {
            let text = format!("DELETE FROM i_{} WHERE rowid = ?1", index.id);
            for _ in keys {
                self.sql.prepare_cached(&text)?.execute([rid])?;
            }
            return Ok(());
        }
        let text = format!("DELETE FROM i_{} WHERE key = ?1 AND rid = ?2", index.id);
        let mut statement = self.sql.prepare_cached(&text)?;
        for key in keys {
            statement.execute(params![key, rid])?;
        }
        Ok(())
    }
}

pub(super) fn refused(error: rusqlite::Error, collection: &Collection, index: &str, pattern: Document) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::duplicate(&collection.name, index, pattern),
        _ => error.into(),
    }
}

fn is_id_index(spec: &Document) -> bool {
    spec.get_document("key").is_ok_and(|key| key.len() == 1 && key.contains_key("_id"))
}

fn existing<'c>(collection: &'c Collection, spec: &Document) -> Result<Option<&'c Arc<Index>>> {
    let name = spec.get_str("name").unwrap_or_default();
    let key = spec.get_document("key").ok();
    for index in &collection.indexes {
        let same_key = key == index.spec.get_document("key").ok();
        if index.name == name && same_key {
            if same_spec(&index.spec, spec) {
                return Ok(Some(index));
            }
            return Err(Error::new(86, format!("An existing index has the same name as the requested index: {name}")));
        }
        if index.name == name {
            return Err(Error::new(86, format!("An existing index has the same name as the requested index: {name}")));
        }
        let same_filter = index_spec::same_filter(index.spec.get("partialFilterExpression"), spec.get("partialFilterExpression"))
            && index.spec.get("sparse") == spec.get("sparse")
            && index.spec.get("unique") == spec.get("unique");
        if same_key && same_filter {
            return Err(Error::new(85, format!("Index already exists with a different name: {}", index.name)));
        }
    }
    Ok(None)
}

fn same_spec(a: &Document, b: &Document) -> bool {
    let filter = "partialFilterExpression";
    let rest = |spec: &Document| {
        spec.iter().filter(|(name, _)| *name != filter).map(|(name, value)| (name.clone(), value.clone())).collect::<Document>()
    };
    let (x, y) = (rest(a), rest(b));
    x.len() == y.len()
        && x.iter().all(|(name, value)| y.get(name) == Some(value))
        && index_spec::same_filter(a.get(filter), b.get(filter))
}
