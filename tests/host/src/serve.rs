//! Routes requests by path prefix to fresh instances.

use crate::arguments::Arguments;
use crate::guest::{Guest, log};
use crate::manifest::{Manifest, Resolved};
use crate::outbound::{Outbound, connections};
use crate::variables;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wasmtime::component::{Component, Linker, Resource};
use wasmtime::error::Context;
use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, Result, Store, bail};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

type Response = hyper::Response<HyperOutgoingBody>;

/// An application that answers.
pub struct Server {
    routes: Vec<(String, Arc<Loaded>)>,
}

struct Loaded {
    name: String,
    component: ProxyPre<Guest>,
    variables: Arc<BTreeMap<String, String>>,
    environment: BTreeMap<String, String>,
    outbound: Outbound,
}

impl Server {
    /// Compiles the components, or takes them from the cache.
    pub fn load(manifest: &Manifest, arguments: &Arguments) -> Result<Arc<Self>> {
        let engine = engine(arguments.cache.as_deref())?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        variables::add_to_linker(&mut linker)?;
        let connections = connections();
        let mut loaded = BTreeMap::new();
        for resolved in manifest.components()? {
            let file = file(&resolved, arguments);
            let component = Component::from_file(&engine, &file).with_context(|| format!("loading {}", file.display()))?;
            let component =
                ProxyPre::new(linker.instantiate_pre(&component)?).with_context(|| format!("linking {}", file.display()))?;
            let outbound = Outbound::new(resolved.allowed_outbound_hosts, connections.clone());
            let name = resolved.name;
            let (variables, environment) = (Arc::new(resolved.variables), resolved.environment);
            loaded.insert(name.clone(), Arc::new(Loaded { name, component, variables, environment, outbound }));
        }
        let mut routes = Vec::new();
        for (prefix, name) in manifest.routes() {
            let component = loaded.get(&name).with_context(|| format!("{prefix} leads to no component"))?;
            routes.push((prefix, Arc::clone(component)));
        }
        Ok(Arc::new(Self { routes }))
    }

    /// Answers until the process ends.
    pub async fn listen(self: Arc<Self>, listener: TcpListener) -> Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(Arc::clone(&self).serve(stream));
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT);
        // A client that breaks off is no error of ours.
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Response {
        let path = request.uri().path();
        let under = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let Some((_, component)) = self.routes.iter().find(|(prefix, _)| under(prefix)) else {
            return problem(404, "Not Found", "not-found");
        };
        match component.answer(request).await {
            Ok(response) => response,
            Err(error) => {
                log(&format!("{}: {error:?}", component.name));
                problem(500, "Internal Server Error", "internal")
            }
        }
    }
}

impl Loaded {
    /// The instance lives on after its response, for as long as it has work to do.
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response> {
        let guest = Guest::new(Arc::clone(&self.variables), &self.environment, self.outbound.clone());
        let mut store = Store::new(self.component.engine(), guest);
        let (sender, receiver) = oneshot::channel::<std::result::Result<Response, ErrorCode>>();
        let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let reply = store.data_mut().http().new_response_outparam(sender)?;
        let component = self.component.clone();
        let name = self.name.clone();
        tokio::spawn(async move {
            if let Err(error) = handle(&component, store, request, reply).await {
                log(&format!("{name}: {error:?}"));
            }
        });
        match receiver.await {
            Ok(response) => Ok(response?),
            Err(_) => bail!("{} set no response", self.name),
        }
    }
}

async fn handle(
    component: &ProxyPre<Guest>,
    mut store: Store<Guest>,
    request: Resource<HostIncomingRequest>,
    reply: Resource<HostResponseOutparam>,
) -> Result<()> {
    let proxy = component.instantiate_async(&mut store).await?;
    proxy.wasi_http_incoming_handler().call_handle(store, request, reply).await
}

fn engine(cache: Option<&Path>) -> Result<Engine> {
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::pooling());
    if let Some(folder) = cache {
        std::fs::create_dir_all(folder).context("making the cache folder")?;
        let mut cache = CacheConfig::new();
        cache.with_directory(folder.canonicalize()?);
        config.cache(Some(Cache::new(cache)?));
    }
    Engine::new(&config)
}

fn file(resolved: &Resolved, arguments: &Arguments) -> std::path::PathBuf {
    match (&arguments.components, resolved.source.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => arguments.manifest.with_file_name(&resolved.source),
    }
}

fn problem(status: u16, title: &str, code: &str) -> Response {
    let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}"}}"#);
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let kind = http::HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
