//! Who makes the story's requests, and how they are told.

use crate::progress::say;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::Request;
use xtask::workspace::Workspace;

const WAIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(250);
const SHOWN: usize = 150;

/// What a running `up` leaves for others to find it by.
#[derive(Serialize, Deserialize)]
pub struct Note {
    /// The API.
    pub url: String,
    /// The stand-ins.
    pub standins: String,
    /// The password of the demo tenant's logins.
    pub password: String,
}

impl Note {
    fn path(workspace: &Workspace) -> PathBuf {
        workspace.root.join(".edgewise/up.json")
    }

    /// Leaves the note.
    pub fn leave(&self, workspace: &Workspace) -> Result<()> {
        let path = Self::path(workspace);
        fs::create_dir_all(path.parent().context("it is in a folder")?).context("making .edgewise")?;
        fs::write(path, serde_json::to_string(self)?).context("leaving a note of what runs")
    }

    /// Takes the note away.
    pub fn take_away(workspace: &Workspace) {
        // A note of something that no longer answers does no harm.
        let _ = fs::remove_file(Self::path(workspace));
    }

    /// Reads the note of a running `up`.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let text =
            fs::read_to_string(Self::path(workspace)).context("nothing runs; start `cargo xtask up` in another terminal")?;
        serde_json::from_str(&text).context("the note of what runs is damaged; start `cargo xtask up` anew")
    }
}

/// Makes requests and tells of them.
pub struct Client {
    note: Note,
    agent: Agent,
}

/// Somebody who is logged in.
pub struct Person<'a> {
    client: &'a Client,
    name: String,
    token: String,
}

impl Client {
    /// A client of what runs.
    pub fn new(note: Note) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(WAIT));
        Self { note, agent: config.build().into() }
    }

    /// Logs a member of the demo tenant in.
    pub fn login(&self, who: &str) -> Result<Person<'_>> {
        self.login_as(&format!("{who}@demo.example.com"), who)
    }

    /// Follows the invitation in a mail if there is one, and logs in.
    pub fn join(&self, address: &str, name: &str) -> Result<Person<'_>> {
        let first = name.split(' ').next().unwrap_or(name);
        if let Ok(person) = self.login_as(address, first) {
            return Ok(person);
        }
        let mails = format!("/_control/mails?to={address}");
        let link =
            self.until("the invitation", || Ok(self.standin("GET", &mails, &Value::Null)?.pointer("/data/0/links/0").cloned()))?;
        let token = link.as_str().and_then(|link| link.split("token=").nth(1)).context("the invitation has no token")?;
        let accept = json!({ "token": token, "name": name, "password": self.note.password });
        self.expect(first, None, "POST", "/v1/auth/accept-invite", &accept)?;
        self.login_as(address, first)
    }

    fn login_as(&self, address: &str, name: &str) -> Result<Person<'_>> {
        let login = json!({ "email": address, "password": self.note.password });
        let (status, body) = self.send(&self.note.url, None, "POST", "/v1/auth/login", &login)?;
        let token = body.get("access_token").and_then(Value::as_str);
        let token = token.with_context(|| format!("{address} cannot log in: {status} {body}"))?.to_owned();
        Ok(Person { client: self, name: name.to_owned(), token })
    }

    /// Asks the stand-ins.
    pub fn standin(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(&self.note.standins, None, method, path, body)?;
        if status >= 300 {
            bail!("stand-in {method} {path}: {status} {answer}");
        }
        if method == "POST" {
            say(&format!("  stand-in  {method} {path}"));
        }
        Ok(answer)
    }

    /// Asks until there is an answer.
    pub fn until<T>(&self, what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let deadline = Instant::now() + WAIT;
        while Instant::now() < deadline {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            std::thread::sleep(PAUSE);
        }
        bail!("{what} did not come within {} s", WAIT.as_secs())
    }

    fn expect(&self, who: &str, token: Option<&str>, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(&self.note.url, token, method, path, body)?;
        told(who, method, path, body, status, &answer);
        if status >= 300 {
            bail!("{method} {path}: {status} {answer}");
        }
        Ok(answer)
    }

    fn send(&self, base: &str, token: Option<&str>, method: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
        let mut request = Request::builder().method(method).uri(format!("{base}{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = if body.is_null() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.header("content-type", "application/json").body(body.to_string())?)
        };
        let mut answer = sent.with_context(|| format!("{method} {base}{path}"))?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default()))
    }
}

impl Person<'_> {
    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.client.expect(&self.name, Some(&self.token), "GET", path, &Value::Null)
    }

    /// Reads without telling.
    pub fn quietly(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.client.send(&self.client.note.url, Some(&self.token), "GET", path, &Value::Null)?;
        if status >= 300 {
            bail!("GET {path}: {status} {answer}");
        }
        Ok(answer)
    }

    /// Does something.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.client.expect(&self.name, Some(&self.token), "POST", path, body)
    }

    /// Does something if it can be done by now.
    pub fn try_post(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        let (status, answer) = self.client.send(&self.client.note.url, Some(&self.token), "POST", path, body)?;
        if status >= 500 {
            bail!("POST {path}: {status} {answer}");
        }
        if status >= 300 {
            return Ok(None);
        }
        told(&self.name, "POST", path, body, status, &answer);
        Ok(Some(answer))
    }

    /// Asks for what must be refused.
    pub fn refused(&self, method: &str, path: &str, expected: u16) -> Result<()> {
        let (status, answer) = self.client.send(&self.client.note.url, Some(&self.token), method, path, &Value::Null)?;
        told(&self.name, method, path, &Value::Null, status, &answer);
        if status != expected {
            bail!("{method} {path}: {status} and not {expected}");
        }
        Ok(())
    }
}

/// The text of a field.
pub fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value.get(field).and_then(Value::as_str).with_context(|| format!("no {field} in {value}"))
}

/// Secrets are not told.
fn told(who: &str, method: &str, path: &str, body: &Value, status: u16, answer: &Value) {
    let mut body = body.clone();
    for secret in ["credentials", "password", "token"] {
        if let Some(value) = body.get_mut(secret) {
            *value = "[secret]".into();
        }
    }
    let sent = if body.is_null() { String::new() } else { format!(" {}", shorten(&body.to_string())) };
    say(&format!("  {who:<9} {method} {path}{sent}"));
    let fields = ["reference", "status", "total", "detail", "seq", "content"];
    let shown: Vec<String> = fields.iter().filter_map(|field| Some(format!("{field} {}", answer.get(*field)?))).collect();
    say(&format!("            → {status} {}", shorten(&shown.join(", "))));
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
