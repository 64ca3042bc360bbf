//! Callers: who sends requests over HTTP, and what they get.

use reqwest::Method;
use serde_json::Value;

use crate::contract;

/// Somebody who calls the API, with or without a token.
#[derive(Clone)]
pub struct Caller {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// A request that is about to be sent.
pub struct Request {
    builder: reqwest::RequestBuilder,
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
    /// The body as JSON; null when it is not.
    pub json: Value,
}

impl Caller {
    pub(crate) fn new(client: reqwest::Client, url: &str, token: Option<&str>) -> Self {
        Self { client, url: url.to_owned(), token: token.map(str::to_owned) }
    }

    /// The same with this access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request of any method.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut builder = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token);
        }
        Request { builder }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answered {
        self.request("GET", path).send().await
    }

    /// Does something.
    pub fn post(&self, path: &str, body: Value) -> Request {
        self.request("POST", path).json(&body)
    }

    /// Changes something.
    pub fn patch(&self, path: &str, body: Value) -> Request {
        self.request("PATCH", path).json(&body)
    }

    /// Deletes something.
    pub async fn delete(&self, path: &str) -> Answered {
        self.request("DELETE", path).send().await
    }
}

impl Request {
    /// With a header.
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        Self { builder: self.builder.header(name, value.as_ref()) }
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With any body.
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.header("content-type", content_type).body(body) }
    }

    /// As if it were this time.
    pub fn at(self, time: domain::Time) -> Self {
        self.header("x-test-now", time.ms().to_string())
    }

    /// Sends it and reads the whole answer; a cut connection is an error.
    pub async fn try_send(self) -> Result<Answered, reqwest::Error> {
        let (client, request) = self.builder.build_split();
        let request = request?;
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        let answered = Answered { status, headers, text, json };
        contract::check(&method, &path, &answered);
        Ok(answered)
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Answered {
        self.try_send().await.unwrap()
    }

    /// Sends it and leaves the body to be read as it comes.
    pub async fn stream(self) -> reqwest::Response {
        self.builder.send().await.unwrap()
    }
}

impl Answered {
    /// The same, when the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `id` of the record that came back.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text)).to_owned()
    }

    /// The code of the problem that came back.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// Where the problem is: the pointers and parameters of its errors.
    pub fn places(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).map(str::to_owned);
        errors.iter().filter_map(place).collect()
    }
}
