//! Sending what the integrations build, and keeping what came back for them to read.

use std::time::Duration;

use integrations::{Answer, Failure, Outgoing};
use platform::Host;
use platform::fetch::{HeaderMap, Method};

/// Shorter than a lease by far, so that a few calls fit into one.
const TIMEOUT: Duration = Duration::from_secs(8);

/// What came back.
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    /// What it means, by the function that belongs to the call.
    pub fn read<T>(&self, read: impl FnOnce(&Answer<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let header = |name: &str| self.headers.get(name)?.to_str().ok().map(str::to_owned);
        read(&Answer { status: self.status, header: &header, body: &self.body })
    }
}

/// Makes a call.
pub async fn send(host: &Host, request: Outgoing) -> Result<Response, Failure> {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
    let mut builder = host.fetch().request(method, request.url.as_str());
    for (name, value) in &request.headers {
        builder = builder.header(*name, value.as_str());
    }
    if !request.body.is_empty() {
        builder = builder.body(request.body);
    }
    let response = builder.timeout(TIMEOUT).send().await.map_err(|_| Failure::unreachable())?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(|_| Failure::unreachable())?;
    Ok(Response { status, headers, body: body.to_vec() })
}
