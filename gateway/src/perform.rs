//! One action from the bytes of its body to the bytes of its answer.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bson::Document;
use bytes::Bytes;
use data_api::Action;
use engine::{Command, Outcome};

use crate::{
    access, answer,
    backend::{Purpose, Session, Store},
    command::{self, Rules},
    config::{Key, Limits},
    ejson::{self, Form},
    failure::Failure,
    insert,
    parameters::Parameters,
    transaction::{self, Operation},
};

/// An action that was asked for, by whom, and in which form the answer is wanted.
pub(crate) struct Request {
    pub action: Action,
    pub body: Bytes,
    pub form: Form,
    pub key: Arc<Key>,
    pub limits: Arc<Limits>,
    pub turn: Arc<Turn>,
}

/// The answer, and what the log tells of the request.
#[derive(Default)]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after_s: Option<u32>,
    pub error_code: Option<&'static str>,
    pub database: String,
    pub collections: Vec<String>,
}

/// Settles whether a request is committed or has run out of time: exactly one of both.
#[derive(Default)]
pub(crate) struct Turn {
    state: AtomicU8,
    names: OnceLock<Names>,
}

/// What a request is about, for the log.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub database: String,
    pub collections: Vec<String>,
}

impl Turn {
    const OPEN: u8 = 0;
    const COMMITTING: u8 = 1;
    const EXPIRED: u8 = 2;

    /// Whether the request had not been committed yet; from now on it will not be.
    pub(crate) fn expire(&self) -> bool {
        self.settle(Self::EXPIRED)
    }

    fn commit(&self) -> bool {
        self.settle(Self::COMMITTING)
    }

    pub(crate) fn has_expired(&self) -> bool {
        self.state.load(Ordering::Acquire) == Self::EXPIRED
    }

    /// What is known of the request when its time is over.
    pub(crate) fn names(&self) -> Names {
        self.names.get().cloned().unwrap_or_default()
    }

    fn settle(&self, to: u8) -> bool {
        let settled = self.state.compare_exchange(Self::OPEN, to, Ordering::AcqRel, Ordering::Acquire);
        settled.is_ok() || settled == Err(to)
    }
}

impl Reply {
    pub(crate) fn failed(failure: Failure, form: Form) -> Self {
        let mut body = Vec::with_capacity(256);
        let (status, retry_after_s, error_code) = (failure.status, failure.retry_after_s, failure.error_code);
        ejson::write_document(&mut body, &failure.body(), form);
        Self { status, body, retry_after_s, error_code: Some(error_code), ..Self::default() }
    }

    pub(crate) fn about(self, names: Names) -> Self {
        Self { database: names.database, collections: names.collections, ..self }
    }
}

/// Performs the action; every failure becomes an answer.
pub(crate) async fn perform<S: Store>(store: &S, request: Request) -> Reply {
    let mut names = Names::default();
    let plan = plan(&request, &mut names);
    let names = request.turn.names.get_or_init(|| names).clone();
    let result = async {
        let plan = plan?;
        let answer = run(store, &plan, &names.database, &request).await?;
        let limit = if plan.writes() { usize::MAX } else { request.limits.answer_bytes };
        ejson::text_of(&answer, request.form, limit).ok_or_else(|| Failure::answer_too_large(limit))
    };
    let reply = match result.await {
        Ok(body) => {
            let status = if request.action.inserts() { 201 } else { 200 };
            Reply { status, body, ..Reply::default() }
        }
        Err(failure) => Reply::failed(failure, request.form),
    };
    reply.about(names)
}

enum Plan {
    Single(Box<Command>, Purpose),
    Transaction(Vec<Operation>, Purpose),
}

impl Plan {
    /// Whether it has written once there is an answer, which then has to be told. It is bounded by what was written, and in a transaction before
    /// the commit.
    fn writes(&self) -> bool {
        let (Self::Single(_, purpose) | Self::Transaction(_, purpose)) = self;
        matches!(purpose, Purpose::Write | Purpose::Transaction)
    }
}

