//! Outbound HTTP by wasi-http. `content-length` is always sent: without it the body would go out in chunks.

use super::wait::{Wait, read_up_to, write_all};
use crate::fetch::{self, Error, Method, Prepared};
use futures_util::future::{Either, select};
use std::pin::pin;
use wasi::clocks::monotonic_clock;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody,
    OutgoingRequest, Scheme,
};

const RESPONSE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A response whose body is still with the host, and the moment it must have come by.
pub(crate) struct Incoming {
    response: IncomingResponse,
    deadline: Option<u64>,
}

pub(crate) async fn send(request: Prepared) -> Result<fetch::Response, Error> {
    let deadline = request.timeout.map(|timeout| {
        let timeout_ns = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        monotonic_clock::now().saturating_add(timeout_ns)
    });
    let response = before(deadline, exchange(request)).await??;
    fetch::Response::new(response.status(), Incoming { response, deadline })
}

impl Incoming {
    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.response.headers().entries()
    }

    pub(crate) async fn text(self) -> Result<String, Error> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    pub(crate) async fn bytes(self) -> Result<Vec<u8>, Error> {
        let body = self.response.consume().map_err(|()| Error::Protocol)?;
        let stream = body.stream().map_err(|()| Error::Protocol)?;
        let read = before(self.deadline, read_up_to(&stream, RESPONSE_BYTES_MAX)).await?;
        drop(stream);
        drop(IncomingBody::finish(body));
        read.map_err(|error| Error::Network(error.to_string()))?.ok_or(Error::TooLarge)
    }
}

async fn exchange(request: Prepared) -> Result<IncomingResponse, Error> {
    let (outgoing, body) = outgoing(&request)?;
    let pending = outgoing_handler::handle(outgoing, None).map_err(failure)?;
    if let Some(text) = &request.body {
        let stream = body.write().map_err(|()| Error::Builder)?;
        // A server may answer without reading to the end: its answer tells more than the broken pipe.
        let _ = write_all(&stream, text.as_bytes()).await;
    }
    drop(OutgoingBody::finish(body, None));
    received(pending).await
}

fn outgoing(request: &Prepared) -> Result<(OutgoingRequest, OutgoingBody), Error> {
    let (scheme, authority, path) = split(&request.url).ok_or(Error::Builder)?;
    let mut fields: Vec<(String, Vec<u8>)> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes())).collect();
    let length = request.body.as_ref().map_or(0, String::len);
    if request.body.is_some() || !matches!(request.method, Method::GET | Method::HEAD) {
        fields.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|_| Error::Builder)?;
    let outgoing = OutgoingRequest::new(fields);
    let body = outgoing
        .set_method(&method(&request.method))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)))
        .and_then(|()| outgoing.body())
        .map_err(|()| Error::Builder)?;
    Ok((outgoing, body))
}

/// Scheme, authority and path of a URL. The host checks each; a parser of our own would only weigh.
fn split(url: &str) -> Option<(Scheme, &str, String)> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let (scheme, rest) = match url.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // Who calls whom must not depend on how a name and a password before the host are read.
    (!authority.is_empty() && !authority.contains('@')).then_some((scheme, authority, path))
}

fn method(method: &Method) -> WasiMethod {
    match *method {
        Method::GET => WasiMethod::Get,
        Method::HEAD => WasiMethod::Head,
        Method::POST => WasiMethod::Post,
        Method::PUT => WasiMethod::Put,
        Method::DELETE => WasiMethod::Delete,
        Method::PATCH => WasiMethod::Patch,
        Method::OPTIONS => WasiMethod::Options,
        ref other => WasiMethod::Other(other.as_str().to_owned()),
    }
}

async fn received(pending: FutureIncomingResponse) -> Result<IncomingResponse, Error> {
    let outcome = Wait::new(|| pending.get().ok_or_else(|| pending.subscribe())).await;
    outcome.map_err(|()| Error::Protocol)?.map_err(failure)
}

async fn before<T>(deadline: Option<u64>, work: impl Future<Output = T>) -> Result<T, Error> {
    let Some(deadline) = deadline else {
        return Ok(work.await);
    };
    let timer = Wait::new(|| {
        if monotonic_clock::now() >= deadline {
            return Ok(());
        }
        Err(monotonic_clock::subscribe_instant(deadline))
    });
    match select(pin!(work), timer).await {
        Either::Left((value, _)) => Ok(value),
        Either::Right(((), _)) => Err(Error::Timeout),
    }
}

fn failure(code: ErrorCode) -> Error {
    match code {
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::DnsTimeout
        | ErrorCode::HttpResponseTimeout => Error::Timeout,
        ErrorCode::ConnectionRefused => Error::Network("connection refused".to_owned()),
        ErrorCode::HttpRequestDenied => Error::Network("the host does not allow this address".to_owned()),
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => Error::Network("no such host".to_owned()),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
            Error::Network("TLS failed".to_owned())
        }
        // The names of all codes would weigh more than the adapter.
        _ => Error::Network("the request failed".to_owned()),
    }
}
