//! The wire between functions and gateway: it counts the calls of each request and can be cut at any of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;

/// Where the wire is cut: at the how-manieth call of a request, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The call never reaches the gateway.
    Before(u32),
    /// The call takes effect, but its answer is lost.
    After(u32),
}

/// The wire.
#[derive(Clone)]
pub struct Wire {
    url: String,
    seen: Arc<Mutex<HashMap<String, Seen>>>,
}

#[derive(Default)]
struct Seen {
    calls: u32,
    cut: Option<Cut>,
    held: Option<(u32, Held)>,
    partitions: Vec<String>,
}

/// A call that waits on the wire.
#[derive(Clone, Default)]
pub struct Held {
    arrived: Arc<Notify>,
    let_go: Arc<Notify>,
    body: Arc<Mutex<Bytes>>,
}

impl Held {
    /// Waits until the call is there.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// What the call says.
    pub fn body(&self) -> String {
        String::from_utf8(self.body.lock().unwrap().to_vec()).unwrap()
    }

    /// Lets the call go on.
    pub fn let_go(&self) {
        self.let_go.notify_one();
    }
}

struct CutOff;

impl Wire {
    /// A wire to this address.
    pub async fn start(gateway: String) -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let wire = Self { url: format!("http://{}", listener.local_addr().unwrap()), seen: Arc::default() };
        let (serving, client) = (wire.clone(), reqwest::Client::new());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (wire, gateway, client) = (serving.clone(), gateway.clone(), client.clone());
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let (wire, gateway, client) = (wire.clone(), gateway.clone(), client.clone());
                        async move { wire.pass(&client, &gateway, request).await.map_err(|CutOff| std::io::Error::other("cut")) }
                    });
                    // An error ends the connection, which is what a cut wire looks like.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        wire
    }

    /// The address of this side.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts the wire for the request with this id.
    pub fn cut(&self, request_id: &str, cut: Cut) {
        self.seen.lock().unwrap().entry(request_id.to_owned()).or_default().cut = Some(cut);
    }

    /// Holds a call of the request with this id before it reaches the gateway.
    pub fn hold(&self, request_id: &str, call: u32) -> Held {
        let held = Held::default();
        self.seen.lock().unwrap().entry(request_id.to_owned()).or_default().held = Some((call, held.clone()));
        held
    }

    /// How many calls the request with this id made.
    pub fn calls(&self, request_id: &str) -> u32 {
        self.seen.lock().unwrap().get(request_id).map_or(0, |seen| seen.calls)
    }

    /// Whose share the calls of the request with this id were counted for.
    pub fn partitions(&self, request_id: &str) -> Vec<String> {
        self.seen.lock().unwrap().get(request_id).map_or(Vec::new(), |seen| seen.partitions.clone())
    }

    async fn pass(
        &self,
        client: &reqwest::Client,
        gateway: &str,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Full<Bytes>>, CutOff> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| CutOff)?.to_bytes();
        let header = |name: &str| parts.headers.get(name).and_then(|text| text.to_str().ok()).unwrap_or_default().to_owned();
        let id = header("x-request-id");
        let (call, cut, held) = {
            let mut seen = self.seen.lock().unwrap();
            let seen = seen.entry(id).or_default();
            seen.calls += 1;
            seen.partitions.push(header("x-partition"));
            (seen.calls, seen.cut, seen.held.clone().filter(|(call, _)| *call == seen.calls))
        };
        if let Some((_, held)) = held {
            *held.body.lock().unwrap() = body.clone();
            held.arrived.notify_one();
            held.let_go.notified().await;
        }
        if cut == Some(Cut::Before(call)) {
            return Err(CutOff);
        }
        let target = format!("{gateway}{}", parts.uri.path());
        let mut passed = client.request(parts.method, target);
        for (name, value) in parts.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length")) {
            passed = passed.header(name, value);
        }
        let response = passed.body(body).send().await.map_err(|_| CutOff)?;
        if cut == Some(Cut::After(call)) {
            return Err(CutOff);
        }
        let mut answer = hyper::Response::builder().status(response.status());
        for name in ["content-type", "retry-after"] {
            if let Some(value) = response.headers().get(name) {
                answer = answer.header(name, value);
            }
        }
        let body = response.bytes().await.map_err(|_| CutOff)?;
        answer.body(Full::new(body)).map_err(|_| CutOff)
    }
}
