//! Futures over WASI's pollables, and whole reads and writes of its streams.

use spin_executor::{CancelOnDropToken, push_waker_and_get_token};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream, StreamError};

pub use spin_executor::run;

const READ_BYTES: u64 = 64 * 1024;

/// Tries a step again each time the pollable it gave is ready.
pub struct Wait<F> {
    step: F,
    token: Option<CancelOnDropToken>,
}

impl<F> Wait<F> {
    /// A future of what `step` gives in the end.
    pub fn new(step: F) -> Self {
        Self { step, token: None }
    }
}

impl<T, F: FnMut() -> Result<T, Pollable> + Unpin> Future for Wait<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // A pollable is a child of what it watches, so the last one goes before the step can end that.
        self.token = None;
        match (self.step)() {
            Ok(value) => Poll::Ready(value),
            Err(pollable) => {
                let token = push_waker_and_get_token(pollable, context.waker().clone());
                self.token = Some(token.into());
                Poll::Pending
            }
        }
    }
}

/// Reads to the end; `None` when there is more than `limit` bytes.
///
/// # Errors
/// When the stream breaks off.
pub async fn read_up_to(stream: &InputStream, limit: usize) -> Result<Option<Vec<u8>>, StreamError> {
    let mut body = Vec::new();
    loop {
        let chunk = Wait::new(|| match stream.read(READ_BYTES) {
            Ok(chunk) if chunk.is_empty() => Err(stream.subscribe()),
            other => Ok(other),
        });
        match chunk.await {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(Some(body)),
            Err(error) => return Err(error),
        }
        if body.len() > limit {
            return Ok(None);
        }
    }
}

/// Writes everything and flushes it.
///
/// # Errors
/// When the other side is gone.
pub async fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = writable(stream).await?;
        let (now, later) = bytes.split_at(bytes.len().min(room));
        stream.write(now)?;
        bytes = later;
    }
    stream.flush()?;
    writable(stream).await.map(drop)
}

async fn writable(stream: &OutputStream) -> Result<usize, StreamError> {
    let room = Wait::new(|| match stream.check_write() {
        Ok(0) => Err(stream.subscribe()),
        other => Ok(other),
    });
    room.await.map(|room| usize::try_from(room).unwrap_or(usize::MAX))
}
