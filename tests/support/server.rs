//! All functions natively behind one address, as a runtime would serve them, with a clock that a request can set.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

use bytes::Bytes;
use edge::{BODY_LIMIT_BYTES, Body, Headers, Payload, Reply, Router};
use futures_util::StreamExt;
use futures_util::stream::LocalBoxStream;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use platform::native::Native;

use crate::endpoints::router_of;
use crate::log;

type Frames = LocalBoxStream<'static, Result<Frame<Bytes>, Infallible>>;
type Outgoing = Either<Full<Bytes>, StreamBody<Frames>>;

/// An address that is ours, and its URL.
pub fn address() -> (TcpListener, String) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Serves on a thread of its own, as handlers are made for one thread, until the process ends.
pub fn start(listener: TcpListener, vars: Vec<(String, String)>) -> String {
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, serve(listener, vars));
    });
    url
}

async fn serve(listener: TcpListener, vars: Vec<(String, String)>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let functions = Rc::new(Functions { vars, client: reqwest::Client::new(), routers: std::cell::RefCell::default() });
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let functions = functions.clone();
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| {
                let functions = functions.clone();
                async move { Ok::<_, Infallible>(functions.answer(request).await) }
            });
            // A caller who goes away is nobody's fault.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Functions {
    vars: Vec<(String, String)>,
    client: reqwest::Client,
    routers: std::cell::RefCell<HashMap<&'static str, Rc<Router>>>,
}

impl Functions {
    async fn answer(&self, request: hyper::Request<Incoming>) -> hyper::Response<Outgoing> {
        let Some((name, make)) = router_of(request.uri().path()) else {
            return outgoing(Reply::empty(404));
        };
        let router = self.routers.borrow_mut().entry(name).or_insert_with(|| Rc::new(make())).clone();
        let host = Rc::new(Native::new(self.vars.clone()).with_client(self.client.clone()));
        let now = request.headers().get("x-test-now").map(|value| value.to_str().unwrap().parse().unwrap());
        host.set_now_ms(now);
        let reply = router.handle(host.clone(), incoming(request).await).await;
        log::keep(host.take_lines());
        tokio::task::spawn_local(async move {
            host.settle().await;
            log::keep(host.take_lines());
        });
        outgoing(reply)
    }
}

async fn incoming(request: hyper::Request<Incoming>) -> edge::Request {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT_BYTES).collect().await {
        Ok(body) => String::from_utf8(body.to_bytes().to_vec()).map_or(Payload::NotText, Payload::Text),
        Err(error) if error.is::<LengthLimitError>() => Payload::TooLarge,
        Err(_) => Payload::NotText,
    };
    let headers = parts.headers;
    let look_up = move |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    edge::Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: Headers::new(look_up),
        body,
    }
}

fn outgoing(reply: Reply) -> hyper::Response<Outgoing> {
    let body = match reply.body {
        Body::Empty => Either::Left(Full::default()),
        Body::Text(text) => Either::Left(Full::from(text)),
        Body::Record(..) => panic!("the router left a record unwritten"),
        Body::Stream(stream) => {
            let frames: Frames = stream.map(|text| Ok(Frame::data(Bytes::from(text)))).boxed_local();
            Either::Right(StreamBody::new(frames))
        }
    };
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap()
}
