//! From the changes of either backend to the body of an answer, at the pace of the one who reads it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::timeout,
};

use super::{Outgoing, Wanted, event};
use crate::{
    backend::{DriverWatch, EmbeddedWatch},
    config::Limits,
    failure::Failure,
};

/// Where the changes come from.
pub(crate) enum Source {
    Embedded(EmbeddedWatch),
    Driver(Box<DriverWatch>),
}

/// A watch that has begun.
pub(crate) struct Opened {
    pub source: Source,
    pub wanted: Arc<Wanted>,
    /// Where it begins.
    pub token: String,
}

/// Events that came together; none where nothing happened for a while.
pub(crate) struct Batch {
    pub events: Vec<u8>,
    /// How far the changes were looked through.
    pub token: String,
    /// Nothing can come any more.
    pub is_last: bool,
}

impl Source {
    /// What comes next, or nothing after `patience`.
    async fn next(&mut self, patience: Duration) -> Result<Batch, Failure> {
        match self {
            Self::Embedded(watch) => watch.next(patience).await,
            Self::Driver(watch) => watch.next(patience).await,
        }
    }
}

/// What one watcher has waiting: with the chunk on its way and the one being made this bounds its memory.
const CHUNKS_WAITING: usize = 1;

/// The body of the answer; `place` is kept until it ends.
pub(super) fn stream(
    opened: Opened,
    limits: Arc<Limits>,
    stopped: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) -> Outgoing {
    let (chunks, waiting) = mpsc::channel(CHUNKS_WAITING);
    tokio::spawn(async move {
        run(opened, &limits, stopped, chunks).await;
        drop(place);
    });
    Outgoing::Events(waiting)
}

async fn run(mut opened: Opened, limits: &Limits, mut stopped: watch::Receiver<bool>, chunks: mpsc::Sender<Bytes>) {
    let mut chunk = event::beginning(&opened.token);
    let mut is_last = false;
    loop {
        let (sent, ended) = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            // Whoever takes nothing for the time of a request is gone, or as good as that.
            sent = timeout(limits.time, chunks.send(chunk.into())) => (matches!(sent, Ok(Ok(()))), is_last),
        };
        if !sent || ended {
            return;
        }
        let batch = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = chunks.closed() => return,
            batch = opened.source.next(limits.heartbeat) => batch,
        };
        (chunk, is_last) = match batch {
            Ok(batch) if batch.events.is_empty() => (event::heartbeat(&batch.token), batch.is_last),
            Ok(batch) => (batch.events, batch.is_last),
            Err(failure) => (event::failed(failure, opened.wanted.form()), true),
        };
    }
}
