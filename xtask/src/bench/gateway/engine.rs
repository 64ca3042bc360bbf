//! The engine in this process, without HTTP.

use super::measure::{Contestant, Worker};
use super::work::{FEW, LISTED, TENANT, Work, existing, existing_of_many, id, lead, tenant};
use anyhow::{Context, Result, anyhow, bail};
use bson::{Bson, Document, doc};
use engine::{Command, Engine, Mode, Outcome, Update};
use std::path::Path;

/// The name of every database here.
pub const DATABASE: &str = "bench";
/// The index that lists are read by.
pub fn list_index() -> Document {
    doc! {"key": {"tenant_id": 1, "status": 1, "created_at": -1, "_id": -1}, "name": "list"}
}

pub struct Bare(Engine);

impl Bare {
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self(Engine::open(path).map_err(told)?))
    }

    /// The documents that everything begins with.
    pub fn fill(&self, many: i32) -> Result<()> {
        for (collection, documents) in [("leads", FEW), ("many", many), ("inserts", 0)] {
            self.run(&[Command::CreateIndexes { collection: collection.into(), indexes: vec![list_index()] }])?;
            for start in (0..documents).step_by(1_000) {
                let documents = (start..(start + 1_000).min(documents)).map(lead).collect();
                self.run(&[Command::InsertMany { collection: collection.into(), documents, ordered: true }])?;
            }
        }
        self.run(&[insert("counters", doc! {"_id": "lead", "value": 0})]).map(drop)
    }

    fn run(&self, commands: &[Command]) -> Result<Outcome> {
        let writes = commands.iter().any(Command::writes);
        let mut session = self.0.begin(if writes { Mode::Write } else { Mode::Read }).map_err(told)?;
        let mut last = Outcome::Done;
        for command in commands {
            last = session.run(DATABASE, command).map_err(told)?;
        }
        session.commit().map_err(told)?;
        Ok(last)
    }
}

impl Contestant for Bare {
    fn worker(&self) -> Result<Box<dyn Worker + '_>> {
        Ok(Box::new(self))
    }
}

impl Worker for &Bare {
    fn work(&mut self, work: Work, number: i32) -> Result<()> {
        let found = match self.run(&commands(work, number))? {
            Outcome::Document(Some(_)) | Outcome::Inserted(_) | Outcome::Updated { matched: 1, .. } => return Ok(()),
            Outcome::Documents(documents) => documents.len(),
            other => bail!("{work:?} gave {other:?}"),
        };
        let expected = if work == Work::Group { 2 } else { LISTED };
        if found != expected {
            bail!("{work:?} gave {found} documents");
        }
        Ok(())
    }
}

fn told(error: engine::Error) -> anyhow::Error {
    anyhow!("{}", error.message)
}

/// What the engine is asked, and in other words the gateway.
fn commands(work: Work, number: i32) -> Vec<Command> {
    match work {
        Work::FindOne => vec![one("leads", existing(number))],
        Work::FindOneOfMany => vec![one("many", existing_of_many(number))],
        Work::List => vec![list("leads")],
        Work::ListOfMany => vec![list("many")],
        Work::InsertOne => vec![insert("inserts", lead(number))],
        Work::Transaction => vec![
            insert("inserts", lead(number)),
            insert("events", doc! {"_id": format!("event_{number}"), "of": id(number), "kind": "created"}),
            insert("jobs", doc! {"_id": format!("job_{number}"), "of": id(number), "due": number}),
            update("leads", id(existing(number)), doc! {"$set": {"title": format!("Touched by {number}")}}),
            update("counters", "lead".into(), doc! {"$inc": {"value": 1}}),
        ],
        Work::Group => vec![Command::Aggregate {
            collection: "leads".into(),
            pipeline: vec![doc! {"$group": {"_id": "$status", "n": {"$sum": 1}, "value": {"$sum": "$value"}}}],
        }],
    }
}

fn one(collection: &str, number: i32) -> Command {
    Command::FindOne {
        collection: collection.into(),
        filter: doc! {"_id": id(number), "tenant_id": tenant(number)},
        projection: None,
        sort: None,
        skip: None,
    }
}

fn list(collection: &str) -> Command {
    Command::Find {
        collection: collection.into(),
        filter: doc! {"tenant_id": TENANT, "status": "open", "deleted_at": Bson::Null},
        projection: None,
        sort: Some(doc! {"created_at": -1, "_id": -1}),
        limit: i64::try_from(LISTED).ok(),
        skip: None,
    }
}

fn insert(collection: &str, document: Document) -> Command {
    Command::InsertOne { collection: collection.into(), document }
}

fn update(collection: &str, id: String, update: Document) -> Command {
    Command::UpdateOne {
        collection: collection.into(),
        filter: doc! {"_id": id},
        update: Update::Document(update),
        upsert: false,
        array_filters: Vec::new(),
        sort: None,
    }
}

/// The file without its log, so that a copy of it is whole.
pub fn checkpoint(path: &Path) -> Result<()> {
    let sql = rusqlite::Connection::open(path).context("opening the engine's file")?;
    let checkpointed = sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    match checkpointed.context("ending the engine's log")? {
        0 => Ok(()),
        _ => bail!("the engine's log cannot be ended"),
    }
}
