//! The official driver as a backend: replica sets, sharded clusters, and what else speaks the wire protocol.

mod error;
mod execute;
mod structure;
mod watch;

use std::{sync::Arc, time::Duration};

use bson::doc;
use engine::{Command, Outcome};
use mongodb::{
    Client, ClientSession,
    error::UNKNOWN_TRANSACTION_COMMIT_RESULT,
    options::{ClientOptions, ReadConcern, WriteConcern},
};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, oneshot};

pub(crate) use self::watch::DriverWatch;
use super::{Purpose, Session, Store};
use crate::{
    Error,
    config::Limits,
    failure::Failure,
    log,
    perform::{Reply, Request, Turn, perform},
};

/// A deployment with its pool of connections.
#[derive(Clone)]
pub(crate) struct Driver {
    client: Client,
    watching: Arc<Watching>,
}

/// Each watcher waits on a connection: they have a pool of their own, from the first one on, so that they take none from requests.
struct Watching {
    options: ClientOptions,
    client: OnceCell<Client>,
}

/// Commands on one of the driver's sessions, within a transaction or each for itself.
pub(crate) struct DriverSession {
    client: Client,
    session: ClientSession,
    is_transaction: bool,
}

impl Driver {
    /// Connects; a deployment that does not answer yet is no reason not to start.
    pub(crate) async fn open(uri: &str, limits: &Limits) -> Result<Self, Error> {
        // The driver's message could quote the URI with its password.
        let fault = |_| Error::Database("the connection string is not valid".into());
        let mut options = ClientOptions::parse(uri).await.map_err(fault)?;
        options.app_name.get_or_insert_with(|| "gateway".into());
        options.server_selection_timeout.get_or_insert(REACH_TIME);
        options.connect_timeout.get_or_insert(REACH_TIME);
        let mut watching_options = options.clone();
        watching_options.max_pool_size = u32::try_from(limits.watchers).ok().filter(|watchers| *watchers > 0);
        watching_options.min_pool_size = None;
        let client = Client::with_options(options).map_err(fault)?;
        let watching = Watching { options: watching_options, client: OnceCell::new() };
        let driver = Self { client, watching: Arc::new(watching) };
        driver.report_topology().await;
        Ok(driver)
    }

    pub(crate) fn start(&self, request: Request, place: OwnedSemaphorePermit) -> oneshot::Receiver<Reply> {
        let driver = self.clone();
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            let reply = perform(&driver, request).await;
            drop(place);
            // Nobody waits any more for what cannot be sent.
            drop(sender.send(reply));
        });
        receiver
    }

    pub(crate) async fn ping(&self) -> Result<(), Failure> {
        let answered = self.client.database("admin").run_command(doc! {"ping": 1}).await;
        answered.map(drop).map_err(error::failure)
    }

    async fn report_topology(&self) {
        match self.client.database("admin").run_command(doc! {"hello": 1}).await {
            Ok(hello) if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|kind| kind == "isdbgrid") => {}
            Ok(_) => log::warn(
                "the MongoDB server is standalone: the action transaction needs a replica set or a sharded cluster and will be refused",
            ),
            Err(_) => log::warn("the MongoDB deployment does not answer yet"),
        }
    }
}

const REACH_TIME: Duration = Duration::from_secs(5);

impl Store for Driver {
    type Session = DriverSession;

    /// Outside a transaction the server commits each command by itself.
    const COMMITS_AT_ONCE: bool = true;

    async fn begin(&self, purpose: Purpose, _databases: &[&str], _turn: &Arc<Turn>) -> Result<DriverSession, Failure> {
        let mut session = self.client.start_session().await.map_err(error::failure)?;
        let is_transaction = matches!(purpose, Purpose::Snapshot | Purpose::Transaction);
        if is_transaction {
            let starting = session.start_transaction();
            let starting = starting.read_concern(ReadConcern::snapshot()).write_concern(WriteConcern::majority());
            starting.await.map_err(error::failure)?;
        }
        Ok(DriverSession { client: self.client.clone(), session, is_transaction })
    }
}

impl Session for DriverSession {
    async fn run(&mut self, database: &str, command: &Command) -> Result<Outcome, Failure> {
        let database = self.client.database(database);
        let executed = execute::execute(&database, &mut self.session, command).await;
        match executed.map_err(error::failure) {
            Err(mut failure) => {
                if let Some(duplicate) = failure.duplicate_without_pattern() {
                    duplicate.pattern = structure::key_pattern(&database, duplicate).await;
                }
                if let (Some(inserts), Command::InsertMany { documents, ordered, .. }) = (&mut failure.inserts, command) {
                    let before_first = inserts.errors.first().map_or(0, |first| first.index);
                    inserts.inserted = if *ordered { before_first } else { documents.len() - inserts.errors.len() };
                }
                Err(failure)
            }
            settled => settled,
        }
    }

    async fn commit(mut self) -> Result<(), Failure> {
        if !self.is_transaction {
            return Ok(());
        }
        let mut committed = self.session.commit_transaction().await;
        for _ in 0..COMMIT_REPEATS {
            match &committed {
                Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                    committed = self.session.commit_transaction().await;
                }
                _ => break,
            }
        }
        committed.map_err(|error| match error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) {
            true => Failure::unavailable("the database does not answer; whether it wrote is unknown"),
            false => error::failure(error),
        })
    }
}

/// Repeating a commit is safe: the server knows the transaction by its number.
const COMMIT_REPEATS: u32 = 3;
