//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a request was refused; `error` never holds values of documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// A sentence for a person.
    pub error: String,
    /// One of the constants of [`code`].
    pub error_code: String,
    /// MongoDB's number for the error, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The position of the operation of a transaction that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<usize>,
    /// What the operation returned that was not what it expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// The collection of a duplicate key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The name of the unique index of a duplicate key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The key of the unique index of a duplicate key.
    #[serde(default, rename = "keyPattern", skip_serializing_if = "Option::is_none")]
    pub key_pattern: Option<Value>,
    /// How many documents of an insertMany were inserted all the same.
    #[serde(default, rename = "insertedCount", skip_serializing_if = "Option::is_none")]
    pub inserted_count: Option<u64>,
    /// Which documents of an insertMany were not inserted, and why.
    #[serde(default, rename = "writeErrors", skip_serializing_if = "Vec::is_empty")]
    pub write_errors: Vec<WriteError>,
    /// Kept for clients of the original protocol; empty.
    #[serde(default)]
    pub link: String,
}

impl Refusal {
    /// The refusal in a JSON object, if it is one, without what only insertMany tells. Much smaller in wasm than the derived way.
    #[must_use]
    pub fn from_json(json: Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| json.get(name).and_then(Value::as_i64);
        Some(Self {
            error: text("error").unwrap_or_default(),
            error_code: text("error_code")?,
            code: number("code").and_then(|code| i32::try_from(code).ok()),
            operation: number("operation").and_then(|at| usize::try_from(at).ok()),
            result: json.get("result").cloned(),
            collection: text("collection"),
            index: text("index"),
            key_pattern: json.get("keyPattern").cloned(),
            ..Self::default()
        })
    }
}

/// Why one document of an insertMany was not inserted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WriteError {
    /// The position of the document in the request.
    pub index: usize,
    /// MongoDB's number for the error, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// A sentence for a person.
    pub error: String,
}

/// The values of `error_code`.
pub mod code {
    /// A parameter has a wrong value or the database refuses the request (400).
    pub const INVALID_PARAMETER: &str = "InvalidParameter";
    /// A parameter is missing (400).
    pub const MISSING_PARAMETER: &str = "MissingParameter";
    /// The key is missing, unknown, or does not allow the request (401).
    pub const INVALID_SESSION: &str = "InvalidSession";
    /// An operation of a transaction did not give what it expected (409).
    pub const EXPECTATION_FAILED: &str = "ExpectationFailed";
    /// A unique index already has the key (409).
    pub const DUPLICATE_KEY: &str = "DuplicateKey";
    /// Writes kept conflicting with others after all retries (503).
    pub const WRITE_CONFLICT: &str = "WriteConflict";
    /// The place to resume a watch from is no longer kept (410).
    pub const RESUME_TOKEN_EXPIRED: &str = "ResumeTokenExpired";
    /// The body is larger than the limit (413).
    pub const BODY_TOO_LARGE: &str = "BodyTooLarge";
    /// Too many requests at once (429).
    pub const TOO_MANY_REQUESTS: &str = "TooManyRequests";
    /// The path names no action (404).
    pub const NOT_FOUND: &str = "NotFound";
    /// The method is not POST (405).
    pub const METHOD_NOT_ALLOWED: &str = "MethodNotAllowed";
    /// The request did not end in its time; nothing was written (400).
    pub const TIME_LIMIT_EXCEEDED: &str = "TimeLimitExceeded";
    /// The database does not answer (503).
    pub const DATABASE_UNAVAILABLE: &str = "DatabaseUnavailable";
    /// A fault of the gateway (500).
    pub const INTERNAL: &str = "InternalServerError";
}
