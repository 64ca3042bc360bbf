//! The embedded engine as a backend: everything is ready at once, on a thread that may block.

mod files;
mod session;
mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use engine::{Command, Engine, Kept, Mode, Outcome};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch::Receiver},
    task::spawn_blocking,
};

pub(crate) use self::watch::EmbeddedWatch;
use self::{files::Files, session::EmbeddedSession};
use super::{Purpose, Store};
use crate::{
    Error,
    config::{Apart, Limits},
    failure::Failure,
    perform::{Reply, Request, Turn, perform},
    watch::Bells,
    workers::Workers,
};

const LOG_READERS: usize = 8;

/// The files and the threads that work on them.
#[derive(Clone)]
pub(crate) struct Embedded {
    files: Arc<Files>,
    workers: Workers,
    bells: Arc<Bells>,
    log_readers: Arc<Semaphore>,
    /// How many requests may wait to write: others have places left to read in.
    waiting_writers: usize,
}

impl Embedded {
    /// Opens the files, or temporary ones, and begins to sweep them.
    pub(crate) async fn open(
        path: Option<PathBuf>,
        apart: Vec<Apart>,
        limits: &Limits,
        stopped: Receiver<bool>,
    ) -> Result<Self, Error> {
        let opening = spawn_blocking(move || Files::open(path, apart));
        let files = opening.await.map_err(|error| Error::Database(error.to_string()))??;
        let bells = Arc::new(Bells::default());
        for engine in files.all() {
            let ringing = Arc::clone(&bells);
            engine.on_change(move |namespaces| ringing.ring(namespaces));
        }
        let embedded = Self {
            files: Arc::new(files),
            workers: Workers::default(),
            bells,
            log_readers: Arc::new(Semaphore::new(LOG_READERS)),
            waiting_writers: (limits.concurrent / 2).max(1),
        };
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
        let files = Arc::clone(&self.files);
        let pinging = self.workers.run(move || files.all().try_for_each(ping));
        match pinging.await {
            Ok(answered) => Ok(answered?),
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
                let files = Arc::clone(&self.files);
                let now_ms = bson::DateTime::now().timestamp_millis();
                let _ = spawn_blocking(move || files.sweep(now_ms, &kept)).await;
            }
        });
    }
}

const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

fn ping(engine: &Engine) -> Result<(), engine::Error> {
    let mut session = engine.begin(Mode::Read)?;
    session.run("admin", &Command::ListCollections).map(drop)
}

impl Store for Embedded {
    type Session = EmbeddedSession;

    const COMMITS_AT_ONCE: bool = false;

    async fn begin(&self, purpose: Purpose, databases: &[&str], turn: &Arc<Turn>) -> Result<EmbeddedSession, Failure> {
        EmbeddedSession::begin(&self.files, purpose, databases, self.waiting_writers, turn)
    }

    async fn run_apart(&self, database: &str, command: &Command) -> Option<Result<Outcome, Failure>> {
        match command {
            Command::CreateIndexes { collection, indexes } => {
                Some(self.files.of(database).create_indexes(database, collection, indexes).map_err(Failure::from))
            }
            _ => None,
        }
    }
}
