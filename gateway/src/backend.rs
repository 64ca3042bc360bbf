//! Where commands run: one small contract for the embedded engine and for the driver.

mod driver;
mod embedded;

use std::sync::Arc;

use driver::Driver;
use embedded::Embedded;
use engine::{Command, Outcome};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch::Receiver};

pub(crate) use self::{driver::DriverWatch, embedded::EmbeddedWatch};
use crate::{
    Error,
    config::{Apart, Backend, Limits},
    failure::Failure,
    perform::{Reply, Request, Turn},
    watch::{Asked, Opened},
};

/// What a session is begun for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One command that changes nothing.
    Read,
    /// One command that may write.
    Write,
    /// Several commands that see one state and change nothing.
    Snapshot,
    /// Several commands that are written all or not at all.
    Transaction,
}

/// A place that keeps databases.
pub(crate) trait Store {
    type Session: Session;

    /// Whether a single command takes effect when it runs and not when it is committed.
    const COMMITS_AT_ONCE: bool;

    /// Its commands are of these databases alone. They end early once the turn has expired, where the store can do that.
    async fn begin(&self, purpose: Purpose, databases: &[&str], turn: &Arc<Turn>) -> Result<Self::Session, Failure>;

    /// Runs a single command that takes transactions of its own, if it is one.
    async fn run_apart(&self, _database: &str, _command: &Command) -> Option<Result<Outcome, Failure>> {
        None
    }
}

/// Commands that belong together; dropped without a commit, a transaction leaves no trace.
pub(crate) trait Session {
    async fn run(&mut self, database: &str, command: &Command) -> Result<Outcome, Failure>;

    async fn commit(self) -> Result<(), Failure>;
}

/// The backend that was configured.
pub(crate) enum Database {
    Embedded(Embedded),
    Driver(Driver),
}

impl Database {
    pub(crate) async fn open(
        backend: Backend,
        apart: Vec<Apart>,
        limits: &Limits,
        stopped: Receiver<bool>,
    ) -> Result<Self, Error> {
        match backend {
            Backend::Embedded { path } => Embedded::open(Some(path), apart, limits, stopped).await.map(Self::Embedded),
            Backend::Temporary => Embedded::open(None, apart, limits, stopped).await.map(Self::Embedded),
            Backend::Mongo { .. } if !apart.is_empty() => {
                Err(Error::Database("MongoDB decides itself where a database is kept".into()))
            }
            Backend::Mongo { uri } => Driver::open(&uri, limits).await.map(Self::Driver),
        }
    }

    /// Begins to watch a collection.
    pub(crate) async fn watch(&self, asked: Asked) -> Result<Opened, Failure> {
        match self {
            Self::Embedded(embedded) => embedded.watch(asked).await,
            Self::Driver(driver) => driver.watch(asked).await,
        }
    }

    /// Performs the request in a task of its own, which keeps the place until it ends.
    pub(crate) fn start(&self, request: Request, place: OwnedSemaphorePermit) -> oneshot::Receiver<Reply> {
        match self {
            Self::Embedded(embedded) => embedded.start(request, place),
            Self::Driver(driver) => driver.start(request, place),
        }
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), Failure> {
        match self {
            Self::Embedded(embedded) => embedded.ping().await,
            Self::Driver(driver) => driver.ping().await,
        }
    }
}
