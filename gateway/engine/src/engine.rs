//! Opening a database file and handing out sessions.

use std::path::Path;

use crate::{
    command::Mode,
    error::{Error, Result},
    session::Session,
};

/// An open database file; cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine;

impl Engine {
    /// Opens or creates the SQLite file at `path`.
    pub fn open(_path: &Path) -> Result<Engine> {
        Err(Error::new(115, "not there yet"))
    }

    /// Begins one transaction; waits for the writer's turn in `Mode::Write`.
    pub fn begin(&self, _mode: Mode) -> Result<Session> {
        Err(Error::new(115, "not there yet"))
    }

    /// Removes what TTL indexes say has expired by `now_ms`; answers how many documents.
    pub fn sweep_expired(&self, _now_ms: i64) -> Result<u64> {
        Err(Error::new(115, "not there yet"))
    }
}
