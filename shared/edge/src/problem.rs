//! The one place where outcomes become status numbers: problem+json (RFC 9457).

use domain::error::Place;
use domain::json;
use domain::{Error, ErrorKind, Violation};
use serde_json::Value;

use crate::{Body, Reply};

/// The reply to an error.
pub fn reply(error: &Error, path: &str, request_id: &str) -> Reply {
    let (status, title) = status(error.kind);
    let mut problem = json!({
        "type": format!("urn:edgewise:problem:{}", error.code),
        "title": title,
        "status": status,
        "detail": error.detail,
        "instance": path,
        "code": error.code,
        "request_id": request_id,
    });
    if let (false, Value::Object(problem)) = (error.violations.is_empty(), &mut problem) {
        problem.insert("errors".to_owned(), error.violations.iter().map(violation).collect());
    }
    if let (Some(more), Value::Object(problem)) = (&error.more, &mut problem) {
        problem.insert(more.0.to_owned(), more.1.as_str().into());
    }
    let mut headers = vec![("content-type", "application/problem+json".to_owned())];
    headers.extend(error.retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    if error.kind == ErrorKind::Unauthenticated {
        headers.push(("www-authenticate", "Bearer".to_owned()));
    }
    Reply { status, headers, body: Body::Text(problem.to_string()) }
}

fn violation(violation: &Violation) -> Value {
    let (name, place) = match &violation.place {
        Place::Pointer(pointer) => ("pointer", pointer),
        Place::Parameter(parameter) => ("parameter", parameter),
    };
    json!({ name: place, "code": violation.code, "detail": violation.detail })
}

fn status(kind: ErrorKind) -> (u16, &'static str) {
    match kind {
        ErrorKind::Malformed => (400, "Bad request"),
        ErrorKind::Unauthenticated => (401, "Unauthorized"),
        ErrorKind::Forbidden => (403, "Forbidden"),
        ErrorKind::NotFound => (404, "Not found"),
        ErrorKind::MethodNotAllowed => (405, "Method not allowed"),
        ErrorKind::Conflict => (409, "Conflict"),
        ErrorKind::Gone => (410, "Gone"),
        ErrorKind::Stale => (412, "Precondition failed"),
        ErrorKind::TooLarge => (413, "Content too large"),
        ErrorKind::UnsupportedType => (415, "Unsupported media type"),
        ErrorKind::Invalid => (422, "Unprocessable content"),
        ErrorKind::Limited => (429, "Too many requests"),
        ErrorKind::Internal => (500, "Internal server error"),
        ErrorKind::Unavailable => (503, "Service unavailable"),
    }
}
