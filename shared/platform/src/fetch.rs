//! The HTTP client in reqwest's shape, and natively reqwest itself.
//!
//! None of them follows a redirect: where a request goes is decided by whoever made it.

#[cfg(target_family = "wasm")]
mod headers;
#[cfg(target_family = "wasm")]
mod request;
#[cfg(target_family = "wasm")]
mod response;

#[cfg(not(target_family = "wasm"))]
pub use http::{HeaderMap, HeaderValue};
#[cfg(not(target_family = "wasm"))]
pub use reqwest::{Client, Error, RequestBuilder, Response};

#[cfg(target_family = "wasm")]
pub use headers::{HeaderMap, HeaderValue};
#[cfg(target_family = "wasm")]
pub(crate) use request::Prepared;
#[cfg(target_family = "wasm")]
pub use request::{Client, RequestBuilder};
#[cfg(target_family = "wasm")]
pub use response::{Error, Response};

pub use http::{Method, StatusCode};
