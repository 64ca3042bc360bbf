//! One HTTP request: authenticated, limited, performed, counted and told.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use data_api::{Action, CLASS_HEADER, COUNT_ID_HEADER, EJSON, JSON, PARTITION_HEADER, REQUEST_ID_HEADER, code};
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response,
    body::Incoming,
    header::{self, HeaderValue},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch::Receiver};

use crate::{
    Error, accept, access,
    backend::Database,
    body,
    config::{Config, Key, Limits},
    ejson::Form,
    failure::Failure,
    log::{self, Log},
    metrics::{Answered, Metrics},
    perform::{self, Reply, Turn},
    rate::Rates,
    route::Route,
    watch::Outgoing,
};

/// What all connections share.
pub(crate) struct Gateway {
    pub(crate) database: Database,
    keys: Vec<Arc<Key>>,
    pub(crate) limits: Arc<Limits>,
    places: Arc<Semaphore>,
    pub(crate) watchers: Arc<Semaphore>,
    pub(crate) stopped: Receiver<bool>,
    /// Readiness is asked without a key, so it gets few threads.
    pings: Semaphore,
    rates: Option<Rates>,
    metrics: Metrics,
    log: Log,
}

const PINGS: usize = 4;

impl Gateway {
    pub(crate) async fn open(config: Config, stopped: Receiver<bool>) -> Result<Self, Error> {
        let database = Database::open(config.backend, config.apart, &config.limits, stopped.clone()).await?;
        Ok(Self {
            database,
            keys: config.keys.into_iter().map(Arc::new).collect(),
            pings: Semaphore::new(PINGS),
            rates: config.limits.partition.map(|rate| Rates::new(rate, Instant::now())),
            places: Arc::new(Semaphore::new(config.limits.concurrent)),
            watchers: Arc::new(Semaphore::new(config.limits.watchers)),
            stopped,
            limits: Arc::new(config.limits),
            metrics: Metrics::default(),
            log: Log::new(config.log),
        })
    }

    /// Waits for what is still to be told.
    pub(crate) fn finish(&self) {
        self.log.finish();
    }

    pub(crate) async fn handle(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let started = Instant::now();
        let route = Route::of(request.uri().path());
        if route == Route::Metrics {
            return respond(200, "text/plain; version=0.0.4", self.counts().into());
        }
        let (head, body) = request.into_parts();
        let form = accept::form(&head.headers);
        let reply = match route {
            Route::Health => live(),
            Route::Ready => self.ready().await.map_or_else(|failure| Reply::failed(failure, form), |()| live()),
            Route::Action(Action::Watch) => return self.watch(&head.method, &head.headers, body, form, started).await,
            Route::Action(action) => {
                let result = self.act(action, &head.method, &head.headers, body, form).await;
                result.unwrap_or_else(|failure| Reply::failed(failure, form))
            }
            _ => {
                body::drain(body, &self.limits).await;
                Reply::failed(Failure::new(404, code::NOT_FOUND, "cannot find this endpoint"), form)
            }
        };
        self.account(route, &head.headers, &reply, started.elapsed());
        answer(reply, form)
    }

    fn counts(&self) -> String {
        let watchers = self.limits.watchers.saturating_sub(self.watchers.available_permits());
        let mut text = self.metrics.text(self.log.lost());
        text.push_str(&format!("# TYPE gateway_watchers gauge\ngateway_watchers {watchers}\n"));
        text
    }

    async fn act(
        &self,
        action: Action,
        method: &Method,
        headers: &HeaderMap,
        body: Incoming,
        form: Form,
    ) -> Result<Reply, Failure> {
        let (key, place) = match self.admit(method, headers) {
            Ok(admitted) => admitted,
            Err(failure) => {
                body::drain(body, &self.limits).await;
                return Err(failure);
            }
        };
        let body = body::read(headers, body, &self.limits).await?;
        let turn = Arc::new(Turn::default());
        let request = perform::Request { action, body, form, key, limits: Arc::clone(&self.limits), turn: Arc::clone(&turn) };
        let answered = self.within_time(request, &turn, place).await;
        Ok(answered.unwrap_or_else(|failure| Reply::failed(failure, form).about(turn.names())))
    }

    pub(crate) fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(Arc<Key>, OwnedSemaphorePermit), Failure> {
        if method != Method::POST {
            return Err(Failure::new(405, code::METHOD_NOT_ALLOWED, "an action is a POST request"));
        }
        let key = Arc::clone(access::authenticate(&self.keys, headers)?);
        if let (Some(rates), Some(partition)) = (&self.rates, headers.get(PARTITION_HEADER)) {
            let count_id = headers.get(COUNT_ID_HEADER).map(HeaderValue::as_bytes);
            rates.admit(partition.as_bytes(), count_id, Instant::now())?;
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Failure::too_many_requests("too many requests at once"))?;
        Ok((key, place))
    }

    /// The work goes on in a task of its own, so that neither a client that leaves nor a late answer leaves it half done.
    async fn within_time(&self, request: perform::Request, turn: &Turn, place: OwnedSemaphorePermit) -> Result<Reply, Failure> {
        let mut working = self.database.start(request, place);
        let finished = match tokio::time::timeout(self.limits.time, &mut working).await {
            Ok(finished) => finished,
            Err(_) if turn.expire() => return Err(Failure::time_limit()),
            // It is being committed: the answer is what comes of that, if anything does.
            Err(_) => match tokio::time::timeout(self.limits.time, &mut working).await {
                Ok(finished) => finished,
                Err(_) => return Err(Failure::unavailable("the database does not answer; whether it wrote is unknown")),
            },
        };
        finished.map_err(|_| Failure::internal("the request ended in a fault"))
    }

    async fn ready(&self) -> Result<(), Failure> {
        let pinging = async {
            let _place = self.pings.acquire().await;
            self.database.ping().await
        };
        match tokio::time::timeout(self.limits.time, pinging).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Failure::unavailable("the database does not answer")),
        }
    }

    pub(crate) fn account(&self, route: Route, headers: &HeaderMap, reply: &Reply, duration: Duration) {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = header(REQUEST_ID_HEADER);
        self.metrics.count(&Answered {
            action: route.name(),
            status: reply.status,
            duration,
            // Whoever has no key counts for nobody.
            partition: header(PARTITION_HEADER).filter(|_| reply.status != 401),
            class: header(CLASS_HEADER),
            count_id: header(COUNT_ID_HEADER).or(request_id),
        });
        if self.log.is_on() {
            self.log.tell(&log::Line {
                time: log::now(),
                request_id,
                action: route.name(),
                database: &reply.database,
                collections: &reply.collections,
                status: reply.status,
                duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
                error_code: reply.error_code,
            });
        }
    }
}

fn live() -> Reply {
    Reply { status: 200, body: br#"{"ok":true}"#.to_vec(), ..Reply::default() }
}

pub(crate) fn answer(reply: Reply, form: Form) -> Response<Outgoing> {
    let kind = match form {
        Form::Plain => JSON,
        Form::Canonical => EJSON,
    };
    let mut response = respond(reply.status, kind, reply.body);
    if let Some(seconds) = reply.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn respond(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::Whole(Full::new(Bytes::from(body))));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
