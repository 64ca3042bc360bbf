//! The embedded document engine: MongoDB's semantics over one SQLite file.
//!
//! One matcher, one update engine, one aggregation engine, and one total order that sort, index keys and comparisons share. There is no network and no
//! clock of its own here beyond `$$NOW` and `$currentDate`; a caller opens a file, begins a session, runs commands and commits.

mod command;
mod engine;
mod error;
pub mod matcher;
mod session;

pub use command::{Command, Mode, Outcome, Update};
pub use engine::Engine;
pub use error::{DuplicateKey, Error};
pub use session::Session;
