//! The gateway as a process of its own, over HTTP with connections that are kept.

use super::engine::DATABASE;
use super::measure::{Contestant, Worker};
use super::work::{LISTED, TENANT, Work, existing, existing_of_many, id, lead, tenant};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use xtask::process::Process;
use xtask::workspace::Workspace;

const KEY: &str = "bench";
const TIME: Duration = Duration::from_secs(30);

pub struct Gateway {
    process: u32,
    address: SocketAddr,
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Gateway {
    /// Starts it; it ends with the process that is given along.
    pub fn start(workspace: &Workspace, file: &Path, log: &Path) -> Result<(Self, Process)> {
        let mut command = workspace.command(workspace.tool("gateway"));
        command.args(["--address", "127.0.0.1:0", "--quiet", "--embedded"]).arg(file);
        command.env("GATEWAY_KEYS", json!([{"key": KEY}]).to_string()).env_remove("MONGODB_URI");
        let mut process = Process::start(command, log)?;
        let address = process.wait_for(TIME, |line| {
            let told: Value = serde_json::from_str(line).ok()?;
            told.get("listening")?.as_str()?.strip_prefix("http://")?.parse().ok()
        })?;
        Ok((Self { process: process.id(), address }, process))
    }
}

impl Contestant for Gateway {
    fn worker(&self) -> Result<Box<dyn Worker + '_>> {
        let stream = TcpStream::connect(self.address).context("connecting to the gateway")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIME))?;
        Ok(Box::new(Connection { stream, read: Vec::with_capacity(64 * 1024) }))
    }

    fn process(&self) -> Option<u32> {
        Some(self.process)
    }
}

impl Worker for Connection {
    fn work(&mut self, work: Work, number: i32) -> Result<()> {
        let (action, body, least_bytes) = request(work, number);
        let body = body.to_string();
        let mut request = format!(
            "POST /v1/action/{action} HTTP/1.1\r\nhost: gateway\r\napi-key: {KEY}\r\ncontent-type: application/json\r\nx-partition: {TENANT}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        request.push_str(&body);
        self.stream.write_all(request.as_bytes())?;
        let (status, length) = self.answer()?;
        if !matches!(status, 200 | 201) || length < least_bytes {
            bail!("{action} answered {status} {}", String::from_utf8_lossy(&self.read));
        }
        Ok(())
    }
}

impl Connection {
    /// Reads one answer: its status and the length of its body.
    fn answer(&mut self) -> Result<(u16, usize)> {
        self.read.clear();
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let text = String::from_utf8_lossy(self.read.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .context("an answer of unknown length")?;
        while self.read.len() < head + length {
            self.more()?;
        }
        Ok((status, length))
    }

    fn more(&mut self) -> Result<()> {
        let mut buffer = [0; 32 * 1024];
        let read = self.stream.read(&mut buffer)?;
        if read == 0 {
            bail!("the gateway closed the connection");
        }
        self.read.extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(())
    }
}

/// The action, its body, and what an answer has to be as long as.
fn request(work: Work, number: i32) -> (&'static str, Value, usize) {
    let one = |number: i32| json!({"filter": {"_id": id(number), "tenant_id": tenant(number)}});
    let place = |mut body: Value, collection: &str| {
        if let Some(body) = body.as_object_mut() {
            body.insert("database".into(), DATABASE.into());
            body.insert("collection".into(), collection.into());
        }
        body
    };
    let list = json!({
        "filter": {"tenant_id": TENANT, "status": "open", "deleted_at": null}, "sort": {"created_at": -1, "_id": -1}, "limit": LISTED,
    });
    match work {
        Work::FindOne => ("findOne", place(one(existing(number)), "leads"), 200),
        Work::FindOneOfMany => ("findOne", place(one(existing_of_many(number)), "many"), 200),
        Work::List => ("find", place(list, "leads"), LISTED * 200),
        Work::ListOfMany => ("find", place(list, "many"), LISTED * 200),
        Work::InsertOne => ("insertOne", place(json!({"document": document(number)}), "inserts"), 1),
        Work::Transaction => ("transaction", transaction(number), 5 * 20),
        Work::Group => {
            let pipeline = json!([{"$group": {"_id": "$status", "n": {"$sum": 1}, "value": {"$sum": "$value"}}}]);
            ("aggregate", place(json!({"pipeline": pipeline}), "leads"), 60)
        }
    }
}

fn transaction(number: i32) -> Value {
    let update = |collection: &str, id: &str, update: Value| json!({"updateOne": {"collection": collection, "filter": {"_id": id}, "update": update, "expect": {"matchedCount": 1}}});
    json!({"database": DATABASE, "operations": [
        {"insertOne": {"collection": "inserts", "document": document(number)}},
        {"insertOne": {"collection": "events", "document": {"_id": format!("event_{number}"), "of": id(number), "kind": "created"}}},
        {"insertOne": {"collection": "jobs", "document": {"_id": format!("job_{number}"), "of": id(number), "due": number}}},
        update("leads", &id(existing(number)), json!({"$set": {"title": format!("Touched by {number}")}})),
        update("counters", "lead", json!({"$inc": {"value": 1}})),
    ]})
}

fn document(number: i32) -> Value {
    bson::Bson::Document(lead(number)).into_canonical_extjson()
}
