//! What is sent to an outside service, what it answers, and whether trying again can help.

use serde_json::Value;
use std::fmt;

/// A failure's text is kept in a job and in a log line, so it is bounded.
const TEXT_LIMIT_CHARS: usize = 300;

/// A request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// Lower-case names; credentials are among the values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty when the method has none.
    pub body: String,
}

/// Credentials and personal data stay out of logs: header names only, no body.
impl fmt::Debug for Outgoing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} [", self.method, self.url)?;
        for (name, _) in &self.headers {
            write!(out, "{name} ")?;
        }
        write!(out, "{} bytes]", self.body.len())
    }
}

/// What came back.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Looks a header up by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body as it came.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Seconds the service asks us to wait; the date form of the header is not used by these services.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        (self.header)("retry-after")?.trim().parse().ok()
    }

    /// Reads the body, or says that the service answered something else than its contract.
    pub(crate) fn json(&self, code: &'static str) -> Result<Value, Failure> {
        let body: Option<Value> =
            serde_json::from_slice(self.body).ok().filter(|body: &Value| body.is_object() || body.is_array());
        body.ok_or_else(|| Failure::final_(code, "the answer is not of the agreed shape"))
    }

    /// A text of the body; nothing when there is none.
    pub(crate) fn text(&self, field: &str) -> Option<String> {
        self.json("").ok()?.get(field)?.as_str().map(str::to_owned)
    }
}

/// A call that did not do what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// For a person; holds no credentials.
    pub text: String,
    /// Whether the same request can succeed later.
    pub retry: bool,
    /// Seconds to wait at least, when the service said so.
    pub retry_after_s: Option<u64>,
}

impl Failure {
    /// Nothing came back: the effect is unknown, so the same request (same idempotency key) goes again.
    #[must_use]
    pub fn unreachable() -> Self {
        Self::passing("service-unreachable", "no answer from the service", None)
    }

    pub(crate) fn final_(code: &'static str, text: &str) -> Self {
        Self { code, text: text.chars().take(TEXT_LIMIT_CHARS).collect(), retry: false, retry_after_s: None }
    }

    pub(crate) fn passing(code: &'static str, text: &str, retry_after_s: Option<u64>) -> Self {
        Self { retry: true, retry_after_s, ..Self::final_(code, text) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.text)
    }
}

/// A delivery that is authentic and still not what its sender documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_prints_without_its_secrets() {
        let request = Outgoing {
            method: "POST",
            url: "https://example.com/x".into(),
            headers: vec![("authorization", "Bearer hush".into())],
            body: "personal".into(),
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("POST https://example.com/x"), "{printed}");
        assert!(!printed.contains("hush") && !printed.contains("personal"));
    }

    #[test]
    fn encoding_keeps_only_unreserved_characters() {
        for (text, expected) in [("a-b_c.~9", "a-b_c.~9"), ("a b/é", "a%20b%2F%C3%A9"), ("&=+", "%26%3D%2B")] {
            assert_eq!(encoded(text), expected);
        }
    }
}
