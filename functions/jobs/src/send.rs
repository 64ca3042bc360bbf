//! Sending what the integrations build, and handing them what came back.

use std::time::Duration;

use integrations::{Answer, Failure, Outgoing};
use platform::Host;
use platform::fetch::Method;

/// Shorter than a lease by far, so that a few calls fit into one.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Makes a call and reads its answer.
pub async fn send<T>(host: &Host, request: Outgoing, read: impl FnOnce(&Answer<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
    let mut builder = host.fetch().request(method, request.url.as_str());
    for (name, value) in &request.headers {
        builder = builder.header(*name, value.as_str());
    }
    if !request.body.is_empty() {
        builder = builder.body(request.body);
    }
    let response = builder.timeout(TIMEOUT).send().await.map_err(|_| Failure::unreachable())?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = response.bytes().await.map_err(|_| Failure::unreachable())?;
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    read(&Answer { status, header: &header, body: &body })
}
