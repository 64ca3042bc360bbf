//! The cases of `tests/data-api` over HTTP: on the embedded engine, and on MongoDB where `MONGODB_URI` names one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use gateway::Config;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::support::{self, ACTIONS, Client};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    action: String,
    #[serde(default = "admin")]
    key: Option<String>,
    accept: Option<String>,
    /// The request; a database of the case's own is added where none is named.
    body: Option<Map<String, Value>>,
    /// The request as it stands, instead of `body`.
    raw: Option<String>,
    status: u16,
    /// The answer; `<string>` stands for any string, `<objectId>` for an ObjectId, `~text` for one that holds the text.
    answer: Option<Value>,
    /// The answer to the letter.
    text: Option<String>,
}

fn admin() -> Option<String> {
    Some("admin".into())
}

/// Why a server deviates from MongoDB in a case, by the case's name.
type Deviations = BTreeMap<String, String>;

#[tokio::test]
async fn fixtures_on_the_embedded_engine() {
    check(support::config(), &Deviations::new()).await;
}

#[tokio::test]
async fn fixtures_on_mongodb() {
    let Some(config) = support::mongodb("fixtures_on_mongodb") else { return };
    check(config, &deviations()).await;
}

/// Those of the server that `MONGODB_DEVIATIONS` names; MongoDB itself has none.
fn deviations() -> Deviations {
    let Ok(server) = std::env::var("MONGODB_DEVIATIONS") else { return Deviations::new() };
    let path = folder().join(format!("deviations/{server}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn check(config: Config, deviations: &Deviations) {
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let mut faults = Vec::new();
    let cases = cases();
    for (number, (file, case)) in cases.iter().enumerate() {
        let database = format!("fixtures_{}_{number}", std::process::id());
        let fault = case.fault(&mut client, &database).await;
        match (fault, deviations.get(&case.name)) {
            (Some(fault), None) => faults.push(format!("{file}: {}, {fault}", case.name)),
            (None, Some(reason)) => faults.push(format!("{file}: {} holds now, so it deviates no more: {reason}", case.name)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    running.shutdown().await;
    let is_case = |name: &String| cases.iter().any(|(_, case)| case.name == *name);
    faults.extend(deviations.keys().filter(|name| !is_case(name)).map(|name| format!("{name} is no case that could deviate")));
    assert!(cases.len() > 30, "only {} cases were found", cases.len());
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data-api")
}

fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    let entries = std::fs::read_dir(folder()).expect("the fixtures are there");
    for path in entries.map(|entry| entry.expect("a folder can be read").path()).filter(|path| path.is_file()) {
        let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a fixture can be read");
        let list: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        cases.extend(list.into_iter().map(|case| (file.clone(), case)));
    }
    cases.sort_by(|one, other| one.0.cmp(&other.0));
    cases
}

impl Case {
    /// The first step that is not answered as it should be.
    async fn fault(&self, client: &mut Client, database: &str) -> Option<String> {
        for (position, step) in self.steps.iter().enumerate() {
            if let Err(fault) = step.check(client, database).await {
                return Some(format!("step {position}: {fault}"));
            }
        }
        None
    }
}

impl Step {
    async fn check(&self, client: &mut Client, database: &str) -> Result<(), String> {
        let path = format!("{ACTIONS}{}", self.action);
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.key.as_ref().map(|key| ("api-key", key.as_str())));
        headers.extend(self.accept.as_ref().map(|accept| ("accept", accept.as_str())));
        let answer = client.request("POST", &path, &headers, &self.request(database)).await;
        if answer.status != self.status {
            return Err(format!("{} answered {} {}", self.action, answer.status, answer.text));
        }
        if let Some(text) = &self.text
            && *text != answer.text
        {
            return Err(format!("{} answered {}", self.action, answer.text));
        }
        match &self.answer {
            Some(expected) if !is_match(expected, &answer.json()) => Err(format!("{} answered {}", self.action, answer.text)),
            _ => Ok(()),
        }
    }

    fn request(&self, database: &str) -> String {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut body = self.body.clone().unwrap_or_default();
        body.entry("dataSource").or_insert("test".into());
        body.entry("database").or_insert(database.into());
        Value::Object(body).to_string()
    }
}

fn is_match(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(pattern), Value::String(text)) => match pattern.as_str() {
            "<string>" => true,
            "<objectId>" => text.len() == 24 && text.chars().all(|digit| digit.is_ascii_hexdigit()),
            _ => pattern.strip_prefix('~').map_or(pattern == text, |part| text.contains(part)),
        },
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| is_match(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| is_match(value, found)))
        }
        _ => expected == found,
    }
}
