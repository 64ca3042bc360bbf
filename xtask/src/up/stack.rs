//! The processes of a run, and what is asked of them.

use super::options::{Options, Place};
use super::secrets::Secrets;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::Agent;
use xtask::manifest::Manifest;
use xtask::process::Process;
use xtask::runtime::{Running, Settings};
use xtask::workspace::Workspace;

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const DATA_API_PATH: &str = "/app/edgewise/endpoint/data/v1";
const DATABASE: &str = "edgewise";
/// Holds the keys of what the other one holds encrypted.
const KEYS_DATABASE: &str = "edgewise_keys";
// The stand-ins take this one.
const MAIL_API_KEY: &str = "re_standin";

/// What runs; the functions stop first and the gateway last.
pub struct Stack {
    /// The API.
    pub url: String,
    /// The password of the demo tenant's logins.
    pub demo_password: String,
    /// Makes HTTP calls.
    pub agent: Agent,
    runtime: Running,
    standins: (String, Process),
    gateway: (String, Process),
    lanes: Vec<String>,
    jobs_secret: String,
    admin_key: String,
}

impl Stack {
    /// Starts gateway, stand-ins and functions, one after the other.
    pub fn start(workspace: &Workspace, options: &Options, place: &Place, secrets: &Secrets) -> Result<Self> {
        let gateway = start_gateway(workspace, options, place, secrets)?;
        let standins = start_standins(workspace, place)?;
        let url = format!("http://127.0.0.1:{}", options.port);
        let vars = variables(&gateway.0, &standins.0, &url, secrets);
        let settings = Settings { vars, port: options.port, log: place.folder.join("functions.log") };
        let runtime = options.runtime.start(workspace, &settings)?;
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(CALL_TIMEOUT));
        Ok(Self {
            url: runtime.url.clone(),
            demo_password: secrets.demo_password.clone(),
            agent: config.build().into(),
            runtime,
            standins,
            gateway,
            lanes: Manifest::read(workspace)?.runners(),
            jobs_secret: secrets.jobs_secret.clone(),
            admin_key: secrets.admin_key.clone(),
        })
    }

    /// Creates the indexes of every collection; those that exist stay.
    pub fn create_indexes(&self, workspace: &Workspace) -> Result<()> {
        let path = workspace.root.join("xtask/indexes.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let requests: Vec<Value> = serde_json::from_str(&text).context("reading indexes.json")?;
        for mut request in requests {
            for (name, value) in [("dataSource", DATABASE), ("database", DATABASE)] {
                request.as_object_mut().context("an index request is an object")?.insert(name.to_owned(), json!(value));
            }
            let url = format!("{}{DATA_API_PATH}/action/createIndexes", self.gateway.0);
            let call = self.agent.post(url).header("api-key", &self.admin_key);
            let call = call.header("content-type", "application/json").header("accept", "application/json");
            let mut answer = call.send(request.to_string()).context("creating indexes")?;
            if !answer.status().is_success() {
                bail!("creating indexes: {}", answer.body_mut().read_to_string().unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Lets due jobs run in every lane, as a cron trigger would; what goes wrong is in the functions' log.
    pub fn run_jobs(&self) {
        for lane in &self.lanes {
            let call = self.agent.post(format!("{}/v1/{lane}/run", self.url));
            let _ = call.header("authorization", format!("Bearer {}", self.jobs_secret)).send_empty();
        }
    }

    /// Where the stand-ins are.
    pub fn standins_url(&self) -> &str {
        &self.standins.0
    }

    /// What has ended by itself, if anything has.
    pub fn ended(&mut self) -> Option<String> {
        let processes = [
            ("the gateway", &mut self.gateway.1),
            ("the stand-ins", &mut self.standins.1),
            ("the functions", &mut self.runtime.process),
        ];
        for (name, process) in processes {
            if !process.is_running() {
                return Some(format!("{name} ended; see {}", process.log().display()));
            }
        }
        None
    }

    /// Where things are.
    pub fn summary(&self, options: &Options) -> String {
        let folder = self.runtime.process.log().parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        let kept = if options.data.is_some() { "kept" } else { "removed at the end; --data DIR keeps them" };
        format!(
            "\n  API        {}\n  Data API   {}{DATA_API_PATH}\n  stand-ins  {}   (mails: GET /_control/mails)\n  data, logs {folder} ({kept})",
            self.url, self.gateway.0, self.standins.0
        )
    }
}

fn start_gateway(workspace: &Workspace, options: &Options, place: &Place, secrets: &Secrets) -> Result<(String, Process)> {
    let mut command = workspace.command(workspace.tool("gateway"));
    command.args(["--address", "127.0.0.1:0"]);
    match &options.mongodb {
        Some(uri) => command.env("MONGODB_URI", uri),
        None => {
            let keys = place.folder.join("edgewise.keys.db");
            command.arg("--apart").arg(format!("{KEYS_DATABASE}={}", keys.display()));
            command.arg("--embedded").arg(place.folder.join("edgewise.db"))
        }
    };
    let databases = [DATABASE, KEYS_DATABASE];
    let keys = json!([
        { "key": secrets.data_api_key, "databases": databases },
        { "key": secrets.admin_key, "databases": databases, "admin": true },
    ]);
    command.env("GATEWAY_KEYS", keys.to_string());
    let mut process = Process::start(command, &place.folder.join("gateway.log"))?;
    let url = process.wait_for(READY_TIMEOUT, |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line.get("listening")?.as_str().map(str::to_owned)
    });
    Ok((url.context("starting the gateway")?, process))
}

fn start_standins(workspace: &Workspace, place: &Place) -> Result<(String, Process)> {
    let mut command = workspace.command(workspace.tool("standins"));
    command.args(["--address", "127.0.0.1:0"]);
    let mut process = Process::start(command, &place.folder.join("standins.log"))?;
    let url = process.wait_for(READY_TIMEOUT, |line| line.starts_with("http://").then(|| line.trim().to_owned()));
    Ok((url.context("starting the stand-ins")?, process))
}

fn variables(gateway: &str, standins: &str, url: &str, secrets: &Secrets) -> BTreeMap<String, String> {
    let vars = [
        ("DATA_API_URL", format!("{gateway}{DATA_API_PATH}")),
        ("DATA_API_KEY", secrets.data_api_key.clone()),
        ("DATABASE", DATABASE.to_owned()),
        ("JWT_KEYS", secrets.jwt_keys.clone()),
        ("MASTER_KEY", secrets.master_key.clone()),
        ("JOBS_SECRET", secrets.jobs_secret.clone()),
        ("OPERATOR_SECRET", secrets.operator_secret.clone()),
        ("DNS_URL", standins.to_owned()),
        ("PUBLIC_URL", url.to_owned()),
        ("APP_URL", url.to_owned()),
        ("XERO_IDENTITY_URL", format!("{standins}/identity")),
        ("XERO_API_URL", standins.to_owned()),
        ("MAIL_API_URL", standins.to_owned()),
        ("MAIL_API_KEY", MAIL_API_KEY.to_owned()),
        ("MAIL_FROM", "Edgewise <no-reply@example.com>".to_owned()),
    ];
    vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
