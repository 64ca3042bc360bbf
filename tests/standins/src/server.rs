//! The listener: takes requests apart, applies faults and hands them to their service.

use crate::fault::{Fault, Service};
use crate::wire::{Call, Reply, form};
use crate::world::{CallRecord, World};
use crate::{control, mail, xero};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

const BODY_LIMIT_BYTES: usize = 10 * 1024 * 1024;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) world: Mutex<World>,
    /// While true, calls of Xero's API wait after being admitted.
    pub(crate) held: watch::Sender<bool>,
    pub(crate) client: reqwest::Client,
}

/// The connection is to end without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("dropped on request")
    }
}

impl std::error::Error for Dropped {}

/// Serves until it is aborted, and its connections with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A broken connection is the client's to notice.
    let _ = served.await;
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT_BYTES).collect().await else {
        return Ok(response(Reply::json(413, &json!({"message": "the body is too large"}))));
    };
    let call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: form(head.uri.query().unwrap_or("")),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let service = service_of(&call.path);
    if service == Service::Control {
        return Ok(response(control::answer(&shared, &call).await));
    }
    let fault = shared.world.lock().await.faults.take(service);
    let (reply, replayed) = match fault {
        Some(Fault::DropBefore) => (None, false),
        Some(Fault::TooMany { retry_after_s }) => (Some(too_many(retry_after_s)), false),
        Some(Fault::Broken) => (Some(broken()), false),
        Some(Fault::DropAfter) => (None, dispatch(&shared, service, &call).await.1),
        None => {
            let (reply, replayed) = dispatch(&shared, service, &call).await;
            (Some(reply), replayed)
        }
    };
    let status = reply.as_ref().map_or(0, |reply| reply.status);
    shared.world.lock().await.record(record(service, &call, status, replayed));
    reply.map(response).ok_or(Dropped)
}

/// The reply, and whether it is an earlier one.
async fn dispatch(shared: &Arc<Shared>, service: Service, call: &Call) -> (Reply, bool) {
    match service {
        Service::Identity => (xero::identity::answer(&mut *shared.world.lock().await, call), false),
        Service::Xero => xero::answer(shared, call).await,
        Service::Dns => (shared.world.lock().await.zone.answer(call), false),
        Service::Mail => mail::answer(&mut *shared.world.lock().await, call),
        Service::Oidc => (shared.world.lock().await.oidc.answer(call), false),
        Service::Control => (control::answer(shared, call).await, false),
    }
}

fn service_of(path: &str) -> Service {
    match path.split('/').nth(1) {
        Some("identity") => Service::Identity,
        Some("_control") => Service::Control,
        Some("emails") => Service::Mail,
        Some("oidc") => Service::Oidc,
        Some("dns-query") => Service::Dns,
        _ => Service::Xero,
    }
}

fn record(service: Service, call: &Call, status: u16, replayed: bool) -> CallRecord {
    let header = |name: &str| call.header(name).map(str::to_owned);
    CallRecord {
        service,
        method: call.method.to_string(),
        path: call.path.clone(),
        status,
        tenant_id: header("xero-tenant-id"),
        idempotency_key: header("idempotency-key"),
        replayed,
    }
}

fn too_many(retry_after_s: u64) -> Reply {
    Reply::json(429, &json!({"name": "rate_limit_exceeded", "message": "Too many requests"}))
        .with("retry-after", retry_after_s)
        .with("x-rate-limit-problem", "minute")
}

fn broken() -> Reply {
    Reply::json(500, &json!({"name": "application_error", "message": "An unexpected error occurred"}))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(reply.body))).unwrap_or_default()
}
