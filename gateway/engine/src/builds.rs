//! Building indexes while others write: registered, filled in parts, each in a transaction of its own, and then put to use.
//!
//! A build that ends early leaves nothing: its own process drops it, or whoever opens the file next.

use std::sync::Arc;

use bson::Document;

use crate::{
    catalog_commands::{check_index_limit, created_indexes},
    command::{Command, Mode, Outcome},
    engine::Engine,
    error::{Error, Result},
    session::Session,
    storage::{Asked, Collection, Index, Store},
};

/// Collections that may hold more documents than this are indexed in parts.
const AT_ONCE: i64 = 1_000;
/// The documents that get their keys in one transaction: a writer waits for one of these at most.
const PART: i64 = 250;

/// The indexes of one createIndexes that are being built.
struct Build<'a> {
    engine: &'a Engine,
    database: &'a str,
    collection: &'a str,
    /// The number of the collection, which tells it apart from a later one of its name.
    number: i64,
    indexes: Vec<i64>,
    /// The last document that writes did not index themselves.
    upto: i64,
}

/// As `Command::CreateIndexes`, without holding writers up.
pub(crate) fn create_indexes(engine: &Engine, database: &str, collection: &str, indexes: &[Document]) -> Result<Outcome> {
    if let Some(outcome) = at_once(engine, database, collection, indexes)? {
        return Ok(outcome);
    }
    // Of two that ask for the same index the second waits here, and finds it made.
    let _turn = engine.turn_to_build();
    if let Some(outcome) = at_once(engine, database, collection, indexes)? {
        return Ok(outcome);
    }
    let (build, outcome) = Build::begin(engine, database, collection, indexes)?;
    match build.run() {
        Ok(()) => Ok(outcome),
        Err(error) => {
            build.undo()?;
            Err(error)
        }
    }
}

/// Drops what a process that ended early was building.
pub(crate) fn clean_up(engine: &Engine) -> Result<()> {
    let is_left = |collection: &Arc<Collection>| collection.indexes.iter().any(|index| index.building);
    if !engine.begin(Mode::Read)?.store()?.all_collections()?.iter().any(is_left) {
        return Ok(());
    }
    let session = engine.begin(Mode::Write)?;
    for collection in session.store()?.all_collections()? {
        for index in collection.indexes.iter().filter(|index| index.building) {
            session.store()?.drop_index(index)?;
        }
    }
    session.commit()
}

/// The outcome where nothing has to be built in parts.
fn at_once(engine: &Engine, database: &str, collection: &str, indexes: &[Document]) -> Result<Option<Outcome>> {
    let mut session = engine.begin(Mode::Write)?;
    if has_to_build(session.store()?, database, collection, indexes)? {
        return Ok(None);
    }
    let command = Command::CreateIndexes { collection: collection.to_owned(), indexes: indexes.to_vec() };
    let outcome = session.run(database, &command)?;
    session.commit()?;
    Ok(Some(outcome))
}

fn has_to_build(store: &Store, database: &str, name: &str, indexes: &[Document]) -> Result<bool> {
    let Some(collection) = store.collection(database, name)? else {
        return Ok(false);
    };
    let is_large = store.extent(&collection)? > AT_ONCE;
    // What is wrong with the request is said by the command itself.
    let needs = |given| match store.ask_index(&collection, given) {
        Ok(Asked::New(_)) => is_large,
        Ok(Asked::Building(_)) => true,
        Ok(Asked::Exists) | Err(_) => false,
    };
    Ok(indexes.iter().all(|given| store.ask_index(&collection, given).is_ok()) && indexes.iter().any(needs))
}

impl<'a> Build<'a> {
    fn begin(engine: &'a Engine, database: &'a str, name: &'a str, indexes: &[Document]) -> Result<(Build<'a>, Outcome)> {
        let session = engine.begin(Mode::Write)?;
        let store = session.store()?;
        let mut collection = store.ensure_collection(database, name)?;
        // Whoever was building these is gone: the turn is ours.
        for index in collection.indexes.iter().filter(|index| index.building) {
            store.drop_index(index)?;
        }
        collection = store.ensure_collection(database, name)?;
        let before = collection.indexes.len() + 1;
        let mut begun = Vec::new();
        for given in indexes {
            check_index_limit(&collection)?;
            if let Asked::New(spec) = store.ask_index(&collection, given)? {
                begun.push(store.begin_index(&collection, spec)?);
                collection = store.ensure_collection(database, name)?;
            }
        }
        let upto = store.extent(&collection)?;
        let outcome = created_indexes(false, before, collection.indexes.len() + 1);
        session.commit()?;
        Ok((Build { engine, database, collection: name, number: collection.id, indexes: begun, upto }, outcome))
    }

    fn run(&self) -> Result<()> {
        for id in &self.indexes {
            let mut after = Some(i64::MIN);
            while let Some(last) = after {
                let session = self.engine.begin(Mode::Write)?;
                after = self.fill(&session, *id, last)?;
                session.commit()?;
            }
        }
        let session = self.engine.begin(Mode::Write)?;
        for id in &self.indexes {
            self.index(session.store()?, *id)?;
            session.store()?.finish_index(*id)?;
        }
        session.commit()
    }

    fn fill(&self, session: &Session, id: i64, after: i64) -> Result<Option<i64>> {
        let store = session.store()?;
        let (collection, index) = self.index(store, id)?;
        store.fill_index(&collection, &index, after, self.upto, PART)
    }

    fn undo(&self) -> Result<()> {
        let session = self.engine.begin(Mode::Write)?;
        let store = session.store()?;
        for id in &self.indexes {
            if let Ok((_, index)) = self.index(store, *id) {
                store.drop_index(&index)?;
            }
        }
        session.commit()
    }

    fn index(&self, store: &Store, id: i64) -> Result<(Arc<Collection>, Arc<Index>)> {
        let collection = store.collection(self.database, self.collection)?.filter(|found| found.id == self.number);
        let index = collection.as_ref().and_then(|found| found.indexes.iter().find(|index| index.id == id && index.building));
        match (&collection, index) {
            (Some(collection), Some(index)) => Ok((Arc::clone(collection), Arc::clone(index))),
            _ => Err(Error::new(276, "the index was dropped while it was built")),
        }
    }
}
