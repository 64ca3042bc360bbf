//! Making and dropping indexes, and the keys that documents have in them.

use bson::Document;
use rusqlite::{ErrorCode, params};

use super::{
    catalog::Collection,
    cursor::{Access, Cursor},
    index::{Index, Keys},
    index_spec,
    store::{Store, decode},
    text,
};
use crate::{
    error::{Error, Result},
    fields::Fields,
};

impl Store {
    /// Makes an index over what is there; `false` if the same one exists.
    pub fn create_index(&self, collection: &Collection, given: &Document) -> Result<bool> {
        let spec = index_spec::canonical(given)?;
        if is_id_index(&spec) || exists_already(collection, &spec)? {
            return Ok(false);
        }
        self.sql.execute(
            "INSERT INTO collection_index (collection, name, spec) VALUES (?1, ?2, ?3)",
            params![collection.id, spec.get_str("name").unwrap_or_default(), spec.to_vec()?],
        )?;
        let index = Index::new(self.sql.last_insert_rowid(), spec, 0)?;
        self.create_index_table(collection, &index)?;
        let mut cursor = Cursor::new(collection, Access::Scan, None);
        loop {
            let rows = cursor.next_batch(self)?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let document = decode(&row, &Fields::All)?;
                self.add_keys(collection, &index, row.rid, index.keys(&document)?)?;
            }
        }
        self.changed()?;
        Ok(true)
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

fn exists_already(collection: &Collection, spec: &Document) -> Result<bool> {
    let name = spec.get_str("name").unwrap_or_default();
    let key = spec.get_document("key").ok();
    for index in &collection.indexes {
        let same_key = key == index.spec.get_document("key").ok();
        if index.name == name && same_key {
            if same_spec(&index.spec, spec) {
                return Ok(true);
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
    Ok(false)
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
