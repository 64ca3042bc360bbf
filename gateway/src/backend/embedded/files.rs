//! Which file keeps which database: one for most of them, and one of its own for each that is kept apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use engine::{Engine, Kept};
use tempfile::TempDir;

use crate::{Error, config::Apart};

/// The files of one gateway.
pub(super) struct Files {
    main: Engine,
    apart: BTreeMap<String, Engine>,
    /// Held by who commits to several files, and shared by who begins to read several: a reader sees all of such a commit or nothing.
    together: RwLock<()>,
    /// Where the files are temporary, the folder that goes with them.
    _folder: Option<TempDir>,
}

/// A file, in the order in which locks are taken and commits are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Apart(String),
    Main,
}

impl Files {
    /// Opens the files; without a path all of them in a temporary folder.
    pub(super) fn open(path: Option<PathBuf>, apart: Vec<Apart>) -> Result<Self, Error> {
        let folder = match path {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|error| Error::Database(error.to_string()))?),
        };
        let within = |path: PathBuf| folder.as_ref().map_or(path.clone(), |folder| folder.path().join(path));
        let main = within(path.unwrap_or_else(|| "gateway.sqlite".into()));
        let mut files = Self {
            main: Engine::open(&main).map_err(unopened)?,
            apart: BTreeMap::new(),
            together: RwLock::default(),
            _folder: None,
        };
        let mut taken = BTreeSet::from([real(&main)?]);
        for one in apart {
            let path = within(one.path);
            let engine = Engine::open_wiping(&path).map_err(unopened)?;
            if !taken.insert(real(&path)?) || files.apart.insert(one.database, engine).is_some() {
                return Err(fault("two databases apart have one name or one file"));
            }
        }
        files.check()?;
        Ok(Self { _folder: folder, ..files })
    }

    /// Every file holds what is kept in it and nothing else, or data would be there and not be found.
    fn check(&self) -> Result<(), Error> {
        let held = |engine: &Engine| engine.databases().map_err(unopened);
        if held(&self.main)?.iter().any(|database| self.apart.contains_key(database)) {
            return Err(fault("the main file holds collections of a database that is to be kept apart"));
        }
        for (name, engine) in &self.apart {
            if held(engine)?.iter().any(|database| database != name) {
                return Err(fault("the file of a database apart holds collections of another database"));
            }
        }
        Ok(())
    }

    pub(super) fn place(&self, database: &str) -> Place {
        match self.apart.contains_key(database) {
            true => Place::Apart(database.to_owned()),
            false => Place::Main,
        }
    }

    /// The places of the databases, each once, in their order.
    pub(super) fn places(&self, databases: &[&str]) -> BTreeSet<Place> {
        databases.iter().map(|database| self.place(database)).collect()
    }

    pub(super) fn at(&self, place: &Place) -> &Engine {
        match place {
            Place::Apart(name) => self.apart.get(name).unwrap_or(&self.main),
            Place::Main => &self.main,
        }
    }

    pub(super) fn of(&self, database: &str) -> &Engine {
        self.apart.get(database).unwrap_or(&self.main)
    }

    /// Does once a minute what nobody asks for: expired documents and changes that are kept no longer go, from the files apart without a trace.
    pub(super) fn sweep(&self, now_ms: i64, kept: &Kept) {
        // What fails is made up for by the next time.
        for engine in self.all() {
            let _ = engine.sweep_expired(now_ms);
            let _ = engine.trim_changes(now_ms, kept);
        }
        for engine in self.apart.values() {
            let _ = engine.checkpoint();
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Engine> {
        self.apart.values().chain([&self.main])
    }

    pub(super) fn read_together(&self) -> RwLockReadGuard<'_, ()> {
        self.together.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn commit_together(&self) -> RwLockWriteGuard<'_, ()> {
        self.together.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unopened(error: engine::Error) -> Error {
    Error::Database(error.message)
}

fn real(path: &Path) -> Result<PathBuf, Error> {
    fs::canonicalize(path).map_err(|error| Error::Database(error.to_string()))
}

fn fault(reason: &str) -> Error {
    Error::Database(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_apart_come_first_and_by_name_and_the_main_file_last_and_once() {
        let apart = |name: &str| Apart { database: name.into(), path: name.into() };
        let files = Files::open(None, vec![apart("keys"), apart("audit")]).unwrap();
        let places: Vec<_> = files.places(&["crm", "keys", "other", "audit", "crm"]).into_iter().collect();
        assert_eq!(places, [Place::Apart("audit".into()), Place::Apart("keys".into()), Place::Main]);
    }
}
