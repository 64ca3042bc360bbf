//! A gateway in process and a client that speaks just enough HTTP to see every byte.

use std::{collections::HashMap, fs::OpenOptions, io::Write as _, net::SocketAddr};

use gateway::{Backend, Config, Key, Running};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

pub const ACTIONS: &str = "/app/test/endpoint/data/v1/action/";

/// A gateway with one key of each kind: `admin`, `writer`, `reader`, `filler`, which may not read, `keeper`, which may read and administer,
/// and `elsewhere`, which is for one other database.
pub fn config() -> Config {
    let mut config = Config::temporary("admin");
    config.keys.push(Key::new("writer").without_admin());
    config.keys.push(Key::new("reader").read_only());
    config.keys.push(Key { read: false, ..Key::new("filler").without_admin() });
    config.keys.push(Key { write: false, ..Key::new("keeper") });
    config.keys.push(Key::new("elsewhere").for_databases(["elsewhere"]));
    config
}

pub async fn start(config: Config) -> Running {
    gateway::start(config).await.expect("a gateway on a temporary database starts")
}

/// The same on the MongoDB that `MONGODB_URI` names; without one the test is skipped.
pub fn mongodb(test: &str) -> Option<Config> {
    match std::env::var("MONGODB_URI") {
        Ok(uri) => Some(Config { backend: Backend::Mongo { uri }, ..config() }),
        Err(_) => {
            let reason = std::env::var("MONGODB_MISSING").unwrap_or_else(|_| "MONGODB_URI is not set".into());
            skip(&format!("{test}: {reason}"));
            None
        }
    }
}

/// Told to `cargo xtask test` by its file of what was skipped, or aloud without it.
fn skip(note: &str) {
    let noted = std::env::var_os("EDGEWISE_SKIPPED")
        .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok())
        .is_some_and(|mut notes| writeln!(notes, "{note}").is_ok());
    if !noted {
        writeln!(std::io::stderr(), "skipped: {note}").expect("standard error is open");
    }
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// One connection that is kept.
pub struct Client {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
}

/// What a client may speak over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).expect("a socket takes the option");
        Self::over(stream)
    }

    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), unread: Vec::new() }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the gateway reads");
        self.stream.flush().await.expect("the gateway reads");
    }

    /// Sends a request and reads its answer.
    pub async fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(&head(method, path, headers, body.len())).await;
        self.send(body.as_bytes()).await;
        self.answer().await
    }

    pub async fn act(&mut self, action: &str, key: &str, body: &Value) -> Answer {
        let path = format!("{ACTIONS}{action}");
        self.request("POST", &path, &[("api-key", key)], &body.to_string()).await
    }

    pub async fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.more().await > 0, "the connection ended before an answer");
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("a head is text");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line").parse().expect("a status");
        let headers: HashMap<String, String> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length: usize = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
        while self.unread.len() < length {
            assert!(self.more().await > 0, "the connection ended within an answer");
        }
        let text = String::from_utf8(self.unread.drain(..length).collect()).expect("a body is text");
        Answer { status, headers, text }
    }

    /// Begins a request and waits until the gateway asks for its body, which it does once it has let the request in.
    pub async fn begin(&mut self, action: &str, length: usize) {
        let path = format!("{ACTIONS}{action}");
        self.send(&head("POST", &path, &[("api-key", "admin"), ("expect", "100-continue")], length)).await;
        let asked = self.answer().await;
        assert_eq!(asked.status, 100, "{}", asked.text);
    }

    /// Whether the gateway has closed the connection.
    pub async fn is_closed(&mut self) -> bool {
        self.more().await == 0
    }

    async fn more(&mut self) -> usize {
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer).await.unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..read]);
        read
    }
}

pub fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: gateway\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}
