//! What can go wrong, in the words of the business; only the edge knows status numbers.

use std::borrow::Cow;

/// The outcome of anything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// The family an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It cannot be read: not JSON, a bad id, a bad query.
    Malformed,
    /// Nobody has proved who asks.
    Unauthenticated,
    /// Visible, but not allowed.
    Forbidden,
    /// Not there, or not for this caller.
    NotFound,
    /// It was there, and nobody will ever read it again.
    Gone,
    /// No such method on this path.
    MethodNotAllowed,
    /// It contradicts the present state.
    Conflict,
    /// The caller's copy is out of date.
    Stale,
    /// The body is too large.
    TooLarge,
    /// The body is of a type that is not taken.
    UnsupportedType,
    /// A field breaks a rule.
    Invalid,
    /// Too many requests.
    Limited,
    /// The database or another service does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the body, or the name of a query parameter.
    pub place: Place,
    /// A stable kebab-case code.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: Cow<'static, str>,
}

/// Where a violation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(String),
    /// A query parameter or a part of the path.
    Parameter(String),
}

impl Violation {
    /// A violation of a top-level field.
    pub fn on(field: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::at(format!("/{field}"), code, detail)
    }

    /// A violation at a JSON pointer.
    pub fn at(pointer: String, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Pointer(pointer), code, detail: detail.into() }
    }

    /// Whether it stands at these steps of the body, or below.
    pub fn is_at(&self, steps: &[&str]) -> bool {
        let Place::Pointer(pointer) = &self.place else { return false };
        let mut found = pointer.split('/').skip(1);
        steps.iter().all(|step| found.next() == Some(step))
    }

    /// A violation of a query parameter.
    pub fn parameter(name: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Parameter(name.to_owned()), code, detail: detail.into() }
    }
}

/// An error: what callers may see, and apart from it the cause that only the log may.
#[derive(Clone, Debug)]
pub struct Error {
    /// Its family.
    pub kind: ErrorKind,
    /// A stable kebab-case code.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: Cow<'static, str>,
    /// What is wrong with which field.
    pub violations: Vec<Violation>,
    /// For the log only.
    pub cause: Option<String>,
    /// When to come back, in seconds.
    pub retry_after_s: Option<u32>,
    /// Something else that the caller needs to go on, by its name.
    pub more: Option<Box<(&'static str, String)>>,
}

impl Error {
    /// An error of a family.
    pub fn new(kind: ErrorKind, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code, detail: detail.into(), violations: Vec::new(), cause: None, retry_after_s: None, more: None }
    }

    /// It cannot be read.
    pub fn malformed(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Malformed, code, detail)
    }

    /// A query parameter that cannot be read.
    pub fn parameter(name: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        let violation = Violation::parameter(name, "invalid", detail);
        Self { violations: vec![violation], ..Self::malformed("bad-parameter", "A parameter cannot be read.") }
    }

    /// Nobody has proved who asks.
    pub fn unauthenticated(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthenticated, code, detail)
    }

    /// Visible, but not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, code, detail)
    }

    /// Not there, or not for this caller.
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "not-found", "There is no such thing, or it is not visible to you.")
    }

    /// It contradicts the present state.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, code, detail)
    }

    /// The caller's copy is out of date.
    pub fn stale() -> Self {
        Self::new(ErrorKind::Stale, "stale", "The record has changed since the version in If-Match.")
    }

    /// Fields break rules.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self { violations, ..Self::new(ErrorKind::Invalid, "invalid", "The input breaks a rule.") }
    }

    /// The database or another service does not answer.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let error = Self::new(ErrorKind::Unavailable, "unavailable", "A service this depends on does not answer. Try again.");
        Self { retry_after_s: Some(1), ..error }.because(cause)
    }

    /// A fault of ours.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "internal", "Something went wrong on our side.").because(cause)
    }

    /// The same with a cause for the log.
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::invalid(vec![violation])
    }
}
