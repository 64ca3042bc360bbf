//! The gateway over real HTTP, in process, on the embedded engine.

mod fixtures;
mod limits;
mod protocol;
mod shutdown;
mod support;
mod transactions;
