//! The demo tenant: an owner who signed up, and a member per role who came by invitation.

use super::stack::Stack;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const ROLES: [&str; 5] = ["admin", "manager", "expert", "vendor", "customer"];
/// A second expert, for there is no choice with one bid.
const SECOND_EXPERT: &str = "expert2";
const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

/// Who can log in.
pub struct Tenant {
    password: String,
    logins: Vec<(String, &'static str)>,
}

/// The tenant of this data, made when there is none yet.
pub fn demo(stack: &Stack, folder: &Path) -> Result<Tenant> {
    let mut logins = vec![("owner".to_owned(), "owner")];
    logins.extend(ROLES.map(|role| (role.to_owned(), role)));
    logins.push((SECOND_EXPERT.to_owned(), "expert"));
    let tenant = Tenant { password: stack.demo_password.clone(), logins };
    let made = folder.join("demo-tenant");
    if !made.exists() {
        tenant.make(stack)?;
        fs::write(&made, "made\n").context("noting that the demo tenant is made")?;
    }
    Ok(tenant)
}

impl Tenant {
    fn make(&self, stack: &Stack) -> Result<()> {
        let signup = json!({
            "tenant_name": "Demo", "name": "Demo owner", "email": email("owner"), "password": self.password,
        });
        let owner = post(stack, "/v1/auth/signup", None, &signup)?;
        let token = owner.get("access_token").and_then(Value::as_str).context("signing up gave no access token")?;
        let invited = || self.logins.iter().filter(|(_, role)| *role != "owner");
        for (who, role) in invited() {
            post(
                stack,
                "/v1/members",
                Some(token),
                &json!({ "email": email(who), "name": format!("Demo {who}"), "role": role }),
            )?;
        }
        for (who, _) in invited() {
            let accept =
                json!({ "token": invitation(stack, &email(who))?, "name": format!("Demo {who}"), "password": self.password });
            post(stack, "/v1/auth/accept-invite", None, &accept)?;
        }
        Ok(())
    }

    /// Who can log in, and how to begin.
    pub fn summary(&self, url: &str) -> String {
        let mut text = format!("\n  {:<25} {:<10} password\n", "login", "role");
        for (who, role) in &self.logins {
            text += &format!("  {:<25} {role:<10} {}\n", email(who), self.password);
        }
        let login = json!({ "email": email("manager"), "password": self.password });
        let lead = json!({ "category": "Roofing", "description": "A new roof for a barn" });
        text += &format!(
            "\n  TOKEN=$(curl -s {url}/v1/auth/login -H 'content-type: application/json' \\\n    -d '{login}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n  curl -s {url}/v1/leads -H \"authorization: Bearer $TOKEN\" \\\n    -H 'content-type: application/json' -d '{lead}'\n\n  `cargo xtask demo` in another terminal tells the main story. Ctrl-C stops everything."
        );
        text
    }
}

fn email(who: &str) -> String {
    format!("{who}@demo.example.com")
}

/// The token in the link that was mailed; the mail is sent by a job.
fn invitation(stack: &Stack, address: &str) -> Result<String> {
    let deadline = Instant::now() + MAIL_TIMEOUT;
    loop {
        let url = format!("{}/_control/mails?to={address}", stack.standins_url());
        let mut answer = stack.agent.get(url).call().context("reading mails")?;
        let mails: Value = serde_json::from_str(&answer.body_mut().read_to_string()?).context("reading mails")?;
        let link = mails.get("data").and_then(Value::as_array).and_then(|mails| mails.last()?.pointer("/links/0")?.as_str());
        if let Some((_, token)) = link.and_then(|link| link.split_once("token=")) {
            return Ok(token.split('&').next().unwrap_or(token).to_owned());
        }
        if Instant::now() > deadline {
            bail!("no invitation was mailed to {address}; the functions' log tells more");
        }
        stack.run_jobs();
    }
}

fn post(stack: &Stack, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let mut call = stack.agent.post(format!("{}{path}", stack.url)).header("content-type", "application/json");
    if let Some(token) = token {
        call = call.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = call.send(body.to_string()).with_context(|| format!("POST {path}"))?;
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    if !answer.status().is_success() {
        bail!("POST {path}: {} {text}", answer.status());
    }
    serde_json::from_str(&text).with_context(|| format!("POST {path}: not JSON"))
}
