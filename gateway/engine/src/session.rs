//! One transaction: commands run in it until it commits; dropped without, it rolls back.

use crate::{
    command::{Command, Outcome},
    error::{Error, Result},
};

/// One transaction on one connection.
///
/// A command that fails leaves no trace and the session stays usable, except that the documents which `InsertMany` inserted before its failure stay, as
/// in MongoDB: commit to keep them, drop to undo them.
#[derive(Debug)]
pub struct Session;

impl Session {
    /// Runs one command.
    pub fn run(&mut self, _database: &str, _command: &Command) -> Result<Outcome> {
        Err(Error::new(115, "not there yet"))
    }

    /// Makes everything durable and visible.
    pub fn commit(self) -> Result<()> {
        Ok(())
    }
}
