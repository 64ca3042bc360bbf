//! Cloudflare Workers: every call into JavaScript costs, so each question is one call with plain strings.

use crate::Platform;
use crate::fetch::{self, Prepared};
use futures_util::future::LocalBoxFuture;
use js_sys::{Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::collections::HashMap;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::console_log;

pub use worker::{Context, Env};

#[wasm_bindgen(module = "/src/workers/boundary.js")]
extern "C" {
    type Response;

    #[wasm_bindgen(js_name = send)]
    fn start(method: &str, url: &str, headers: &str, body: Option<String>, timeout_ms: f64) -> Promise;

    fn sleep(ms: f64) -> Promise;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;

    fn headers(response: &Response) -> String;

    #[wasm_bindgen(method, catch)]
    fn text(this: &Response) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Response) -> Result<Promise, JsValue>;
}

thread_local! {
    // Variables do not change while an isolate lives.
    static VARS: RefCell<HashMap<String, Option<String>>> = RefCell::default();
}

/// The platform of one event.
pub struct Workers {
    env: Env,
    context: Context,
    client: fetch::Client,
}

impl Workers {
    /// The platform of the event that came with `env` and `context`.
    pub fn new(env: Env, context: Context) -> Self {
        Self { env, context, client: fetch::Client::new() }
    }
}

impl Platform for Workers {
    fn now_ms(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "Date.now() is a whole number below 2^53")]
        let now_ms = js_sys::Date::now() as i64;
        now_ms
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("crypto.getRandomValues is part of the runtime");
    }

    fn var(&self, name: &str) -> Option<String> {
        VARS.with_borrow_mut(|vars| {
            if let Some(known) = vars.get(name) {
                return known.clone();
            }
            let value = self.env.var(name).ok().map(|value| value.to_string());
            let value = value.filter(|value| !value.is_empty());
            vars.insert(name.to_owned(), value.clone());
            value
        })
    }

    fn log(&self, line: &str) {
        console_log!("{line}");
    }

    fn fetch(&self) -> &fetch::Client {
        &self.client
    }

    fn sleep_ms(&self, ms: u64) -> LocalBoxFuture<'static, ()> {
        let ms = f64::from(u32::try_from(ms).unwrap_or(u32::MAX));
        Box::pin(async move {
            // The promise cannot be rejected.
            let _ = JsFuture::from(sleep(ms)).await;
        })
    }

    fn after_response(&self, work: LocalBoxFuture<'static, ()>) {
        self.context.wait_until(work);
    }
}

/// A response whose body is still on JavaScript's side.
pub(crate) struct Incoming(Response);

pub(crate) async fn send(request: Prepared) -> Result<fetch::Response, fetch::Error> {
    let mut lines = String::new();
    for (name, value) in &request.headers {
        lines.push_str(name);
        lines.push('\n');
        lines.push_str(value);
        lines.push('\n');
    }
    let timeout_ms = request.timeout.map_or(0.0, |timeout| timeout.as_secs_f64() * 1000.0);
    let promise = start(request.method.as_str(), &request.url, &lines, request.body, timeout_ms);
    let response: Response = JsFuture::from(promise).await.map_err(failure)?.unchecked_into();
    fetch::Response::new(response.status(), Incoming(response))
}

impl Incoming {
    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let lines = headers(&self.0);
        let mut lines = lines.split('\n');
        std::iter::from_fn(|| Some((lines.next()?.to_owned(), lines.next()?.as_bytes().to_vec()))).collect()
    }

    pub(crate) async fn text(self) -> Result<String, fetch::Error> {
        let text = JsFuture::from(self.0.text().map_err(failure)?).await.map_err(failure)?;
        text.as_string().ok_or(fetch::Error::Protocol)
    }

    pub(crate) async fn bytes(self) -> Result<Vec<u8>, fetch::Error> {
        let buffer = self.0.array_buffer().map_err(failure)?;
        let buffer = JsFuture::from(buffer).await.map_err(failure)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

fn failure(thrown: JsValue) -> fetch::Error {
    let text = |key: &str| Reflect::get(&thrown, &JsValue::from_str(key)).ok()?.as_string();
    match text("name").as_deref() {
        Some("TimeoutError") => fetch::Error::Timeout,
        _ => fetch::Error::Network(text("message").unwrap_or_default()),
    }
}
