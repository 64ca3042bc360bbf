//! Watching a collection: its changes as server-sent events, each with the token to resume after it.

mod bells;
mod body;
mod event;
mod request;
mod serve;
mod stream;

pub(crate) use bells::Bells;
pub(crate) use body::Outgoing;
pub(crate) use request::{Asked, Wanted};
pub(crate) use stream::{Batch, Opened, Source};
