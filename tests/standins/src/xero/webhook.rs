//! Xero's webhooks: intent-to-receive rounds, events, repeats and forgeries, each answer judged.

use super::documents::find;
use super::rules::INVOICE;
use crate::clock::zoneless;
use crate::server::Shared;
use crate::wire::{Call, Reply};
use crate::world::World;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac_sha256::HMAC;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Xero waits no longer for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
const SENT_LIMIT: usize = 1_000;

/// Where webhooks go, and what went there.
#[derive(Default)]
pub(crate) struct Sender {
    target: Option<Target>,
    sequence: u64,
    sent: Vec<Vec<u8>>,
    waiting: Vec<Value>,
}

#[derive(Clone)]
struct Target {
    url: String,
    key: String,
    /// Whether changes made through the API are told as well, as Xero does.
    echo: bool,
}

/// How a delivery is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// Over the body, with the key: the answer must be 200.
    #[default]
    Good,
    /// With another key: the answer must be 401, as for the next two.
    Bad,
    /// Over another body.
    Tampered,
    /// Without the header.
    Missing,
}

/// What to tell.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notice {
    /// Invoices that changed, by id or number; their last change is told.
    pub invoices: Vec<String>,
    /// How it is signed.
    pub signature: Signature,
    /// How often each delivery is made beyond the first.
    pub repeats: usize,
    /// One delivery for each event instead of one for all.
    pub separate: bool,
    /// The last first.
    pub reverse: bool,
}

/// What the receiver did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong with any round.
    pub ok: bool,
    /// One for each POST, in order.
    pub rounds: Vec<Round>,
}

/// One POST and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// How it was signed.
    pub signature: Signature,
    /// 200 or 401.
    pub expected_status: u16,
    /// 0 when there was none.
    pub status: u16,
    /// Until the whole answer was there.
    pub elapsed_ms: u64,
    /// Must be 0.
    pub body_bytes: usize,
    /// Must be false.
    pub sets_cookie: bool,
    /// What Xero would object to.
    pub problems: Vec<String>,
}

impl Sender {
    pub(crate) fn register(&mut self, url: &str, key: &str, echo: bool) {
        self.target = Some(Target { url: url.into(), key: key.into(), echo });
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.target.is_some()
    }

    fn body(&mut self, events: &[Value], entropy: &str) -> Vec<u8> {
        let first = if events.is_empty() { 0 } else { self.sequence + 1 };
        self.sequence += u64::try_from(events.len()).unwrap_or_default();
        let last = if events.is_empty() { 0 } else { self.sequence };
        let body = json!({"events": events, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy});
        body.to_string().into_bytes()
    }

    fn keep(&mut self, body: &[u8]) {
        if self.sent.len() < SENT_LIMIT {
            self.sent.push(body.to_vec());
        }
    }
}

/// Rounds without events, as when a webhook is switched on.
pub(crate) async fn intent_to_receive(shared: &Shared) -> Result<Report, String> {
    let mut posts = Vec::new();
    for signature in [Signature::Good, Signature::Bad, Signature::Good, Signature::Tampered, Signature::Missing] {
        let mut world = shared.world.lock().await;
        let entropy = world.xero.ids.guid();
        posts.push((world.xero.webhook.body(&[], &entropy), signature));
    }
    deliver(shared, posts).await
}

/// Tells of changed invoices.
pub(crate) async fn notify(shared: &Shared, notice: &Notice) -> Result<Report, String> {
    let posts = prepare(&mut *shared.world.lock().await, notice)?;
    deliver(shared, posts).await
}

/// Makes all earlier deliveries again, byte for byte.
pub(crate) async fn resend(shared: &Shared, reverse: bool) -> Result<Report, String> {
    let mut sent = shared.world.lock().await.xero.webhook.sent.clone();
    if reverse {
        sent.reverse();
    }
    deliver(shared, sent.into_iter().map(|body| (body, Signature::Good)).collect()).await
}

/// Remembers what a call of the API changed, if the receiver wants to hear of it.
pub(crate) fn echo(world: &mut World, call: &Call, reply: &Reply) -> bool {
    let wants = world.xero.webhook.target.as_ref().is_some_and(|target| target.echo);
    let (wrapper, id_field, category) = match call.segments().get(2) {
        Some(&"Invoices") => ("Invoices", "InvoiceID", "INVOICE"),
        Some(&"Contacts") => ("Contacts", "ContactID", "CONTACT"),
        _ => return false,
    };
    if !wants || call.method == Method::GET || reply.status != 200 {
        return false;
    }
    let kind = if call.method == Method::PUT { "CREATE" } else { "UPDATE" };
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let tenant_id = call.header("xero-tenant-id").unwrap_or("");
    let at_ms = world.clock.now_ms();
    for record in body.get(wrapper).and_then(Value::as_array).into_iter().flatten() {
        if let Some(id) = record.get(id_field).and_then(Value::as_str) {
            world.xero.webhook.waiting.push(event(tenant_id, category, wrapper, id, kind, at_ms));
        }
    }
    true
}

