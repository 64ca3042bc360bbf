//! Cloudflare Workers: JavaScript reads the body and builds the response, so a request crosses over a few times only.

use super::sendable;
use crate::http::{Body, Headers, Method, Payload, Reply, Request};
use crate::{BODY_LIMIT_BYTES, Router};
use futures_util::StreamExt;
use futures_util::stream::{AbortHandle, Abortable, LocalBoxStream};
use platform::Host;
use platform::workers::Workers;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

pub use platform::workers::{Context, Env};
pub use worker::worker_sys::Context as JsContext;
pub use {js_sys, wasm_bindgen, wasm_bindgen_futures};

thread_local! {
    // Once per isolate: building the routes costs more than a request.
    static ROUTER: OnceCell<Rc<Router>> = const { OnceCell::new() };
}

#[wasm_bindgen]
extern "C" {
    /// A request whose body has been read.
    pub type Incoming;

    #[wasm_bindgen(method, getter)]
    fn method(this: &Incoming) -> String;

    #[wasm_bindgen(method, getter)]
    fn url(this: &Incoming) -> String;

    /// Nothing when the body was longer than the limit.
    #[wasm_bindgen(method, getter)]
    fn body(this: &Incoming) -> Option<Vec<u8>>;

    #[wasm_bindgen(method, getter)]
    fn env(this: &Incoming) -> Env;

    #[wasm_bindgen(method, getter)]
    fn context(this: &Incoming) -> JsContext;

    #[wasm_bindgen(method)]
    fn header(this: &Incoming, name: &str) -> Option<String>;

}

#[wasm_bindgen(module = "/src/runtime/workers/response.js")]
extern "C" {
    /// A `Response`.
    pub type Outgoing;

    fn whole(status: u16, headers: &str, body: Option<String>) -> Outgoing;

    fn streamed(status: u16, headers: &str, chunks: Chunks) -> Outgoing;
}

/// Answers one request.
pub async fn handle(router: fn() -> Router, incoming: Incoming) -> Outgoing {
    let router = ROUTER.with(|cell| Rc::clone(cell.get_or_init(|| Rc::new(router()))));
    let host = host(incoming.env(), incoming.context());
    let reply = router.handle(host, request(incoming)).await;
    outgoing(reply)
}

/// The platform of an event that came with `env` and `context`.
pub fn host(env: Env, context: JsContext) -> Host {
    Rc::new(Workers::new(env, Context::new(context)))
}

/// The longest body that is read.
#[wasm_bindgen(js_name = bodyLimitBytes)]
pub fn body_limit_bytes() -> usize {
    BODY_LIMIT_BYTES
}

/// Tells `report` where a panic happened. What it says stays out of the log: it may quote a person's data.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(report: js_sys::Function) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // A failing report must not hide the panic.
        let _ = report.call1(&JsValue::NULL, &JsValue::from_str(&place));
    }));
}

/// The pieces of a streamed body, taken by JavaScript one at a time.
#[wasm_bindgen]
pub struct Chunks {
    stream: Rc<RefCell<Option<Abortable<LocalBoxStream<'static, String>>>>>,
    abort: AbortHandle,
}

#[wasm_bindgen]
impl Chunks {
    /// The next piece; nothing at the end.
    pub async fn next(&self) -> Option<String> {
        let slot = Rc::clone(&self.stream);
        let mut stream = slot.take()?;
        let chunk = stream.next().await?;
        slot.replace(Some(stream));
        Some(chunk)
    }

    /// Ends the stream, also while a piece is awaited: the client is gone.
    pub fn stop(&self) {
        self.abort.abort();
        self.stream.take();
    }
}

fn request(incoming: Incoming) -> Request {
    let (path, query) = path_and_query(&incoming.url());
    let body = match incoming.body().map(String::from_utf8) {
        Some(Ok(text)) => Payload::Text(text),
        Some(Err(_)) => Payload::NotText,
        None => Payload::TooLarge,
    };
    Request {
        method: Method::from_bytes(incoming.method().as_bytes()).unwrap_or_default(),
        path,
        query,
        body,
        headers: Headers::new(move |name| incoming.header(name)),
    }
}

/// Splits a URL the runtime has already normalised: a parser of our own URLs would cost 175 KB.
fn path_and_query(url: &str) -> (String, String) {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let whole = after_scheme.split_once('#').map_or(after_scheme, |(whole, _)| whole);
    let (place, query) = whole.split_once('?').unwrap_or((whole, ""));
    let path = place.split_once('/').map_or("", |(_, path)| path);
    (format!("/{path}"), query.to_owned())
}

fn outgoing(reply: Reply) -> Outgoing {
    let mut headers = String::new();
    for (name, value) in sendable(&reply.headers) {
        headers.push_str(name);
        headers.push('\n');
        headers.push_str(value);
        headers.push('\n');
    }
    match reply.body {
        Body::Empty | Body::Record(..) => whole(reply.status, &headers, None),
        Body::Text(text) => whole(reply.status, &headers, Some(text)),
        Body::Stream(stream) => {
            let (abort, registration) = AbortHandle::new_pair();
            let stream = Rc::new(RefCell::new(Some(Abortable::new(stream, registration))));
            streamed(reply.status, &headers, Chunks { stream, abort })
        }
    }
}
