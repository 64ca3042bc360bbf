//! A reader of server-sent events.

use std::time::Duration;

use serde_json::Value;

use crate::Request;

/// Far longer than any event takes: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug)]
pub struct Event {
    /// Its place in the stream.
    pub id: u64,
    /// Its name.
    pub kind: String,
    /// What it tells.
    pub data: Value,
}

/// Events as they come.
pub struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// Opens a stream.
    pub async fn open(request: Request) -> Self {
        let response = request.stream().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let event = event(&self.block().await?);
            if event.is_some() {
                return event;
            }
        }
    }

    /// Waits for a comment, which keeps a quiet stream alive; nothing when the stream has ended.
    pub async fn comment(&mut self) -> Option<()> {
        while !self.block().await?.starts_with(':') {}
        Some(())
    }

    /// The next events, as many as this.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream has ended"));
        }
        events
    }

    /// What stands before the next empty line.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("no event came");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }
}

/// Comments and the time to wait are no events.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).unwrap();
    Some(Event { id: field("id")?.parse().unwrap(), kind: field("event")?.to_owned(), data })
}