/// Delivers what [`echo`] remembered.
pub(crate) async fn flush(shared: Arc<Shared>) {
    let post = {
        let mut world = shared.world.lock().await;
        let events = std::mem::take(&mut world.xero.webhook.waiting);
        if events.is_empty() {
            return;
        }
        let entropy = world.xero.ids.guid();
        let body = world.xero.webhook.body(&events, &entropy);
        world.xero.webhook.keep(&body);
        body
    };
    // Nobody waits for this report; the calls are the receiver's to answer.
    let _ = deliver(&shared, vec![(post, Signature::Good)]).await;
}

fn prepare(world: &mut World, notice: &Notice) -> Result<Vec<(Vec<u8>, Signature)>, String> {
    let mut events = Vec::new();
    for name in &notice.invoices {
        events.push(invoice_event(world, name).ok_or_else(|| format!("there is no invoice {name}"))?);
    }
    let groups: Vec<Vec<Value>> =
        if notice.separate { events.into_iter().map(|event| vec![event]).collect() } else { vec![events] };
    let mut posts = Vec::new();
    for group in groups {
        let entropy = world.xero.ids.guid();
        let body = world.xero.webhook.body(&group, &entropy);
        if notice.signature == Signature::Good {
            world.xero.webhook.keep(&body);
        }
        posts.extend(std::iter::repeat_n((body, notice.signature), notice.repeats + 1));
    }
    if notice.reverse {
        posts.reverse();
    }
    Ok(posts)
}

fn invoice_event(world: &mut World, name: &str) -> Option<Value> {
    for books in &mut world.xero.books {
        let tenant_id = books.organisation.tenant_id.clone();
        if let Some(invoice) = find(books, &INVOICE, name) {
            let id = invoice.get("InvoiceID")?.as_str()?;
            let updated = invoice.get("UpdatedDateUTC")?.as_str()?;
            let at_ms = updated.strip_prefix("/Date(")?.split('+').next()?.parse().ok()?;
            return Some(event(&tenant_id, "INVOICE", "Invoices", id, "UPDATE", at_ms));
        }
    }
    None
}

fn event(tenant_id: &str, category: &str, collection: &str, id: &str, kind: &str, at_ms: i64) -> Value {
    json!({
        "resourceUrl": format!("https://api.xero.com/api.xro/2.0/{collection}/{id}"), "resourceId": id,
        "eventDateUtc": zoneless(at_ms), "eventType": kind, "eventCategory": category, "tenantId": tenant_id,
        "tenantType": "ORGANISATION",
    })
}

async fn deliver(shared: &Shared, posts: Vec<(Vec<u8>, Signature)>) -> Result<Report, String> {
    let target = shared.world.lock().await.xero.webhook.target.clone();
    let target = target.ok_or("no webhook is registered")?;
    let mut rounds = Vec::new();
    for (body, signature) in posts {
        rounds.push(post(&shared.client, &target, body, signature).await);
    }
    Ok(Report { ok: rounds.iter().all(|round| round.problems.is_empty()), rounds })
}

async fn post(client: &reqwest::Client, target: &Target, body: Vec<u8>, signature: Signature) -> Round {
    let mut request = client.post(&target.url).timeout(PATIENCE).header("content-type", "application/json; charset=utf-8");
    let signed = |key: &[u8], body: &[u8]| STANDARD.encode(HMAC::mac(body, key));
    let header = match signature {
        Signature::Good => Some(signed(target.key.as_bytes(), &body)),
        Signature::Bad => Some(signed(b"another key", &body)),
        Signature::Tampered => Some(signed(target.key.as_bytes(), &[body.as_slice(), b" "].concat())),
        Signature::Missing => None,
    };
    if let Some(header) = header {
        request = request.header("x-xero-signature", header);
    }
    let started = Instant::now();
    let answer = request.body(body).send().await;
    let (status, sets_cookie, body_bytes) = match answer {
        Ok(answer) => {
            let (status, sets_cookie) = (answer.status().as_u16(), answer.headers().contains_key("set-cookie"));
            (status, sets_cookie, answer.bytes().await.map_or(0, |body| body.len()))
        }
        Err(_) => (0, false, 0),
    };
    judge(Round {
        signature,
        expected_status: if signature == Signature::Good { 200 } else { 401 },
        status,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        body_bytes,
        sets_cookie,
        problems: Vec::new(),
    })
}

fn judge(mut round: Round) -> Round {
    let late = u128::from(round.elapsed_ms) >= PATIENCE.as_millis();
    for (is_wrong, problem) in [
        (round.status == 0, "there was no answer".to_owned()),
        (round.status != round.expected_status, format!("{} instead of {}", round.status, round.expected_status)),
        (late, format!("{} ms is not within 5 s", round.elapsed_ms)),
        (round.body_bytes > 0, format!("the body has {} bytes instead of none", round.body_bytes)),
        (round.sets_cookie, "the answer sets a cookie".to_owned()),
    ] {
        if is_wrong {
            round.problems.push(problem);
        }
    }
    round
}
