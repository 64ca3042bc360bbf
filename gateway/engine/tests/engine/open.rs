//! A database in a folder of its own, and short ways to ask it.

use std::path::PathBuf;

use bson::{Document, doc};
use engine::{Command, Engine, Error, Mode, Outcome, Update};

pub struct Database {
    pub engine: Engine,
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Database {
    pub fn new() -> Database {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        Database { engine: Engine::open(&path).unwrap(), path, _folder: folder }
    }

    pub fn run(&self, command: Command) -> Result<Outcome, Error> {
        let mode = if command.writes() { Mode::Write } else { Mode::Read };
        let mut session = self.engine.begin(mode)?;
        let outcome = session.run("test", &command)?;
        session.commit()?;
        Ok(outcome)
    }

    pub fn insert(&self, documents: Vec<Document>) -> Result<Outcome, Error> {
        self.run(Command::InsertMany { collection: "c".into(), documents, ordered: true })
    }

    pub fn index(&self, index: Document) -> Result<Outcome, Error> {
        self.run(Command::CreateIndexes { collection: "c".into(), indexes: vec![index] })
    }

    pub fn update(&self, filter: Document, update: Document, upsert: bool) -> Result<Outcome, Error> {
        self.run(Command::UpdateOne {
            collection: "c".into(),
            filter,
            update: Update::Document(update),
            upsert,
            array_filters: Vec::new(),
            sort: None,
        })
    }

    pub fn find(&self, filter: Document, sort: Document, limit: i64) -> Vec<Document> {
        match self.run(find(filter, sort, limit)).unwrap() {
            Outcome::Documents(documents) => documents,
            other => panic!("{other:?}"),
        }
    }

    pub fn ids(&self, filter: Document, sort: Document) -> Vec<i32> {
        self.find(filter, sort, 0).iter().map(|document| document.get_i32("_id").unwrap()).collect()
    }

    pub fn explain(&self, filter: Document, sort: Document, limit: i64) -> Document {
        match self.run(Command::Explain { command: Box::new(find(filter, sort, limit)) }).unwrap() {
            Outcome::Document(Some(plan)) => plan,
            other => panic!("{other:?}"),
        }
    }
}

pub fn find(filter: Document, sort: Document, limit: i64) -> Command {
    let sort = (sort != doc! {}).then_some(sort);
    Command::Find { collection: "c".into(), filter, projection: None, sort, limit: Some(limit), skip: None }
}
