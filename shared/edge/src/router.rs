//! The router: finds the route, checks who asks and what they send, runs the handler, and words the reply.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use domain::json;
use domain::{Error, ErrorKind, Time, Viewer, id, validate};
use http::Method;
use platform::Host;
use store::{Answer, FIELDS_CHANGED, IdempotencyKey, Origin, Store};

use crate::caller::{self, client_ip};
use crate::http::{Body, Reply, Request};
use crate::{Call, Config, Content, Halt, Payload, Route, paths, problem};

const REQUEST_ID_LEN_MAX: usize = 100;
const IDEMPOTENCY_KEY_LEN_MAX: usize = 255;

/// A function's routes, ready to answer.
pub struct Router {
    routes: &'static [Route],
    config: OnceCell<Rc<Config>>,
}

/// What the log tells of a request besides its reply.
#[derive(Default)]
struct Trace {
    route: &'static str,
    tenant: Option<String>,
    viewer: Option<Viewer>,
    trips: u32,
}

impl Router {
    /// A router for these routes.
    pub fn new(routes: &'static [Route]) -> Self {
        Self { routes, config: OnceCell::new() }
    }

    /// The routes.
    pub fn routes(&self) -> &'static [Route] {
        self.routes
    }

    /// The reply to a request, whatever happens.
    pub async fn handle(&self, host: Host, request: Request) -> Reply {
        let started = host.now_ms();
        let request_id = request_id(&host, &request);
        let (method, path) = (request.method.clone(), request.path.clone());
        let origin = request.headers.get("origin");
        let config = self.config(&host);
        let cors = config.as_ref().ok().zip(origin).and_then(|(config, origin)| allowed_origin(config, origin));
        let mut trace = Trace::default();
        let outcome = match config {
            Ok(_) if method == Method::OPTIONS => self.preflight(&path),
            Ok(config) => self.answer(&host, config, request, &request_id, &mut trace).await,
            Err(error) => Err(Halt::Refused(error)),
        };
        let (reply, refused) = match outcome {
            Ok(reply) => (reply, None),
            Err(Halt::Replayed(answer)) => (self.replayed(*answer, &path), None),
            Err(Halt::Refused(error)) => (self.problem(&error, &path, &request_id), Some(error)),
        };
        host.log(&line(&request_id, &method, &trace, reply.status, host.now_ms() - started, refused.as_ref()));
        let mut reply = reply.shown_to(trace.viewer.as_ref());
        finish(&mut reply, request_id, cors);
        reply
    }

    async fn answer(
        &self,
        host: &Host,
        config: Rc<Config>,
        request: Request,
        request_id: &str,
        trace: &mut Trace,
    ) -> crate::Outcome {
        let route = self.find(&request)?;
        trace.route = route.path;
        let now = Time::from_ms(host.now_ms());
        let origin = origin(&config, &request, request_id)?;
        let store = Store::new(host.clone(), config.api.clone(), config.vault.clone(), origin, route.path, now);
        let store = Rc::new(store);
        let caller = caller::check(route, &config, &request, host, &store).await;
        trace.trips = store.trips();
        let caller = caller?;
        match &caller {
            Some((caller, _)) => store.count_for(Some(caller.tenant()), None),
            None => store.count_for(None, client_ip(&config, &request).as_deref()),
        }
        if let Some((caller, _)) = &caller {
            (trace.tenant, trace.viewer) = (Some(caller.tenant().to_owned()), Some(caller.viewer().clone()));
        }
        check_query(route, &request)?;
        check_body(route, &request)?;
        let reads_definitions = Cell::new(false);
        let call = Call { host: host.clone(), config, store: store.clone(), request, route, caller, reads_definitions };
        if route.content == Content::Nothing {
            validate::input(&[], call.input()?)?;
        }
        let mut outcome = (route.handler)(&call).await;
        if matches!(&outcome, Err(Halt::Refused(error)) if error.code == FIELDS_CHANGED) {
            call.reads_definitions.set(true);
            outcome = (route.handler)(&call).await;
        }
        trace.trips = store.trips();
        outcome
    }

    fn problem(&self, error: &Error, path: &str, request_id: &str) -> Reply {
        let reply = problem::reply(error, path, request_id);
        match paths::find(self.routes, path) {
            Some(path) if error.kind == ErrorKind::MethodNotAllowed => reply.with("allow", self.methods(path)),
            _ => reply,
        }
    }

    /// The first answer again, and where the record is that it made.
    fn replayed(&self, answer: Answer, path: &str) -> Reply {
        let id = answer.doc().filter(|_| answer.status == 201).and_then(|doc| doc.get("_id")?.as_str());
        let location = id.map(|id| format!("{path}/{id}")).filter(|location| paths::find(self.routes, location).is_some());
        let reply = Reply::answer(answer);
        match location {
            Some(location) => reply.with("location", location),
            None => reply,
        }
    }

    fn config(&self, host: &Host) -> Result<Rc<Config>, Error> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let config = Config::read(host).map(Rc::new).map_err(|wrong| Error::internal(format!("configuration: {wrong}")))?;
        Ok(self.config.get_or_init(|| config).clone())
    }

    fn find(&self, request: &Request) -> Result<&'static Route, Error> {
        let path = paths::find(self.routes, &request.path).ok_or_else(no_route)?;
        let method = if request.method == Method::HEAD { "GET" } else { request.method.as_str() };
        let route = self.routes.iter().find(|route| route.path == path && route.verb.name() == method);
        let allowed = || format!("This path takes {}.", self.methods(path));
        route.ok_or_else(|| Error::new(ErrorKind::MethodNotAllowed, "method-not-allowed", allowed()))
    }

    fn methods(&self, path: &str) -> String {
        let methods = self.routes.iter().filter(|route| route.path == path).map(|route| route.verb.name());
        methods.collect::<Vec<_>>().join(", ")
    }

    /// The reply to a browser that asks what it may send.
    fn preflight(&self, path: &str) -> crate::Outcome {
        let methods = self.methods(paths::find(self.routes, path).ok_or_else(no_route)?);
        let headers = "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, x-request-id";
        let reply = Reply::empty(204).with("allow", methods.clone()).with("access-control-allow-methods", methods);
        Ok(reply.with("access-control-allow-headers", headers).with("access-control-max-age", "86400"))
    }
}

