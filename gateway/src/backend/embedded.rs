//! The embedded engine as a backend: everything is ready at once, on a thread that may block.

mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use engine::{Command, Engine, Kept, Mode, Outcome};
use tempfile::TempDir;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch::Receiver},
    task::spawn_blocking,
};

pub(crate) use self::watch::EmbeddedWatch;
use super::{Purpose, Session, Store};
use crate::{
    Error,
    config::Limits,
    failure::Failure,
    perform::{Reply, Request, Turn, perform},
    watch::Bells,
    workers::Workers,
};

const LOG_READERS: usize = 8;

/// The engine and, where it is temporary, the folder that goes with it.
#[derive(Clone)]
pub(crate) struct Embedded {
    engine: Engine,
    workers: Workers,
    bells: Arc<Bells>,
    log_readers: Arc<Semaphore>,
    /// How many requests may wait to write: others have places left to read in.
    waiting_writers: usize,
    _folder: Option<Arc<TempDir>>,
}

impl Embedded {
    /// Opens the file, or a temporary one, and begins to sweep it.
    pub(crate) async fn open(path: Option<PathBuf>, limits: &Limits, stopped: Receiver<bool>) -> Result<Self, Error> {
        let waiting_writers = (limits.concurrent / 2).max(1);
        let opening = spawn_blocking(move || {
            let (path, folder) = match path {
                Some(path) => (path, None),
                None => {
                    let folder = tempfile::tempdir().map_err(|error| Error::Database(error.to_string()))?;
                    (folder.path().join("gateway.sqlite"), Some(Arc::new(folder)))
                }
            };
            let engine = Engine::open(&path).map_err(|error| Error::Database(error.message))?;
            let bells = Arc::new(Bells::default());
            let ringing = Arc::clone(&bells);
            engine.on_change(move |namespaces| ringing.ring(namespaces));
            let log_readers = Arc::new(Semaphore::new(LOG_READERS));
            Ok(Self { engine, workers: Workers::default(), bells, log_readers, waiting_writers, _folder: folder })
        });
        let embedded = opening.await.map_err(|error| Error::Database(error.to_string()))??;
        embedded.clone().sweep(limits.changes, stopped);
        Ok(embedded)
    }

    pub(crate) fn start(&self, request: Request, place: OwnedSemaphorePermit) -> oneshot::Receiver<Reply> {
        let embedded = self.clone();
        let runtime = Handle::current();
        self.workers.run(move || {
            let reply = runtime.block_on(perform(&embedded, request));
            drop(place);
            reply
        })
    }

    pub(crate) async fn ping(&self) -> Result<(), Failure> {
        let engine = self.engine.clone();
        let pinging = self.workers.run(move || {
            let mut session = engine.begin(Mode::Read)?;
            session.run("admin", &Command::ListCollections)
        });
        match pinging.await {
            Ok(answered) => Ok(answered.map(drop)?),
            Err(_) => Err(Failure::internal("the request ended in a fault")),
        }
    }

    /// Removes expired documents once a minute, as MongoDB does, and changes that are not kept any longer.
    fn sweep(self, kept: Kept, mut stopped: Receiver<bool>) {
        tokio::spawn(async move {
            let mut minute = tokio::time::interval(SWEEP_INTERVAL);
            loop {
                tokio::select! {
                    _ = minute.tick() => {}
                    _ = stopped.changed() => return,
                }
                let engine = self.engine.clone();
                let now_ms = bson::DateTime::now().timestamp_millis();
                // A sweep that fails is made up for by the next one.
                let _ = spawn_blocking(move || {
                    let _ = engine.sweep_expired(now_ms);
                    engine.trim_changes(now_ms, &kept)
                })
                .await;
            }
        });
    }
}

const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

impl Store for Embedded {
    type Session = engine::Session;

    const COMMITS_AT_ONCE: bool = false;

    async fn begin(&self, purpose: Purpose, turn: &Arc<Turn>) -> Result<engine::Session, Failure> {
        let turn = Arc::clone(turn);
        let stop = move || turn.has_expired();
        match purpose {
            Purpose::Read | Purpose::Snapshot => {
                let mut session = self.engine.begin(Mode::Read)?;
                session.stop_when(stop);
                Ok(session)
            }
            Purpose::Write | Purpose::Transaction => self.engine.begin_write(self.waiting_writers, stop).map_err(refused),
        }
    }

    async fn run_apart(&self, database: &str, command: &Command) -> Option<Result<Outcome, Failure>> {
        match command {
            Command::CreateIndexes { collection, indexes } => {
                Some(self.engine.create_indexes(database, collection, indexes).map_err(Failure::from))
            }
            _ => None,
        }
    }
}

fn refused(error: engine::Error) -> Failure {
    const LOCK_BUSY: i32 = 46;
    match error.code {
        LOCK_BUSY => Failure::too_many_requests(error.message),
        _ => Failure::from(error),
    }
}

impl Session for engine::Session {
    async fn run(&mut self, database: &str, command: &Command) -> Result<Outcome, Failure> {
        Ok(Self::run(self, database, command)?)
    }

    async fn commit(self) -> Result<(), Failure> {
        Ok(Self::commit(self)?)
    }
}
