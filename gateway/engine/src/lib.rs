//! The embedded document engine: MongoDB's semantics over one SQLite file.
//!
//! One matcher, one update engine, one aggregation engine, and one total order that sort, index keys and comparisons share. There is no network and no
//! clock of its own here beyond `$$NOW` and `$currentDate`; a caller opens a file, begins a session, runs commands and commits.

mod aggregate;
mod bounds;
mod budget;
mod builds;
mod catalog_commands;
mod changes;
mod command;
mod decimal;
mod depth;
mod dispatch;
mod engine;
mod error;
mod expression;
mod fields;
mod granularity;
mod interrupt;
mod key;
pub mod matcher;
mod number;
mod order;
mod path;
mod planner;
mod projection;
mod read;
mod search;
mod session;
mod sort;
mod storage;
mod ttl;
mod update;
mod verify;
mod verify_changes;
mod write;

pub use changes::{Change, Changes, Filter, Kept, Position};
pub use command::{Command, Mode, Outcome, Update};
pub use engine::Engine;
pub use error::{DuplicateKey, Error};
pub use session::Session;
pub use storage::oplog::ChangeKind;
