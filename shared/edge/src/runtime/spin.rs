//! Spin and other wasi-http hosts: one instance answers one request and then does what was left for later.

use super::sendable;
use crate::http::{Body, Headers, Method, Payload, Reply, Request};
use crate::{BODY_LIMIT_BYTES, Router};
use futures_util::StreamExt;
use futures_util::stream::LocalBoxStream;
use platform::spin::{Spin, read_up_to, run, write_all};
use platform::{Host, Platform};
use std::panic::PanicHookInfo;
use std::rc::Rc;
use wasi::http::types::{ErrorCode, Fields, IncomingBody, Method as WasiMethod, OutgoingBody, OutgoingResponse};

pub use wasi;
pub use wasi::http::types::{IncomingRequest, ResponseOutparam};

/// Answers one request.
pub fn handle(router: fn() -> Router, incoming: IncomingRequest, out: ResponseOutparam) {
    std::panic::set_hook(Box::new(on_panic));
    run(async move {
        let spin = Rc::new(Spin::default());
        let host: Host = spin.clone();
        let request = request(incoming).await;
        let bodiless = request.method == Method::HEAD;
        let reply = router().handle(host, request).await;
        send(reply, bodiless, out).await;
        spin.settle().await;
    });
}

/// The host answers 500. What a panic says stays out of the log: it may quote a person's data.
fn on_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    Spin::default().log(&format!(r#"{{"level":"error","event":"panic","place":"{place}"}}"#));
}

async fn request(incoming: IncomingRequest) -> Request {
    let head = Head { fields: incoming.headers(), incoming };
    let target = head.incoming.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Request {
        method: method(&head.incoming.method()),
        path: path.to_owned(),
        query: query.to_owned(),
        body: payload(&head).await,
        headers: Headers::new(move |name| head.get(name)),
    }
}

/// The fields belong to the request, so they are dropped first.
struct Head {
    fields: Fields,
    incoming: IncomingRequest,
}

impl Head {
    fn get(&self, name: &str) -> Option<String> {
        let values = self.fields.get(&name.to_owned());
        let texts: Option<Vec<String>> = values.into_iter().map(|value| String::from_utf8(value).ok()).collect();
        texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join(", "))
    }
}

fn method(method: &WasiMethod) -> Method {
    match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(name) => Method::from_bytes(name.as_bytes()).unwrap_or_default(),
    }
}

async fn payload(head: &Head) -> Payload {
    if matches!(head.incoming.method(), WasiMethod::Get | WasiMethod::Head) {
        return Payload::Text(String::new());
    }
    let announced = head.get("content-length").and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT_BYTES) {
        return Payload::TooLarge;
    }
    let Ok(body) = head.incoming.consume() else {
        return Payload::NotText;
    };
    let Ok(stream) = body.stream() else {
        return Payload::NotText;
    };
    let read = read_up_to(&stream, BODY_LIMIT_BYTES).await;
    drop(stream);
    drop(IncomingBody::finish(body));
    match read.map(|bytes| bytes.map(String::from_utf8)) {
        Ok(Some(Ok(text))) => Payload::Text(text),
        Ok(None) => Payload::TooLarge,
        Ok(Some(Err(_))) | Err(_) => Payload::NotText,
    }
}

async fn send(reply: Reply, bodiless: bool, out: ResponseOutparam) {
    let Some((response, body)) = head(&reply) else {
        return ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
    };
    ResponseOutparam::set(out, Ok(response));
    // Whoever does not read to the end has gone, and there is nobody left to tell.
    let _ = match reply.body {
        Body::Text(text) if !bodiless => write_text(&body, &text).await,
        Body::Stream(stream) if !bodiless => write_stream(&body, stream).await,
        _ => Some(()),
    };
    drop(OutgoingBody::finish(body, None));
}

fn head(reply: &Reply) -> Option<(OutgoingResponse, OutgoingBody)> {
    let mut entries: Vec<(String, Vec<u8>)> = Vec::with_capacity(reply.headers.len() + 1);
    for (name, value) in sendable(&reply.headers) {
        entries.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    if let Body::Text(text) = &reply.body {
        entries.push(("content-length".to_owned(), text.len().to_string().into_bytes()));
    }
    let response = OutgoingResponse::new(Fields::from_list(&entries).ok()?);
    response.set_status_code(reply.status).ok()?;
    let body = response.body().ok()?;
    Some((response, body))
}

async fn write_text(body: &OutgoingBody, text: &str) -> Option<()> {
    let stream = body.write().ok()?;
    write_all(&stream, text.as_bytes()).await.ok()
}

async fn write_stream(body: &OutgoingBody, mut chunks: LocalBoxStream<'static, String>) -> Option<()> {
    let stream = body.write().ok()?;
    while let Some(chunk) = chunks.next().await {
        write_all(&stream, chunk.as_bytes()).await.ok()?;
    }
    Some(())
}
