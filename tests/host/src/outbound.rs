//! Outbound HTTP: allowed places only, over connections that are kept open, as Spin keeps them.

use http::Uri;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::time::Duration;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

const IDLE: Duration = Duration::from_secs(60);

/// The connections of all components.
pub type Connections = Client<HttpConnector, WasiBody>;

/// A component's way out.
#[derive(Clone)]
pub struct Outbound {
    allowed: Arc<Vec<String>>,
    connections: Connections,
}

type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>);

/// A pool of connections.
pub fn connections() -> Connections {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector)
}

impl Outbound {
    /// A way out to these places, each `scheme://host[:port]`.
    pub fn new(allowed: Vec<String>, connections: Connections) -> Self {
        let allowed = allowed.iter().filter_map(|place| place_of(&place.parse().ok()?)).collect();
        Self { allowed: Arc::new(allowed), connections }
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent>> + Send> {
        let allowed = place_of(request.uri()).is_some_and(|place| self.allowed.contains(&place));
        let sending = self.connections.request(request);
        let timeout = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let response = match timeout {
                Some(timeout) => tokio::time::timeout(timeout, sending).await.map_err(|_| Error::HttpResponseTimeout)?,
                None => sending.await,
            };
            let response =
                response.map_err(|error| if error.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError })?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            let nothing: Box<dyn Future<Output = Result<()>> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((response, nothing))
        })
    }
}

/// `scheme://host:port` with the port that the scheme stands for.
fn place_of(uri: &Uri) -> Option<String> {
    let scheme = uri.scheme_str()?;
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some(format!("{scheme}://{}:{port}", uri.host()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_with_and_without_its_usual_port() {
        let place = |uri: &str| place_of(&uri.parse().unwrap());
        assert_eq!(place("https://api.xero.com/x?y=1"), place("https://api.xero.com:443"));
        assert_ne!(place("http://127.0.0.1:80"), place("http://127.0.0.1:8790"));
        assert_ne!(place("http://api.xero.com"), place("https://api.xero.com"));
        assert_eq!(place("/no/scheme"), None);
    }
}
