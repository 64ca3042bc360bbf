//! A mail API of Resend's shape that keeps what it is given instead of delivering it.

use crate::wire::{Call, Reply};
use crate::world::{Ids, World};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

const KEY_LIMIT: usize = 256;
const KEY_LASTS_MS: i64 = 24 * 3_600 * 1_000;
const FIELDS: &[&str] =
    &["from", "to", "subject", "text", "html", "cc", "bcc", "reply_to", "headers", "tags", "attachments", "scheduled_at"];

/// A mail as it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// As answered.
    pub id: String,
    /// The sender.
    pub from: String,
    /// All of `to`.
    pub to: Vec<String>,
    /// Its heading.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
    /// URLs in the plain part, such as an invitation's.
    pub links: Vec<String>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// An earlier mail of the same recipients, subject and text under another key: sent twice by mistake.
    pub duplicate_of: Option<String>,
    /// What became of it: `email.sent`, then `email.delivered`, `email.bounced` or `email.suppressed`.
    pub events: Vec<&'static str>,
    /// When it was taken.
    pub at_ms: i64,
}

/// All mails, and what their sender may not repeat.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) mails: Vec<Mail>,
    keys: HashMap<String, Kept>,
    /// Addresses that bounce; a bounce suppresses the address.
    pub(crate) bouncing: HashSet<String>,
    suppressed: HashSet<String>,
    ids: Option<Ids>,
}

struct Kept {
    body: Vec<u8>,
    id: String,
    at_ms: i64,
}

/// The reply, and whether it repeats an earlier one.
pub(crate) fn answer(world: &mut World, call: &Call) -> (Reply, bool) {
    match take(world, call) {
        Ok((id, replayed)) => (Reply::json(200, &json!({"id": id})), replayed),
        Err(reply) => (reply, false),
    }
}

fn take(world: &mut World, call: &Call) -> Result<(String, bool), Reply> {
    if call.path != "/emails" {
        return Err(refusal(404, "not_found", "The requested endpoint does not exist."));
    }
    if call.method != Method::POST {
        return Err(refusal(405, "method_not_allowed", "Method is not allowed for the requested path."));
    }
    match call.bearer() {
        None => return Err(refusal(401, "missing_api_key", "Missing API key in the authorization header.")),
        Some(key) if key != world.config.mail_key => {
            return Err(refusal(403, "invalid_api_key", "API key is invalid."));
        }
        Some(_) => {}
    }
    let key = call.header("idempotency-key");
    if key.is_some_and(|key| key.is_empty() || key.len() > KEY_LIMIT) {
        return Err(refusal(400, "invalid_idempotency_key", "The key must be between 1-256 chars."));
    }
    let mut mail = read(call, world.config.mail_recipients)?;
    mail.at_ms = world.clock.now_ms();
    world.mailbox.put(mail, key, &call.body)
}

impl Mailbox {
    fn put(&mut self, mut mail: Mail, key: Option<&str>, body: &[u8]) -> Result<(String, bool), Reply> {
        let kept = key.and_then(|key| self.keys.get(key));
        if let Some(kept) = kept.filter(|kept| mail.at_ms - kept.at_ms < KEY_LASTS_MS) {
            if kept.body == body {
                return Ok((kept.id.clone(), true));
            }
            let message = "Same idempotency key used with a different request payload.";
            return Err(refusal(409, "invalid_idempotent_request", message));
        }
        let is_twin = |other: &&Mail| other.to == mail.to && other.subject == mail.subject && other.text == mail.text;
        mail.duplicate_of = self.mails.iter().find(is_twin).map(|other| other.id.clone());
        mail.id = self.ids.get_or_insert_with(Ids::new).guid();
        mail.idempotency_key = key.map(str::to_owned);
        mail.events = self.fate(&mail.to);
        let id = mail.id.clone();
        if let Some(key) = key {
            let kept = Kept { body: body.to_vec(), id: id.clone(), at_ms: mail.at_ms };
            self.keys.insert(key.to_owned(), kept);
        }
        self.mails.push(mail);
        Ok((id, false))
    }

