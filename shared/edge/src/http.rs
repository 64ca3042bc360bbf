//! A request and a reply as every runtime gives and takes them.

use domain::{Doc, Entity};
use futures_util::stream::LocalBoxStream;
pub use http::Method;

/// An HTTP request whose body has been read and whose headers have not.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// The query without `?`, percent-encoded as it came.
    pub query: String,
    /// The headers, read on demand.
    pub headers: Headers,
    /// The body.
    pub body: Payload,
}

/// A body as the runtime could read it.
pub enum Payload {
    /// UTF-8 text, possibly empty.
    Text(String),
    /// Longer than [`crate::BODY_LIMIT_BYTES`]; not read to its end.
    TooLarge,
    /// Not UTF-8.
    NotText,
}

/// Headers looked up by lower-case name: on Workers each look-up crosses into JavaScript, so only what is asked for is read.
pub struct Headers(LookUp);

type LookUp = Box<dyn Fn(&str) -> Option<String>>;

impl Headers {
    /// Headers that `get` knows.
    pub fn new(get: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self(Box::new(get))
    }

    /// The value of a header by its lower-case name.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

/// What goes back.
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers, lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// The body of a reply.
pub enum Body {
    /// Nothing, not even a content type.
    Empty,
    /// A record as it is stored: the router writes it as the caller may see it, and no reply leaves it with one.
    Record(&'static Entity, Doc),
    /// Text, whole.
    Text(String),
    /// Server-sent events, as they happen.
    Stream(LocalBoxStream<'static, String>),
}
