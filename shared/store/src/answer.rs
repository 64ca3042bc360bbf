//! What a command answers, before anybody makes HTTP of it.

use domain::{Doc, Entity, Error};
use serde_json::Value;

/// The answer to a command.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// What is shown.
    pub shown: Shown,
    /// Whether an earlier request with the same key got this answer first.
    pub replayed: bool,
}

/// What an answer shows.
#[derive(Debug)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A record, as it is stored.
    Record(&'static Entity, Doc),
    /// Some other JSON.
    Body(Value),
}

impl Answer {
    /// A record.
    pub fn record(status: u16, entity: &'static Entity, doc: Doc) -> Self {
        Self { status, shown: Shown::Record(entity, doc), replayed: false }
    }

    /// Some JSON.
    pub fn body(status: u16, body: Value) -> Self {
        Self { status, shown: Shown::Body(body), replayed: false }
    }

    /// Nothing, with status 204.
    pub fn nothing() -> Self {
        Self { status: 204, shown: Shown::Nothing, replayed: false }
    }
}

/// Why a handler went no further.
#[derive(Debug)]
pub enum Halt {
    /// It was refused.
    Refused(Error),
    /// It had been done before: this was the answer.
    Replayed(Box<Answer>),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<domain::Violation> for Halt {
    fn from(violation: domain::Violation) -> Self {
        Self::Refused(violation.into())
    }
}
