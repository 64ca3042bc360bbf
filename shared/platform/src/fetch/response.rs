//! Responses and failures on the two edge runtimes.

use super::{HeaderMap, StatusCode};
use bytes::Bytes;
use std::cell::OnceCell;
use std::fmt;

#[cfg(target_os = "unknown")]
use crate::workers::Incoming;

#[cfg(target_os = "wasi")]
use crate::spin::Incoming;

/// A response whose body has not been read.
pub struct Response {
    status: StatusCode,
    // Read when asked for: most callers never do.
    headers: OnceCell<HeaderMap>,
    incoming: Incoming,
}

impl Response {
    pub(crate) fn new(status: u16, incoming: Incoming) -> Result<Self, Error> {
        let status = StatusCode::from_u16(status).map_err(|_| Error::Protocol)?;
        Ok(Self { status, headers: OnceCell::new(), incoming })
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| HeaderMap::new(self.incoming.headers()))
    }

    /// The whole body as text; what is not UTF-8 is replaced.
    ///
    /// # Errors
    /// When the body did not arrive whole, or in time.
    pub async fn text(self) -> Result<String, Error> {
        self.incoming.text().await
    }

    /// The whole body.
    ///
    /// # Errors
    /// When the body did not arrive whole, or in time.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        self.incoming.bytes().await.map(Bytes::from)
    }
}

/// Why no response came. It never carries the URL, which may hold a secret.
#[derive(Debug)]
pub enum Error {
    /// The URL or a header is malformed; nothing was sent.
    Builder,
    /// The time given ran out.
    Timeout,
    /// No response: the name, the connection, TLS or an allow-list.
    Network(String),
    /// What came back is not HTTP.
    Protocol,
    /// The body is larger than a function can hold.
    TooLarge,
}

impl Error {
    /// Whether the time given ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Whether the request was malformed, so that nothing was sent.
    pub fn is_builder(&self) -> bool {
        matches!(self, Self::Builder)
    }

    /// As it is: there is no URL in it. Here for reqwest's sake.
    #[must_use]
    pub fn without_url(self) -> Self {
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builder => f.write_str("the request is malformed"),
            Self::Timeout => f.write_str("the request timed out"),
            Self::Network(cause) => write!(f, "no response: {cause}"),
            Self::Protocol => f.write_str("the response is malformed"),
            Self::TooLarge => f.write_str("the response is too large"),
        }
    }
}

impl std::error::Error for Error {}