fn no_route() -> Error {
    Error::new(ErrorKind::NotFound, "no-route", "There is no such path.")
}

/// Nothing that a caller sends is ignored.
fn check_query(route: &Route, request: &Request) -> Result<(), Error> {
    match form_urlencoded::parse(request.query.as_bytes()).next() {
        Some((name, _)) if !route.has_query => Err(Error::parameter(&name, "This endpoint takes no parameters in its query.")),
        _ => Ok(()),
    }
}

fn check_body(route: &Route, request: &Request) -> Result<(), Error> {
    let text = match &request.body {
        Payload::TooLarge => return Err(Error::new(ErrorKind::TooLarge, "body-too-large", "Expected a body of at most 1 MiB.")),
        Payload::NotText => return Err(Error::malformed("not-utf-8", "The body is not UTF-8 text.")),
        Payload::Text(text) => text,
    };
    if route.content == Content::Raw || text.is_empty() {
        return Ok(());
    }
    let header = request.headers.get("content-type").unwrap_or_default();
    let essence = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let patch = route.content == Content::MergePatch && essence == "application/merge-patch+json";
    if essence == "application/json" || patch {
        return Ok(());
    }
    let expected = if route.content == Content::MergePatch { "application/merge-patch+json" } else { "application/json" };
    Err(Error::new(ErrorKind::UnsupportedType, "unsupported-media-type", format!("Expected the content type {expected}.")))
}

fn origin(config: &Config, request: &Request, request_id: &str) -> Result<Origin, Error> {
    let writes = !matches!(request.method, Method::GET | Method::HEAD);
    let key = if writes { request.headers.get("idempotency-key") } else { None };
    let idempotency = key.map(|key| idempotency_key(&key, request)).transpose()?;
    let (ip, user_agent) = match writes {
        true => (client_ip(config, request), request.headers.get("user-agent")),
        false => (None, None),
    };
    Ok(Origin { request_id: request_id.to_owned(), ip, user_agent, idempotency })
}

/// The key as the draft standard quotes it, or bare.
fn idempotency_key(header: &str, request: &Request) -> Result<IdempotencyKey, Error> {
    let header = header.trim();
    let key = header.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(header);
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_LEN_MAX || !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Error::malformed("bad-idempotency-key", "Expected 1 to 255 printable ASCII characters in Idempotency-Key."));
    }
    let body = match &request.body {
        Payload::Text(text) => text.as_str(),
        Payload::TooLarge | Payload::NotText => "",
    };
    Ok(IdempotencyKey::new(key, request.method.as_str(), &request.path, &request.query, body))
}

/// The caller's own id for the request if it is a harmless one, else a new one.
fn request_id(host: &Host, request: &Request) -> String {
    let harmless = |id: &String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !id.is_empty() && id.len() <= REQUEST_ID_LEN_MAX && id.bytes().all(plain)
    };
    request.headers.get("x-request-id").filter(harmless).unwrap_or_else(|| {
        let mut random = [0; 10];
        host.random(&mut random);
        id::from_parts("req", host.now_ms(), random)
    })
}

fn allowed_origin(config: &Config, origin: String) -> Option<String> {
    config.cors_origins.iter().any(|allowed| allowed == "*" || *allowed == origin).then_some(origin)
}

fn finish(reply: &mut Reply, request_id: String, cors: Option<String>) {
    reply.headers.push(("x-request-id", request_id));
    reply.headers.push(("x-content-type-options", "nosniff".to_owned()));
    reply.headers.push(("strict-transport-security", "max-age=63072000; includeSubDomains".to_owned()));
    reply.headers.push(("content-security-policy", "default-src 'none'; frame-ancestors 'none'".to_owned()));
    if !reply.headers.iter().any(|(name, _)| *name == "cache-control") {
        reply.headers.push(("cache-control", "no-store".to_owned()));
    }
    if let Some(origin) = cors {
        reply.headers.push(("access-control-allow-origin", origin));
        reply.headers.push(("vary", "Origin".to_owned()));
        let exposed = "etag, location, idempotency-replayed, retry-after, x-request-id";
        reply.headers.push(("access-control-expose-headers", exposed.to_owned()));
    }
    if matches!(reply.body, Body::Empty) {
        reply.headers.retain(|(name, _)| *name != "content-type");
    }
}

/// One structured line, with nothing of anybody's data in it.
fn line(request_id: &str, method: &Method, trace: &Trace, status: u16, ms: i64, refused: Option<&Error>) -> String {
    let line = json!({
        "request_id": request_id,
        "method": method.as_str(),
        "route": trace.route,
        "status": status,
        "ms": ms,
        "trips": trace.trips,
        "tenant": trace.tenant,
        "member": trace.viewer.as_ref().map(|viewer| viewer.member.as_str()),
        "code": refused.map(|error| error.code),
        "cause": refused.and_then(|error| error.cause.as_deref()),
    });
    line.to_string()
}
