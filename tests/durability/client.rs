//! One client of the Data API with its kept connection.

use std::time::Duration;

use serde_json::{Value, json};

pub const KEY: &str = "durability";
const DATABASE: &str = "durability";
const TIMEOUT: Duration = Duration::from_secs(20);
const PAGE: usize = 10_000;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// What came back: the status and the body.
pub type Answer = (u16, Value);

impl Client {
    pub fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap();
        Self { http, url: url.to_owned() }
    }

    /// An answer, or nothing where the connection ended before one.
    pub async fn try_act(&self, action: &str, mut body: Value) -> Option<Answer> {
        body["database"] = json!(DATABASE);
        let request = self.http.post(format!("{}/action/{action}", self.url)).header("api-key", KEY);
        let response = request.header("content-type", "application/json").body(body.to_string()).send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap()))
    }

    /// A success's body.
    pub async fn act(&self, action: &str, body: Value) -> Value {
        let (status, answer) = self.try_act(action, body).await.expect("the gateway answers");
        assert!(status < 300, "{action}: {status} {answer}");
        answer
    }

    /// Every document of a collection in the order of `_id`.
    pub async fn all(&self, collection: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let filter = all.last().map_or(json!({}), |last| json!({"_id": {"$gt": last["_id"]}}));
            let page = json!({"collection": collection, "filter": filter, "sort": {"_id": 1}, "limit": PAGE});
            let mut answer = self.act("find", page).await;
            let Value::Array(page) = answer["documents"].take() else { panic!("find answers documents") };
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return all;
            }
        }
    }
}
