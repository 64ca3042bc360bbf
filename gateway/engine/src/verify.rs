//! Rechecks a whole file: every document can be read, every index holds exactly the keys of the documents, and the log tells what is there.

use std::sync::Arc;

use bson::Bson;
use rusqlite::params;

use crate::{
    command::Mode,
    engine::Engine,
    error::Result,
    fields::Fields,
    key,
    storage::{Access, Collection, Cursor, Index, Store, decode},
    verify_changes,
};

/// What is wrong, in words; nothing where all is well.
pub(crate) fn verify(engine: &Engine) -> Result<Vec<String>> {
    let session = engine.begin(Mode::Read)?;
    let store = session.store()?;
    let mut problems = Vec::new();
    let mut statement = store.sql().prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        problems.extend((line != "ok").then_some(line));
    }
    for collection in store.all_collections()? {
        check_collection(store, &collection, &mut problems)?;
    }
    verify_changes::check(store, &mut problems)?;
    Ok(problems)
}

fn check_collection(store: &Store, collection: &Arc<Collection>, problems: &mut Vec<String>) -> Result<()> {
    let name = format!("{}.{}", collection.database, collection.name);
    // One that is being built lacks keys by its nature.
    let indexes: Vec<&Arc<Index>> = collection.indexes.iter().filter(|index| !index.building).collect();
    let mut expected: Vec<i64> = vec![0; indexes.len()];
    let mut cursor = Cursor::new(collection, Access::Scan, None);
    loop {
        let rows = cursor.next_batch(store)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let Ok(document) = decode(&row, &Fields::All) else {
                problems.push(format!("{name}: document {} cannot be read", row.rid));
                continue;
            };
            let id_key = key::of(document.get("_id").unwrap_or(&Bson::Null));
            if !holds(
                store,
                &format!("SELECT COUNT(*) FROM d_{} WHERE id_key = ?1 AND rid = ?2", collection.id),
                &id_key,
                row.rid,
            )? {
                problems.push(format!("{name}: document {} is not found by its _id", row.rid));
            }
            for (index, expected) in indexes.iter().zip(&mut expected) {
                if index.text.is_some() {
                    *expected += i64::try_from(index.keys(&document)?.keys.len()).unwrap_or(i64::MAX);
                    continue;
                }
                for key in index.keys(&document)?.keys {
                    *expected += 1;
                    if !holds(store, &format!("SELECT COUNT(*) FROM i_{} WHERE key = ?1 AND rid = ?2", index.id), &key, row.rid)?
                    {
                        problems.push(format!("{name}: index {} lacks a key of document {}", index.name, row.rid));
                    }
                }
            }
        }
    }
    for (index, expected) in indexes.iter().zip(expected) {
        let text = format!("SELECT COUNT(*) FROM i_{}", index.id);
        let found: i64 = store.sql().query_row(&text, [], |row| row.get(0))?;
        if found != expected {
            problems.push(format!("{name}: index {} holds {found} keys instead of {expected}", index.name));
        }
    }
    Ok(())
}

fn holds(store: &Store, text: &str, key: &[u8], rid: i64) -> Result<bool> {
    let found: i64 = store.sql().prepare_cached(text)?.query_row(params![key, rid], |row| row.get(0))?;
    Ok(found > 0)
}
