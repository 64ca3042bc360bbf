//! A receiver of webhooks that behaves, or misbehaves, as told.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Good,
    TakesAnything,
    Talks,
    SetsCookie,
    HangsUp,
}

/// One request, as it came.
#[derive(Clone)]
pub struct Request {
    head: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub struct Receiver {
    pub url: String,
    key: &'static str,
    requests: Arc<Mutex<Vec<Request>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub async fn start(key: &'static str, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/hooks/xero/k", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, key, manner, &kept).await;
            }
        });
        Self { url, key, requests, server }
    }

    /// All requests.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Bodies whose signature was right.
    pub fn taken(&self) -> Vec<Vec<u8>> {
        let mut requests = self.requests();
        requests.retain(|request| is_right(request, self.key));
        requests.into_iter().map(|request| request.body).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn is_right(request: &Request, key: &str) -> bool {
    let signature = request.header("x-xero-signature");
    integrations::xero::verify_delivery(key.as_bytes(), &request.body, signature)
}

async fn answer(mut stream: TcpStream, key: &str, manner: Manner, seen: &Mutex<Vec<Request>>) {
    let mut received = Vec::new();
    let request = loop {
        let mut chunk = [0; 4_096];
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        received.extend_from_slice(&chunk[..count]);
        if let Some(request) = whole(&received) {
            break request;
        }
    };
    let is_right = is_right(&request, key);
    seen.lock().unwrap().push(request);
    let (status, extra, text) = match manner {
        Manner::HangsUp => return,
        Manner::TakesAnything => ("200 OK", "", ""),
        _ if !is_right => ("401 Unauthorized", "", ""),
        Manner::Good => ("200 OK", "", ""),
        Manner::Talks => ("200 OK", "", "{}"),
        Manner::SetsCookie => ("200 OK", "set-cookie: a=b\r\n", ""),
    };
    let length = text.len();
    let reply = format!("HTTP/1.1 {status}\r\n{extra}content-length: {length}\r\nconnection: close\r\n\r\n{text}");
    stream.write_all(reply.as_bytes()).await.unwrap();
}

/// The request, once all of it is there.
fn whole(received: &[u8]) -> Option<Request> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let request = Request { head, body: received[end + 4..].to_vec() };
    let length: usize = request.header("content-length")?.parse().ok()?;
    (request.body.len() >= length).then_some(request)
}
