//! One request to watch: admitted and opened as any other, and then streamed beside them.

use std::{sync::Arc, time::Instant};

use data_api::Action;
use hyper::{
    HeaderMap, Method, Response,
    body::Incoming,
    header::{self, HeaderValue},
};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Asked, Opened, Outgoing, stream};
use crate::{
    body,
    ejson::Form,
    failure::Failure,
    gateway::{Gateway, answer},
    perform::Reply,
    route::Route,
};

const LAST_EVENT_ID: &str = "last-event-id";

impl Gateway {
    pub(crate) async fn watch(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: Incoming,
        form: Form,
        started: Instant,
    ) -> Response<Outgoing> {
        let (reply, opened) = match self.begin_watch(method, headers, body, form).await {
            Ok(opened) => (begun(&opened.0), Some(opened)),
            Err(failure) => (Reply::failed(failure, form), None),
        };
        self.account(Route::Action(Action::Watch), headers, &reply, started.elapsed());
        match opened {
            Some((opened, place)) => events(stream::stream(opened, Arc::clone(&self.limits), self.stopped.clone(), place)),
            None => answer(reply, form),
        }
    }

    async fn begin_watch(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: Incoming,
        form: Form,
    ) -> Result<(Opened, OwnedSemaphorePermit), Failure> {
        // The place among the requests is given back once the stream has begun.
        let (key, _place) = match self.admit(method, headers) {
            Ok(admitted) => admitted,
            Err(failure) => {
                body::drain(body, &self.limits).await;
                return Err(failure);
            }
        };
        let body = body::read(headers, body, &self.limits).await?;
        let watching = Arc::clone(&self.watchers).try_acquire_owned();
        let watching = watching.map_err(|_| Failure::too_many_requests("too many watchers at once"))?;
        let last_event_id = headers.get(LAST_EVENT_ID).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let asked = Asked { body, last_event_id: last_event_id.filter(|id| !id.is_empty()), form, key };
        let opening = timeout(self.limits.time, self.database.watch(asked));
        let opened = opening.await.unwrap_or_else(|_| Err(Failure::time_limit()))?;
        Ok((opened, watching))
    }
}

/// What the log tells of it: the time is that to the first event.
fn begun(opened: &Opened) -> Reply {
    let collections = vec![opened.wanted.collection.clone()];
    Reply { status: 200, database: opened.wanted.database.clone(), collections, ..Reply::default() }
}

fn events(body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