    fn fate(&mut self, to: &[String]) -> Vec<&'static str> {
        let addresses: Vec<String> = to.iter().map(|recipient| address(recipient).to_lowercase()).collect();
        if addresses.iter().any(|address| self.suppressed.contains(address)) {
            return vec!["email.suppressed"];
        }
        let bounced: Vec<String> = addresses.into_iter().filter(|it| self.bouncing.contains(it)).collect();
        if bounced.is_empty() {
            return vec!["email.sent", "email.delivered"];
        }
        self.suppressed.extend(bounced);
        vec!["email.sent", "email.bounced"]
    }
}

fn read(call: &Call, recipient_limit: usize) -> Result<Mail, Reply> {
    if !call.has_media_type("content-type", "application/json") {
        return Err(refusal(422, "validation_error", "The body is not declared as JSON."));
    }
    let Some(Value::Object(body)) = call.json() else {
        return Err(refusal(422, "validation_error", "The body is not a JSON object."));
    };
    if let Some(unknown) = body.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(refusal(422, "validation_error", &format!("Unknown field `{unknown}`.")));
    }
    let from = required(&body, "from")?;
    let subject = required(&body, "subject")?;
    if subject.contains(['\r', '\n']) {
        return Err(refusal(422, "validation_error", "The `subject` must be one line."));
    }
    let recipients = |name: &str| match body.get(name) {
        None => Ok(Vec::new()),
        Some(value) => addresses(value).ok_or_else(|| {
            let message = format!("Invalid `{name}` field. Addresses are `email@example.com` or `Name <email@example.com>`.");
            refusal(422, "validation_error", &message)
        }),
    };
    let (to, cc, bcc) = (recipients("to")?, recipients("cc")?, recipients("bcc")?);
    if to.is_empty() {
        return Err(refusal(422, "missing_required_field", "Missing `to` field."));
    }
    if to.len() + cc.len() + bcc.len() > recipient_limit {
        return Err(refusal(422, "validation_error", "Too many recipients."));
    }
    if !is_address(&from) {
        return Err(refusal(422, "invalid_from_address", "Invalid `from` field."));
    }
    let part = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (text, html) = (part("text"), part("html"));
    if text.is_none() && html.is_none() {
        return Err(refusal(422, "missing_required_field", "Missing `html` or `text` field."));
    }
    let text = text.unwrap_or_default();
    Ok(Mail {
        id: String::new(),
        links: links(&text),
        from,
        to,
        subject,
        text,
        html,
        idempotency_key: None,
        duplicate_of: None,
        events: Vec::new(),
        at_ms: 0,
    })
}

fn required(body: &Map<String, Value>, name: &str) -> Result<String, Reply> {
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let missing = || refusal(422, "missing_required_field", &format!("Missing `{name}` field."));
    text.map(str::to_owned).ok_or_else(missing)
}

fn addresses(value: &Value) -> Option<Vec<String>> {
    let valid = |value: &Value| value.as_str().filter(|text| is_address(text)).map(str::to_owned);
    match value {
        Value::Array(items) => items.iter().map(valid).collect(),
        other => Some(vec![valid(other)?]),
    }
}

fn is_address(text: &str) -> bool {
    let address = address(text);
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c);
    match address.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && !address.contains(is_odd)
                && !text.contains(['\r', '\n'])
        }
        None => false,
    }
}

/// The address in `Name <address>`, or the whole.
fn address(text: &str) -> &str {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(text)
}

fn links(text: &str) -> Vec<String> {
    let is_url = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let ends = |c: char| ".,;:!?)>\"'".contains(c);
    let words = text.split(|c: char| c.is_whitespace() || c == '<' || c == '(');
    words.filter(is_url).map(|word| word.trim_end_matches(ends).to_owned()).collect()
}

fn refusal(status: u16, name: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"statusCode": status, "name": name, "message": message}))
}
