//! Requests on the two edge runtimes, built as with reqwest.

use super::{Error, Method, Response};
use ct_codecs::{Base64, Encoder};
use std::fmt::Display;
use std::time::Duration;

#[cfg(target_os = "unknown")]
use crate::workers as runtime;

#[cfg(target_os = "wasi")]
use crate::spin as runtime;

/// The runtime keeps the connections, so a client holds nothing.
#[derive(Clone, Debug, Default)]
pub struct Client {}

impl Client {
    /// A client.
    pub fn new() -> Self {
        Self::default()
    }

    /// A GET request.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        let request = Prepared { method, url: url.as_ref().to_owned(), headers: Vec::new(), body: None, timeout: None };
        RequestBuilder { request, invalid: false }
    }
}

/// A request in the making; what was wrong with it is told by [`RequestBuilder::send`].
pub struct RequestBuilder {
    request: Prepared,
    invalid: bool,
}

/// A request ready for the runtime.
pub(crate) struct Prepared {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub timeout: Option<Duration>,
}

impl RequestBuilder {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        self.invalid |= !is_header_name(name) || !is_header_value(value);
        self.request.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds `authorization: Basic <user:password>`.
    #[must_use]
    pub fn basic_auth(self, user: impl Display, password: Option<impl Display>) -> Self {
        let pair = match password {
            Some(password) => format!("{user}:{password}"),
            None => format!("{user}:"),
        };
        self.header("authorization", format!("Basic {}", Base64::encode_to_string(pair).unwrap_or_default()))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.request.body = Some(body.into());
        self
    }

    /// Gives up after this time, response body included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.timeout = Some(timeout);
        self
    }

    /// Sends the request and waits for the response's head.
    ///
    /// # Errors
    /// When the request could not be built or no response came.
    pub async fn send(self) -> Result<Response, Error> {
        if self.invalid {
            return Err(Error::Builder);
        }
        runtime::send(self.request).await
    }
}

/// RFC 9110's token.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Visible ASCII, blanks and tabs: nothing that could end the header.
fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}
