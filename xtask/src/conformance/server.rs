//! The gateway that is judged: one in this process over a temporary database, or one at a URL.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use ureq::Agent;

/// Where the actions are.
pub struct Server {
    url: String,
    key: String,
    own: Option<(tokio::runtime::Runtime, gateway::Running)>,
}

/// One client with its kept connection.
pub struct Client {
    agent: Agent,
    url: String,
    key: String,
}

/// What an action answered, in canonical Extended JSON.
pub struct Answer {
    pub is_success: bool,
    pub body: Map<String, Value>,
}

impl Server {
    pub fn remote(url: String, key: String) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), key, own: None }
    }

    pub fn in_process() -> Result<Self> {
        const KEY: &str = "conformance";
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            // Documents nested to the limit are read and written recursively.
            .thread_stack_size(super::STACK_BYTES)
            .build()?;
        let running = runtime.block_on(gateway::start(gateway::Config::temporary(KEY))).context("the gateway does not start")?;
        Ok(Self { url: running.url("conformance"), key: KEY.to_owned(), own: Some((runtime, running)) })
    }

    pub fn client(&self) -> Client {
        let agent = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIME)).build().into();
        Client { agent, url: self.url.clone(), key: self.key.clone() }
    }

    pub fn stop(self) {
        if let Some((runtime, running)) = self.own {
            runtime.block_on(running.shutdown());
        }
    }
}

const TIME: Duration = Duration::from_secs(60);
const ANSWER_BYTES: u64 = 256 * 1024 * 1024;

impl Client {
    pub fn act(&self, action: &str, body: Map<String, Value>) -> Result<Answer> {
        let sending = self
            .agent
            .post(format!("{}/action/{action}", self.url))
            .header("api-key", &self.key)
            .header("content-type", "application/ejson")
            .header("accept", "application/ejson");
        let mut response = sending.send(Value::Object(body).to_string())?;
        let is_success = response.status().is_success();
        let text = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_string()?;
        let mut json = serde_json::Deserializer::from_str(&text);
        json.disable_recursion_limit();
        let body = Map::deserialize(&mut json).with_context(|| format!("{action} answered no JSON object"))?;
        Ok(Answer { is_success, body })
    }
}
