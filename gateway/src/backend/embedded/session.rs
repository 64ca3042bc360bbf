//! One transaction over one file or several of them.

use std::sync::Arc;

use engine::{Command, Mode, Outcome};

use super::files::{Files, Place};
use crate::{
    backend::{Purpose, Session},
    failure::Failure,
    perform::Turn,
    touched,
};

/// A transaction in each file, in the order of their commits: the main file's is the last.
pub(crate) struct EmbeddedSession {
    files: Arc<Files>,
    parts: Vec<(Place, engine::Session)>,
}

impl EmbeddedSession {
    /// Locks are taken in the order of the places, so that no two sessions wait for each other.
    pub(super) fn begin(
        files: &Arc<Files>,
        purpose: Purpose,
        databases: &[&str],
        waiting_writers: usize,
        turn: &Arc<Turn>,
    ) -> Result<Self, Failure> {
        let places = files.places(databases);
        let mut session = Self { files: Arc::clone(files), parts: Vec::with_capacity(places.len()) };
        let reads = matches!(purpose, Purpose::Read | Purpose::Snapshot);
        let _together = (reads && places.len() > 1).then(|| files.read_together());
        let is_one = places.len() == 1;
        for place in places {
            let turn = Arc::clone(turn);
            let stop = move || turn.has_expired();
            let part = if reads {
                let mut part = files.at(&place).begin(Mode::Read)?;
                part.stop_when(stop);
                if !is_one {
                    part.see()?;
                }
                part
            } else {
                files.at(&place).begin_write(waiting_writers, stop).map_err(refused)?
            };
            session.parts.push((place, part));
        }
        Ok(session)
    }

    /// Refuses a stage that names a database of another file, where a connection to this one would find nothing.
    fn check_stages(&self, place: &Place, command: &Command) -> Result<(), Failure> {
        let mut named = touched::by_command(command).filter_map(|touched| touched.database);
        match named.any(|database| self.files.place(database) != *place) {
            true => Err(Failure::unsupported("a stage that reaches from one database file into another")),
            false => Ok(()),
        }
    }
}

impl Session for EmbeddedSession {
    async fn run(&mut self, database: &str, command: &Command) -> Result<Outcome, Failure> {
        let place = self.files.place(database);
        self.check_stages(&place, command)?;
        let part = self.parts.iter_mut().find(|(known, _)| *known == place);
        let (_, part) = part.ok_or_else(|| Failure::internal("the session was not begun for this database"))?;
        Ok(part.run(database, command)?)
    }

    async fn commit(self) -> Result<(), Failure> {
        let _together = (self.parts.len() > 1).then(|| self.files.commit_together());
        let mut is_begun = false;
        for (_, part) in self.parts {
            match part.commit() {
                Ok(()) => is_begun = true,
                // Run again it would meet what it has written itself.
                Err(_) if is_begun => {
                    return Err(Failure::unavailable(
                        "the database failed between two files; a database apart may hold its part",
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn refused(error: engine::Error) -> Failure {
    const LOCK_BUSY: i32 = 46;
    match error.code {
        LOCK_BUSY => Failure::too_many_requests(error.message),
        _ => Failure::from(error),
    }
}
