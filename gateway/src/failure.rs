//! Why a request was refused, and how the answer tells it.

use bson::{Bson, Document, doc};
use data_api::code;

use crate::log;

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct Failure {
    pub status: u16,
    pub error_code: &'static str,
    pub error: String,
    pub code: Option<i32>,
    pub operation: Option<usize>,
    pub detail: Option<Box<Detail>>,
    pub inserts: Option<Box<Inserts>>,
    pub retry_after_s: Option<u32>,
    /// The same request may succeed at once when it is run again.
    pub transient: bool,
}

/// What some refusals tell beyond the error.
#[derive(Debug)]
pub(crate) enum Detail {
    /// What an operation gave instead of what it was expected to give.
    Result(Document),
    /// The index of a duplicate key.
    Duplicate(Duplicate),
}

/// The unique index that already has a key; never the key.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub collection: Option<String>,
    pub index: String,
    pub pattern: Option<Document>,
}

/// What became of the documents of an insertMany that failed.
#[derive(Debug, Default)]
pub(crate) struct Inserts {
    pub inserted: usize,
    pub errors: Vec<InsertError>,
}

/// Why one document was not inserted.
#[derive(Debug)]
pub(crate) struct InsertError {
    /// The position of the document in the request.
    pub index: usize,
    pub code: Option<i32>,
    pub error: String,
}

pub(crate) const FAILED_TO_PARSE: i32 = 9;
pub(crate) const INVALID_NAMESPACE: i32 = 73;
pub(crate) const OVERFLOW: i32 = 15;
const UNKNOWN_FIELD: i32 = 40415;
pub(crate) const MISSING_FIELD: i32 = 40414;
pub(crate) const BAD_VALUE: i32 = 2;
const TYPE_MISMATCH: i32 = 14;
const NOT_SUPPORTED: i32 = 115;
const WRITE_CONFLICT: i32 = 112;
const TIME_EXPIRED: i32 = 50;
const HISTORY_LOST: i32 = 286;
pub(crate) const DUPLICATE: i32 = 11000;
pub(crate) const VALIDATION_FAILED: i32 = 121;

impl Failure {
    pub(crate) fn new(status: u16, error_code: &'static str, error: impl Into<String>) -> Self {
        Self {
            status,
            error_code,
            error: error.into(),
            code: None,
            operation: None,
            detail: None,
            inserts: None,
            retry_after_s: None,
            transient: false,
        }
    }

    pub(crate) fn invalid(error: impl Into<String>) -> Self {
        Self::new(400, code::INVALID_PARAMETER, error)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(400, code::MISSING_PARAMETER, format!("missing parameter: {parameter}")).with_code(MISSING_FIELD)
    }

    pub(crate) fn unknown(parameter: &str) -> Self {
        Self::invalid(format!("unknown parameter: {parameter}")).with_code(UNKNOWN_FIELD)
    }

    pub(crate) fn mistyped(parameter: &str, wanted: &str) -> Self {
        Self::invalid(format!("{parameter} must be {wanted}")).with_code(TYPE_MISMATCH)
    }

    pub(crate) fn unsupported(what: &str) -> Self {
        Self::invalid(format!("{what} is not allowed")).with_code(NOT_SUPPORTED)
    }

    /// An operator that runs code, refused as MongoDB refuses it where it has no place.
    pub(crate) fn code_operator(name: &str) -> Self {
        Self::invalid(format!("{name} is not allowed")).with_code(BAD_VALUE)
    }

