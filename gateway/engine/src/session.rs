//! One transaction: commands run in it until it commits; dropped without, it rolls back.

use std::{fmt, sync::Arc};

use crate::{
    command::{Command, Mode, Outcome},
    dispatch,
    engine::Pool,
    error::{Error, Result},
    interrupt::{self, Stop, Watched},
    storage::Store,
};

/// One transaction on one connection.
///
/// A command that fails leaves no trace and the session stays usable, except where [`Command::keeps_its_beginning`]: there, as in MongoDB, what was
/// written before the failure stays, so commit to keep it or drop to undo it.
pub struct Session {
    store: Option<Store>,
    mode: Mode,
    pool: Arc<Pool>,
    stop: Option<Stop>,
}

impl Session {
    pub(crate) fn begin(store: Store, mode: Mode, pool: Arc<Pool>) -> Result<Session> {
        let session = Session { store: Some(store), mode, pool, stop: None };
        let store = session.store()?;
        store.execute(match mode {
            Mode::Read => "BEGIN DEFERRED",
            Mode::Write => "BEGIN IMMEDIATE",
        })?;
        store.refresh()?;
        Ok(session)
    }

    /// Ends commands with error 50 once `stop` answers true. It is asked often, so it should be quick.
    pub fn stop_when(&mut self, stop: impl Fn() -> bool + Send + Sync + 'static) {
        self.stop = Some(Arc::new(stop));
    }

    /// Fixes the state that a session sees as that of now, and not of its first command.
    pub fn see(&self) -> Result<()> {
        self.store()?.see()
    }

    /// Runs one command.
    pub fn run(&mut self, database: &str, command: &Command) -> Result<Outcome> {
        let _watched = Watched::by(self.stop.clone());
        interrupt::check()?;
        let store = self.store()?;
        if !command.writes() {
            return dispatch::run(store, database, command);
        }
        if self.mode == Mode::Read {
            return Err(Error::new(20, "this session only reads"));
        }
        if command.keeps_its_beginning() {
            return dispatch::run(store, database, command);
        }
        store.atomically(|| dispatch::run(store, database, command))
    }

    /// Makes everything durable and visible.
    pub fn commit(mut self) -> Result<()> {
        let store = self.store()?;
        store.execute("COMMIT")?;
        let touched = store.take_touched();
        self.release();
        self.pool.announce(&touched);
        Ok(())
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        self.store.as_ref().ok_or_else(|| Error::new(20, "the session has ended"))
    }

    fn release(&mut self) {
        if let Some(store) = self.store.take() {
            self.pool.release(store, self.mode);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(store) = &self.store {
            // An error here means that there was no transaction left to undo.
            let _ = store.execute("ROLLBACK");
            store.take_touched();
            if self.mode == Mode::Write {
                store.forget_catalog();
            }
        }
        self.release();
    }
}
