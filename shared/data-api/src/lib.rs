//! The wire types of the Data API, shared by the store and the gateway.

mod action;
mod answer;
mod operation;
mod refusal;

pub use action::{Action, Grant};
pub use answer::{Answer, Results};
pub use operation::{Operation, Transaction};
pub use refusal::{Refusal, WriteError, code};

/// The base path of the protocol for an application name.
pub fn base_path(app: &str) -> String {
    format!("/app/{app}/endpoint/data/v1")
}

/// The header that carries an API key.
pub const API_KEY_HEADER: &str = "api-key";
/// The media type of canonical Extended JSON answers.
pub const EJSON: &str = "application/ejson";
/// The media type of plain JSON answers.
pub const JSON: &str = "application/json";
/// The header whose value is logged with the request.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// The header that tells one counted request from the next; without it the request id does.
pub const COUNT_ID_HEADER: &str = "x-count-id";
/// The opaque header by which requests are counted.
pub const PARTITION_HEADER: &str = "x-partition";
/// The opaque header that tells classes of requests apart.
pub const CLASS_HEADER: &str = "x-class";
