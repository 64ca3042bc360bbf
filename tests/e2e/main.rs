//! The whole system, end to end, with the functions as they are built for the edge.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on should stop there")]

mod main_job;
mod oidc;
mod stream;
