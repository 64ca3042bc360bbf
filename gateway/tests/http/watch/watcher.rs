//! A client that reads server-sent events, chunk by chunk.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{ACTIONS, head};

/// Longer than anything here should take, and shorter than the longest heartbeat.
const PATIENCE: Duration = Duration::from_secs(30);

/// An event with data.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Option<Value>,
}

/// One stream; dropped, its connection breaks.
pub struct Watcher {
    stream: TcpStream,
    raw: Vec<u8>,
    text: String,
    has_ended: bool,
    /// The last id, as a client of the standard would keep it.
    pub last_id: String,
    /// Blocks without data so far.
    pub heartbeats: usize,
}

impl Watcher {
    /// Asks with the key `admin` unless a header says otherwise, and waits for the first token.
    pub async fn start(address: SocketAddr, body: &Value, header: Option<(&str, &str)>) -> Self {
        Self::open(address, body, header).await.unwrap_or_else(|status| panic!("the watch is refused: {status}"))
    }

    /// The stream, or the status line of a refusal.
    pub async fn open(address: SocketAddr, body: &Value, header: Option<(&str, &str)>) -> Result<Self, String> {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(header);
        if header.is_none_or(|(name, _)| name != "api-key") {
            headers.push(("api-key", "admin"));
        }
        let body = body.to_string();
        let mut request = head("POST", &format!("{ACTIONS}watch"), &headers, body.len());
        request.extend_from_slice(body.as_bytes());
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.write_all(&request).await.map_err(|error| error.to_string())?;
        let mut watcher =
            Self { stream, raw: Vec::new(), text: String::new(), has_ended: false, last_id: String::new(), heartbeats: 0 };
        let head = watcher.head().await?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(head);
        }
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert_eq!(watcher.block().await.map(|event| event.is_none()), Some(true), "the first block is a token alone");
        assert!(!watcher.last_id.is_empty());
        Ok(watcher)
    }

    /// The next events; fails where the stream ends before.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            let next = self.next().await;
            events.push(next.unwrap_or_else(|| panic!("the stream ended after {events:?}")));
        }
        events
    }

    /// The next event, or nothing where the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.block().await? {
                return Some(event);
            }
        }
    }

    /// The next block: an event, or a token alone.
    pub async fn block(&mut self) -> Option<Option<Event>> {
        let end = loop {
            if let Some(at) = self.text.find("\n\n") {
                break at;
            }
            self.more().await.then_some(())?;
        };
        let block: String = self.text.drain(..end + 2).collect();
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(str::to_owned)
        };
        if let Some(id) = field("id") {
            self.last_id = id;
        }
        let Some(data) = field("data") else {
            self.heartbeats += 1;
            return Some(None);
        };
        let data = serde_json::from_str(&data).expect("data is JSON");
        Some(Some(Event { id: self.last_id.clone(), name: field("event").expect("an event has a name"), data: Some(data) }))
    }

    /// Sends a request of another kind on a connection of its own: the status, or nothing where the gateway goes meanwhile.
    pub async fn post(stream: &mut TcpStream, action: &str, key: &str, body: &Value) -> Option<u16> {
        let body = body.to_string();
        let mut request = head("POST", &format!("{ACTIONS}{action}"), &[("api-key", key)], body.len());
        request.extend_from_slice(body.as_bytes());
        stream.write_all(&request).await.ok()?;
        let mut answer = Vec::new();
        loop {
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
            answer.extend_from_slice(&buffer[..read]);
            // Each answer here is an object without objects in it.
            if answer.ends_with(b"}") {
                return str::from_utf8(&answer).ok()?.split(' ').nth(1)?.parse().ok();
            }
        }
    }

    async fn head(&mut self) -> Result<String, String> {
        loop {
            if let Some(at) = self.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.raw.drain(..at + 4).collect();
                return String::from_utf8(head).map_err(|error| error.to_string());
            }
            if !self.fill().await {
                return Err("the connection ended before an answer".into());
            }
        }
    }

    /// Adds the text of one chunk.
    async fn more(&mut self) -> bool {
        while !self.has_ended {
            if let Some(chunk) = self.chunk() {
                self.has_ended = chunk.is_empty();
                self.text.push_str(&chunk);
                return !self.has_ended;
            }
            if !self.fill().await {
                self.has_ended = true;
            }
        }
        false
    }

    /// Takes a whole chunk from what came, if there is one.
    fn chunk(&mut self) -> Option<String> {
        let line = self.raw.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(str::from_utf8(&self.raw[..line]).expect("a length is text"), 16).expect("a length");
        let end = line + 2 + length + 2;
        if self.raw.len() < end {
            return None;
        }
        let chunk = self.raw.drain(..end).skip(line + 2).take(length).collect();
        Some(String::from_utf8(chunk).expect("events are text"))
    }

    async fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let read = timeout(PATIENCE, self.stream.read(&mut buffer)).await.expect("something comes in time").unwrap_or(0);
        self.raw.extend_from_slice(&buffer[..read]);
        read > 0
    }
}