    pub(crate) fn unauthorised(error: impl Into<String>) -> Self {
        Self::new(401, code::INVALID_SESSION, error)
    }

    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::new(413, code::BODY_TOO_LARGE, format!("the body is larger than {limit_bytes} bytes"))
    }

    pub(crate) fn too_many_documents(limit: usize) -> Self {
        Self::invalid(format!("the answer holds more than {limit} documents"))
    }

    pub(crate) fn answer_too_large(limit_bytes: usize) -> Self {
        Self::invalid(format!("the answer is larger than {limit_bytes} bytes: ask for fewer documents or fields"))
    }

    pub(crate) fn too_many_requests(error: impl Into<String>) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(429, code::TOO_MANY_REQUESTS, error) }
    }

    pub(crate) fn time_limit() -> Self {
        Self::new(400, code::TIME_LIMIT_EXCEEDED, "the request did not end in its time; nothing was written")
            .with_code(TIME_EXPIRED)
    }

    pub(crate) fn unavailable(error: impl Into<String>) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(503, code::DATABASE_UNAVAILABLE, error) }
    }

    pub(crate) fn internal(error: impl Into<String>) -> Self {
        Self::new(500, code::INTERNAL, error)
    }

    pub(crate) fn expectation(property: &str, result: Document) -> Self {
        Self {
            detail: Some(Box::new(Detail::Result(result))),
            ..Self::new(409, code::EXPECTATION_FAILED, format!("the operation did not meet its expectation of {property}"))
        }
    }

    pub(crate) fn duplicate(duplicate: Duplicate) -> Self {
        let error = format!("duplicate key in the unique index {}", duplicate.index);
        Self {
            detail: Some(Box::new(Detail::Duplicate(duplicate))),
            ..Self::new(409, code::DUPLICATE_KEY, error).with_code(DUPLICATE)
        }
    }

    pub(crate) fn write_conflict() -> Self {
        Self {
            retry_after_s: Some(1),
            transient: true,
            ..Self::new(503, code::WRITE_CONFLICT, "the write conflicts with others; nothing was written")
                .with_code(WRITE_CONFLICT)
        }
    }

    pub(crate) fn history_lost() -> Self {
        Self::new(410, code::RESUME_TOKEN_EXPIRED, "the changes after the resume token are no longer kept")
            .with_code(HISTORY_LOST)
    }

    #[must_use]
    pub(crate) fn with_code(self, code: i32) -> Self {
        Self { code: Some(code), ..self }
    }

    #[must_use]
    pub(crate) fn in_operation(self, operation: usize) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// The index of a duplicate key, where its pattern is still to be found.
    pub(crate) fn duplicate_without_pattern(&mut self) -> Option<&mut Duplicate> {
        match self.detail.as_deref_mut() {
            Some(Detail::Duplicate(duplicate)) if duplicate.pattern.is_none() => Some(duplicate),
            _ => None,
        }
    }

    /// The body of the answer: the properties of [`data_api::Refusal`].
    pub(crate) fn body(self) -> Document {
        let mut body = doc! {"error": self.error, "error_code": self.error_code};
        let mut set = |name: &str, value: Option<Bson>| {
            if let Some(value) = value {
                body.insert(name, value);
            }
        };
        set("code", self.code.map(Bson::Int32));
        set("operation", self.operation.map(count));
        match self.detail.map(|detail| *detail) {
            None => {}
            Some(Detail::Result(result)) => set("result", Some(Bson::Document(result))),
            Some(Detail::Duplicate(duplicate)) => {
                set("collection", duplicate.collection.map(Bson::String));
                set("index", Some(Bson::String(duplicate.index)));
                set("keyPattern", duplicate.pattern.map(Bson::Document));
            }
        }
        if let Some(inserts) = self.inserts {
            let errors: Vec<Document> = inserts.errors.into_iter().map(InsertError::body).collect();
            set("insertedCount", Some(count(inserts.inserted)));
            set("writeErrors", Some(errors.into()));
        }
        body.insert("link", "");
        body
    }
}

impl InsertError {
    fn body(self) -> Document {
        let mut body = doc! {"index": count(self.index), "error": self.error};
        if let Some(code) = self.code {
            body.insert("code", code);
        }
        body
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        match (error.code, error.key) {
            (DUPLICATE, Some(key)) => {
                Self::duplicate(Duplicate { collection: Some(key.collection), index: key.index, pattern: Some(key.pattern) })
            }
            (WRITE_CONFLICT, _) => Self::write_conflict(),
            (TIME_EXPIRED, _) => Self::time_limit(),
            (HISTORY_LOST, _) => Self::history_lost(),
            // The text could name the file.
            (INTERNAL_ERROR, _) if error.message.starts_with("storage:") => {
                log::warn(&error.message);
                Self::unavailable("the database cannot be read or written")
            }
            (INTERNAL_ERROR, _) => Self::internal(error.message).with_code(INTERNAL_ERROR),
            (code, _) => Self::invalid(error.message).with_code(code),
        }
    }
}

const INTERNAL_ERROR: i32 = 1;

/// A count in the smallest integer type that holds it, as MongoDB answers.
pub(crate) fn count(number: impl TryInto<i64>) -> Bson {
    let number = number.try_into().unwrap_or(i64::MAX);
    i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_engine_have_their_status() {
        let table = [
            (2, "bad", 400),
            (112, "conflict", 503),
            (50, "late", 400),
            (286, "trimmed", 410),
            (1, "storage: disk I/O error", 503),
            (1, "a fault", 500),
        ];
        for (code, message, status) in table {
            assert_eq!(Failure::from(engine::Error::new(code, message)).status, status, "{code} {message}");
        }
    }

    #[test]
    fn a_body_is_a_refusal_of_the_protocol() {
        let duplicate = Duplicate { collection: Some("c".into()), index: "a_1".into(), pattern: Some(doc! {"a": 1}) };
        let mut text = Vec::new();
        let body = Failure::duplicate(duplicate).in_operation(2).body();
        crate::ejson::write_document(&mut text, &body, crate::ejson::Form::Plain);
        let refusal: data_api::Refusal = serde_json::from_slice(&text).unwrap();
        assert_eq!((refusal.error_code.as_str(), refusal.code, refusal.operation), (code::DUPLICATE_KEY, Some(11000), Some(2)));
        assert_eq!((refusal.index.as_deref(), refusal.key_pattern), (Some("a_1"), Some(serde_json::json!({"a": 1}))));
    }
}
