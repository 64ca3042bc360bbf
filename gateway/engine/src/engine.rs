//! Opening a database file and handing out sessions.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use bson::Document;
use rusqlite::Connection;

use crate::{
    builds,
    changes::{self, Changes, Kept, Position},
    command::{Mode, Outcome},
    error::{Error, Result},
    interrupt::{self, Stop},
    session::Session,
    storage::Store,
    ttl, verify,
};

/// Idle readers that are kept.
const READERS_KEPT: usize = 32;

/// How long a writer waits before it asks whether it should.
const PATIENCE: Duration = Duration::from_millis(50);
const LOCK_BUSY: i32 = 46;

/// An open database file; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pool: Arc<Pool>,
}

/// The connections of one engine.
pub(crate) struct Pool {
    path: PathBuf,
    state: Mutex<State>,
    turn: Condvar,
    listener: OnceLock<Listener>,
    /// Held by the one that builds indexes in parts.
    building: Mutex<()>,
}

/// Told which collections, as `database.collection`, a commit has changed.
type Listener = Box<dyn Fn(&[String]) + Send + Sync>;

/// Writers take numbers, so that they are served in the order of their coming.
struct State {
    writer: Option<Store>,
    next_ticket: u64,
    waiting: VecDeque<u64>,
    readers: Vec<Store>,
}

impl Engine {
    /// Opens or creates the SQLite file at `path`, as the one process that writes to it: indexes left half built are dropped.
    pub fn open(path: &Path) -> Result<Engine> {
        let engine = Engine::open_beside(path)?;
        builds::clean_up(&engine)?;
        Ok(engine)
    }

    /// As [`Engine::open`], for secrets: what goes is overwritten, so that the file holds no trace of it once the log of changes has let go of it
    /// and [`Engine::checkpoint`] has emptied SQLite's own.
    pub fn open_wiping(path: &Path) -> Result<Engine> {
        let engine = Engine::open(path)?;
        engine.begin(Mode::Write)?.store()?.sql().execute_batch("PRAGMA secure_delete = ON")?;
        Ok(engine)
    }

    /// Opens or creates the file beside a process that is at work on it.
    pub fn open_beside(path: &Path) -> Result<Engine> {
        let writer = Store::open(path)?;
        writer.create_tables()?;
        let state = State { writer: Some(writer), next_ticket: 0, waiting: VecDeque::new(), readers: Vec::new() };
        let pool = Pool {
            path: path.to_owned(),
            state: Mutex::new(state),
            turn: Condvar::new(),
            listener: OnceLock::new(),
            building: Mutex::new(()),
        };
        Ok(Engine { pool: Arc::new(pool) })
    }

    /// Begins one transaction; waits for the writer's turn in `Mode::Write`.
    pub fn begin(&self, mode: Mode) -> Result<Session> {
        let store = match mode {
            Mode::Read => self.pool.reader()?,
            Mode::Write => self.pool.writer(usize::MAX, None)?,
        };
        Session::begin(store, mode, Arc::clone(&self.pool))
    }

    /// Begins a transaction that writes, unless as many wait for their turn as may: error 46. It no longer waits once `stop` answers true: error 50.
    pub fn begin_write(&self, most_waiting: usize, stop: impl Fn() -> bool + Send + Sync + 'static) -> Result<Session> {
        let stop: Stop = Arc::new(stop);
        let store = self.pool.writer(most_waiting, Some(&stop))?;
        let mut session = Session::begin(store, Mode::Write, Arc::clone(&self.pool))?;
        session.stop_when(move || stop());
        Ok(session)
    }

    /// Carries out [`Command::CreateIndexes`](crate::Command::CreateIndexes) by itself. Over many documents it takes many transactions, between
    /// which others write, and readers use the indexes from the last one on; it is all or nothing all the same.
    pub fn create_indexes(&self, database: &str, collection: &str, indexes: &[Document]) -> Result<Outcome> {
        builds::create_indexes(self, database, collection, indexes)
    }

