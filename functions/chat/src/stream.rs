//! The messages of a conversation as server-sent events: in order, none lost, none twice, for as long as the token lives.

use std::rc::Rc;

use domain::entities::CONVERSATION;
use domain::{Error, Filter};
use edge::{Body, Call, Halt, Outcome, Reply};
use futures_util::stream;
use platform::Host;
use serde_json::Value;
use store::{Scope, Store};

use crate::follow::{self, Follow, POLL_MS};
use crate::messages;

const HEARTBEAT_MS: i64 = 15_000;
/// What a client waits before it comes back.
const OPENING: &str = "retry: 1000\n\n";
const HEARTBEAT: &str = ": heartbeat\n\n";
/// Messages per reading; more follow without a pause.
const BATCH: usize = 100;

/// Streams the messages behind `Last-Event-ID`, or `?after=`, or all of them.
pub async fn stream(call: &Call) -> Outcome {
    let id = call.id(&CONVERSATION)?;
    let asked = Follow::parse(call.query())?;
    if let Some(unknown) = asked.rest.split(['&', '=']).next().filter(|name| !name.is_empty()) {
        return Err(Error::parameter(unknown, "Expected `after` at the most.").into());
    }
    let last = match call.header("last-event-id").filter(|text| !text.trim().is_empty()) {
        Some(text) => follow::seq(&text).ok_or_else(bad_event_id)?,
        None => asked.after.unwrap_or_default(),
    };
    call.store.get(call.scope()?, &CONVERSATION, id).await?;
    let stream = Stream {
        store: call.store.clone(),
        scope: call.scope()?.clone(),
        host: call.host.clone(),
        conversation: id.to_owned(),
        ends_ms: call.expires()?.ms(),
        last,
        said_ms: call.host.now_ms(),
        next: Next::Open,
    };
    let chunks = stream::unfold(stream, |mut stream| async { stream.chunk().await.map(|chunk| (chunk, stream)) });
    let headers = vec![("content-type", "text/event-stream".to_owned()), ("x-accel-buffering", "no".to_owned())];
    Ok(Reply { status: 200, headers, body: Body::Stream(Box::pin(chunks)) })
}

fn bad_event_id() -> Error {
    Error::malformed("bad-last-event-id", "Expected the `id` of an event of this stream in Last-Event-ID.")
}

/// Where a stream is.
struct Stream {
    store: Rc<Store>,
    scope: Scope,
    host: Host,
    conversation: String,
    ends_ms: i64,
    /// The last message that was sent.
    last: i64,
    /// When something was sent last.
    said_ms: i64,
    next: Next,
}

/// What comes next.
enum Next {
    Open,
    Look,
    Pause,
}

impl Stream {
    /// The next piece; nothing when the token has run out, the conversation is out of sight, or the store does not answer:
    /// the client comes back with the last id it has seen.
    async fn chunk(&mut self) -> Option<String> {
        if matches!(self.next, Next::Open) {
            self.next = Next::Look;
            return Some(OPENING.to_owned());
        }
        loop {
            if matches!(self.next, Next::Pause) {
                self.host.sleep_ms(POLL_MS).await;
            }
            if self.host.now_ms() >= self.ends_ms {
                return None;
            }
            let news = self.news().await.ok()?;
            self.next = if news.len() < BATCH { Next::Pause } else { Next::Look };
            let now_ms = self.host.now_ms();
            if !news.is_empty() || needs_heartbeat(now_ms, self.said_ms) {
                self.said_ms = now_ms;
                return Some(if news.is_empty() { HEARTBEAT.to_owned() } else { news.concat() });
            }
        }
    }

    /// What was said since, as events. The conversation alone is looked at while it is quiet.
    async fn news(&mut self) -> Result<Vec<String>, Halt> {
        let visible = self.scope.reach(&CONVERSATION, "read").and(Filter::is("_id", self.conversation.as_str()));
        let conversation = self.store.find(&self.scope, &CONVERSATION, visible).await?.ok_or_else(Error::not_found)?;
        if conversation.get("seq").and_then(Value::as_i64).unwrap_or_default() <= self.last {
            return Ok(Vec::new());
        }
        let query = messages::query(&self.scope, &self.conversation, Some(self.last), &format!("limit={BATCH}"))?;
        let page = self.store.list(&self.scope, &query).await?;
        let mut events = Vec::with_capacity(page.data.len());
        for message in page.data {
            self.last = message.get("seq").and_then(Value::as_i64).unwrap_or(self.last);
            // JSON on one line: server-sent events end a field where a line ends.
            events.push(format!("id: {}\nevent: message\ndata: {}\n\n", self.last, Value::Object(message)));
        }
        Ok(events)
    }
}

/// Whether silence would have lasted too long by the next look.
fn needs_heartbeat(now_ms: i64, said_ms: i64) -> bool {
    now_ms.saturating_add_unsigned(POLL_MS) > said_ms.saturating_add(HEARTBEAT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_never_lasts_longer_than_15_seconds() {
        // Looks come a little more than a second apart, as each takes some time itself.
        let (mut said_ms, mut longest_ms) = (0, 0);
        for now_ms in (0..200).map(|look| look * 1_007) {
            if needs_heartbeat(now_ms, said_ms) {
                longest_ms = longest_ms.max(now_ms - said_ms);
                said_ms = now_ms;
            }
        }
        assert!((13_000..=15_000).contains(&longest_ms), "{longest_ms}");
    }
}
