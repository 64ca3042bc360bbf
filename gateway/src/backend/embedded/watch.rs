//! Watching through the log of the embedded engine: read again when a commit has changed the collection.

use std::{sync::Arc, time::Duration};

use engine::Position;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{Embedded, files::Files};
use crate::{
    failure::Failure,
    watch::{Asked, Batch, Opened, Source, Wanted},
};

/// Where one watcher stands.
pub(crate) struct EmbeddedWatch {
    embedded: Embedded,
    wanted: Arc<Wanted>,
    position: Position,
    bell: watch::Receiver<()>,
}

/// What one reading gave.
struct Read {
    events: Vec<u8>,
    position: Position,
    at_end: bool,
}

impl Embedded {
    pub(crate) async fn watch(&self, asked: Asked) -> Result<Opened, Failure> {
        let files = Arc::clone(&self.files);
        let (wanted, position) = self.read_log(move || begin(&files, asked)).await?;
        let wanted = Arc::new(wanted);
        let bell = self.bells.listen(format!("{}.{}", wanted.database, wanted.collection));
        let watch = EmbeddedWatch { embedded: self.clone(), wanted: Arc::clone(&wanted), position, bell };
        Ok(Opened { source: Source::Embedded(watch), wanted, token: position.to_string() })
    }

    /// Few watchers read at once, however many are woken.
    async fn read_log<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let _place = self.log_readers.acquire().await;
        self.workers.run(work).await.unwrap_or_else(|_| Err(Failure::internal("the request ended in a fault")))
    }
}

fn begin(files: &Files, asked: Asked) -> Result<(Wanted, Position), Failure> {
    let wanted = asked.read()?;
    let engine = files.of(&wanted.database);
    let Some(resume) = &wanted.resume_after else {
        return Ok((wanted, engine.newest_change()?));
    };
    let position = resume.token.parse().map_err(|_| resume.malformed())?;
    // Refused now, where it is too old, and not in the midst of the stream.
    engine.changes(position, &wanted.database, &wanted.collection)?;
    Ok((wanted, position))
}

impl EmbeddedWatch {
    pub(crate) async fn next(&mut self, patience: Duration) -> Result<Batch, Failure> {
        let deadline = Instant::now() + patience;
        loop {
            // Before reading: what comes after this rings again.
            self.bell.mark_unchanged();
            let read = self.read().await?;
            self.position = read.position;
            let is_late = Instant::now() >= deadline;
            if !read.events.is_empty() || is_late {
                return Ok(self.batch(read.events));
            }
            // Another process may have written without ringing: a new call reads once more.
            if read.at_end && timeout_at(deadline, self.bell.changed()).await.is_err() {
                return Ok(self.batch(Vec::new()));
            }
        }
    }

    async fn read(&self) -> Result<Read, Failure> {
        let (engine, wanted, after) =
            (self.embedded.files.of(&self.wanted.database).clone(), Arc::clone(&self.wanted), self.position);
        let reading = move || {
            let read = engine.changes(after, &wanted.database, &wanted.collection)?;
            let mut events = Vec::new();
            for change in read.changes {
                wanted.write_change(&mut events, change)?;
            }
            Ok(Read { events, position: read.position, at_end: read.at_end })
        };
        self.embedded.read_log(reading).await
    }

    fn batch(&self, events: Vec<u8>) -> Batch {
        Batch { events, token: self.position.to_string(), is_last: false }
    }
}