    pub(crate) fn turn_to_build(&self) -> MutexGuard<'_, ()> {
        self.pool.building.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what TTL indexes say has expired by `now_ms`; answers how many documents.
    pub fn sweep_expired(&self, now_ms: i64) -> Result<u64> {
        ttl::sweep(self, now_ms)
    }

    /// Calls the listener after each commit with the changed collections, as `database.collection`; the first listener stays.
    pub fn on_change(&self, listener: impl Fn(&[String]) + Send + Sync + 'static) {
        let _ = self.pool.listener.set(Box::new(listener));
    }

    /// The place after the newest change.
    pub fn newest_change(&self) -> Result<Position> {
        changes::newest(self)
    }

    /// Some of the changes of a collection after a position; error 286 where they are no longer kept.
    pub fn changes(&self, after: Position, database: &str, collection: &str) -> Result<Changes> {
        changes::read(self, after, database, collection)
    }

    /// Forgets the oldest changes; answers how many.
    pub fn trim_changes(&self, now_ms: i64, kept: &Kept) -> Result<u64> {
        changes::trim(self, now_ms, kept)
    }

    /// The databases that have collections, in order.
    pub fn databases(&self) -> Result<Vec<String>> {
        let session = self.begin(Mode::Read)?;
        let collections = session.store()?.all_collections()?;
        let names: BTreeSet<String> = collections.iter().map(|collection| collection.database.clone()).collect();
        Ok(names.into_iter().collect())
    }

    /// Empties SQLite's log of page images into the file, unless somebody is at work on it: then the next call does.
    pub fn checkpoint(&self) -> Result<()> {
        let sql = Connection::open(&self.pool.path)?;
        sql.busy_timeout(Duration::ZERO)?;
        Ok(sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Writes one state of the whole file into a new or empty one, beside others at work.
    pub fn back_up(&self, to: &Path) -> Result<()> {
        let to = to.to_str().ok_or_else(|| Error::bad_value("the path of a backup is no text"))?;
        Store::open(&self.pool.path)?.sql().execute("VACUUM INTO ?1", [to])?;
        Ok(())
    }

    /// Rechecks the whole file: what is wrong, in words; nothing where all is well.
    pub fn verify(&self) -> Result<Vec<String>> {
        verify::verify(self)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("path", &self.pool.path).finish_non_exhaustive()
    }
}

impl Pool {
    /// Takes a session's connection back.
    pub fn release(&self, store: Store, mode: Mode) {
        let mut state = self.lock();
        match mode {
            Mode::Write => {
                state.writer = Some(store);
                self.turn.notify_all();
            }
            Mode::Read if state.readers.len() < READERS_KEPT => state.readers.push(store),
            Mode::Read => {}
        }
    }

    pub fn announce(&self, touched: &[String]) {
        if let Some(listener) = self.listener.get().filter(|_| !touched.is_empty()) {
            listener(touched);
        }
    }

    fn reader(&self) -> Result<Store> {
        let idle = self.lock().readers.pop();
        match idle {
            Some(store) => Ok(store),
            None => Store::open(&self.path),
        }
    }

    fn writer(&self, most_waiting: usize, stop: Option<&Stop>) -> Result<Store> {
        let mut state = self.lock();
        if state.waiting.len() >= most_waiting {
            return Err(Error::new(LOCK_BUSY, "too many wait to write"));
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push_back(ticket);
        loop {
            if state.waiting.front() == Some(&ticket)
                && let Some(store) = state.writer.take()
            {
                state.waiting.pop_front();
                return Ok(store);
            }
            if stop.is_some_and(|stop| stop()) {
                state.waiting.retain(|waiting| *waiting != ticket);
                self.turn.notify_all();
                return Err(interrupt::interrupted());
            }
            state = self.turn.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
