//! The HTTP client in reqwest's shape, and natively reqwest itself.

#[cfg(not(target_family = "wasm"))]
pub use reqwest::{Client, Error, RequestBuilder, Response};

pub use http::{HeaderMap, Method, StatusCode};