fn plan(request: &Request, names: &mut Names) -> Result<Plan, Failure> {
    let Names { database, collections } = names;
    let mut body = Parameters::read(&request.body)?;
    // There is one data source; its name is accepted for the sake of existing clients.
    body.text("dataSource")?;
    *database = body.required_text("database")?;
    access::authorise(&request.key, database, request.action.grants())?;
    let rules = rules(request);
    if request.action == Action::Transaction {
        let operations = transaction::parse(body.0, rules)?;
        for operation in &operations {
            let database = operation.database.as_deref().unwrap_or(database);
            access::authorise(&request.key, database, operation.action.grants())?;
        }
        *collections = transaction::collections(&operations);
        let purpose = match transaction::writes(&operations) {
            true => Purpose::Transaction,
            false => Purpose::Snapshot,
        };
        return Ok(Plan::Transaction(operations, purpose));
    }
    collections.extend(body.0.get_str("collection").ok().map(str::to_owned));
    let command = command::parse(request.action, body.0, rules)?;
    access::authorise_stages(&request.key, &command)?;
    let purpose = match command.writes() {
        true => Purpose::Write,
        false => Purpose::Read,
    };
    Ok(Plan::Single(Box::new(command), purpose))
}

fn rules(request: &Request) -> Rules<'_> {
    Rules { limits: &request.limits, key: &request.key }
}

/// Runs the plan, again where it lost against another writer.
async fn run<S: Store>(store: &S, plan: &Plan, database: &str, request: &Request) -> Result<Document, Failure> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match attempt(store, plan, database, request).await {
            Err(failure) if failure.transient && !request.turn.has_expired() => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            settled => return settled,
        }
    }
    attempt(store, plan, database, request).await
}

const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(1);

async fn attempt<S: Store>(store: &S, plan: &Plan, database: &str, request: &Request) -> Result<Document, Failure> {
    match plan {
        Plan::Single(command, purpose) => {
            if let Some(outcome) = run_apart(store, command, database, request).await {
                return answer::shape(request.action, outcome?, &request.limits);
            }
            if *purpose == Purpose::Write && S::COMMITS_AT_ONCE && !request.turn.commit() {
                return Err(Failure::time_limit());
            }
            let mut session = store.begin(*purpose, &[database], &request.turn).await?;
            let mut outcome = session.run(database, command).await;
            if !S::COMMITS_AT_ONCE
                && let (Err(failure), Command::InsertMany { collection, documents, ordered }) = (&outcome, &**command)
                && insert::is_of_a_document(failure)
            {
                // Undone and done again one by one, to tell of each document what became of it.
                drop(session);
                session = store.begin(*purpose, &[database], &request.turn).await?;
                outcome = insert::each(&mut session, database, collection, documents, *ordered).await;
            }
            let stays = outcome.is_ok() || command.keeps_its_beginning();
            if *purpose == Purpose::Write && stays {
                commit(session, request).await?;
            }
            answer::shape(request.action, outcome?, &request.limits)
        }
        Plan::Transaction(operations, purpose) => {
            let databases = transaction::databases(operations, database);
            let mut session = store.begin(*purpose, &databases, &request.turn).await?;
            let results = transaction::run(&mut session, database, operations, rules(request)).await?;
            if *purpose == Purpose::Transaction {
                commit(session, request).await?;
            }
            Ok(results)
        }
    }
}

/// A command with transactions of its own counts as being committed from its beginning.
async fn run_apart<S: Store>(
    store: &S,
    command: &Command,
    database: &str,
    request: &Request,
) -> Option<Result<Outcome, Failure>> {
    if !matches!(command, Command::CreateIndexes { .. }) || S::COMMITS_AT_ONCE {
        return None;
    }
    if !request.turn.commit() {
        return Some(Err(Failure::time_limit()));
    }
    store.run_apart(database, command).await
}

async fn commit(session: impl Session, request: &Request) -> Result<(), Failure> {
    if !request.turn.commit() {
        return Err(Failure::time_limit());
    }
    session.commit().await
}
