//! A reader of server-sent events, for the tests of streams.

use std::time::Duration;

use serde_json::Value;
use support::Request;

/// Far longer than any event takes: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug)]
pub struct Event {
    pub id: u64,
    pub kind: String,
    pub data: Value,
}

/// Events as they come.
pub struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    pub async fn open(request: Request) -> Self {
        let response = request.stream().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = event(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("no event came");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream has ended"));
        }
        events
    }
}

/// Comments and the time to wait are no events.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).unwrap();
    Some(Event { id: field("id")?.parse().unwrap(), kind: field("event")?.to_owned(), data })
}
