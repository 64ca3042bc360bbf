//! The surface under `/_control`: what a person or a test in another process does with the stand-ins.

use crate::fault::{Fault, Service};
use crate::running::pay;
use crate::server::Shared;
use crate::typeform::{self, Variant};
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::xero::Books;
use crate::xero::webhook::{self, Notice};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ROUTES: &[&str] = &[
    "GET    /_control/settings",
    "GET    /_control/mails?to=<address>",
    "POST   /_control/mails/bounce {address}",
    "POST   /_control/dns {name, text}",
    "GET    /_control/calls?service=xero|identity|mail|dns",
    "GET    /_control/counters",
    "POST   /_control/faults {service, calls, fault: broken | drop-before | drop-after | {too-many: {retry_after_s}}}",
    "DELETE /_control/faults",
    "POST   /_control/clock {advance_ms}",
    "POST   /_control/reset",
    "GET    /_control/xero/contacts | quotes | invoices",
    "POST   /_control/xero/invoices/{id or number}/pay {amount?, notify?}",
    "POST   /_control/xero/tokens/revoke",
    "POST   /_control/xero/hold | release",
    "POST   /_control/xero/webhook {url, key, echo?}",
    "POST   /_control/xero/webhook/itr",
    "POST   /_control/xero/webhook/send {invoices, signature?, repeats?, separate?, reverse?}",
    "POST   /_control/xero/webhook/resend {reverse?}",
    "POST   /_control/typeform/send {url, secret, variant?, token?}",
];

pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call) -> Reply {
    let segments = call.segments();
    let path = segments.get(1..).unwrap_or_default();
    let outcome = match call.method {
        Method::GET => read(&*shared.world.lock().await, call, path),
        Method::POST => write(shared, call, path).await,
        Method::DELETE if path == ["faults"] => {
            shared.world.lock().await.faults.clear();
            Ok(json!({}))
        }
        _ => Err("not a route; GET /_control lists them".into()),
    };
    match outcome {
        Ok(body) => Reply::json(200, &body),
        Err(message) => Reply::json(400, &json!({"message": message})),
    }
}

fn read(world: &World, call: &Call, path: &[&str]) -> Result<Value, String> {
    match path {
        [] => Ok(json!({"routes": ROUTES})),
        ["settings"] => Ok(settings(world)),
        ["mails"] => {
            let to = call.query("to").unwrap_or("");
            let is_wanted = |mail: &&crate::Mail| mail.to.iter().any(|address| address.contains(to));
            Ok(json!({"data": world.mailbox.mails.iter().filter(is_wanted).collect::<Vec<_>>()}))
        }
        ["calls"] => {
            let service = call.query("service");
            let is_wanted = |call: &&crate::CallRecord| service.is_none_or(|wanted| json!(call.service) == wanted);
            Ok(json!({"data": world.calls.iter().filter(is_wanted).collect::<Vec<_>>()}))
        }
        ["counters"] => Ok(counters(world)),
        ["xero", "contacts"] => Ok(records(world, |books| &books.contacts)),
        ["xero", "quotes"] => Ok(records(world, |books| &books.quotes)),
        ["xero", "invoices"] => Ok(records(world, |books| &books.invoices)),
        _ => Err("not a route; GET /_control lists them".into()),
    }
}

async fn write(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Result<Value, String> {
    match path {
        ["faults"] => {
            let wanted: Wanted = input(call)?;
            shared.world.lock().await.faults.add(wanted.service, wanted.calls, wanted.fault);
        }
        ["mails", "bounce"] => {
            let wanted: Address = input(call)?;
            shared.world.lock().await.mailbox.bouncing.insert(wanted.address.to_lowercase());
        }
        ["dns"] => {
            let wanted: Record = input(call)?;
            shared.world.lock().await.zone.add(&wanted.name, &wanted.text);
        }
        ["clock"] => {
            let wanted: Advance = input(call)?;
            shared.world.lock().await.clock.advance(wanted.advance_ms);
        }
        ["reset"] => shared.world.lock().await.reset(),
        ["xero", "tokens", "revoke"] => shared.world.lock().await.xero.tokens.revoke_all(),
        ["xero", "hold"] => {
            shared.held.send_replace(true);
        }
        ["xero", "release"] => {
            shared.held.send_replace(false);
        }
        ["xero", "invoices", name, "pay"] => {
            let wanted: Payment = input(call)?;
            let (invoice, webhook) = pay(shared, name, wanted.amount.as_ref(), wanted.notify.unwrap_or(true)).await?;
            return Ok(json!({"invoice": invoice, "webhook": webhook}));
        }
        ["xero", "webhook"] => {
            let wanted: Registration = input(call)?;
            shared.world.lock().await.xero.webhook.register(&wanted.url, &wanted.key, wanted.echo);
        }
        ["xero", "webhook", "itr"] => return webhook::intent_to_receive(shared).await.map(|report| json!(report)),
        ["xero", "webhook", "send"] => {
            let notice: Notice = input(call)?;
            return webhook::notify(shared, &notice).await.map(|report| json!(report));
        }
        ["xero", "webhook", "resend"] => {
            let wanted: Order = input(call)?;
            return webhook::resend(shared, wanted.reverse).await.map(|report| json!(report));
        }
        ["typeform", "send"] => return send_form(shared, &input(call)?).await,
        _ => return Err("not a route; GET /_control lists them".into()),
    }
    Ok(json!({}))
}

/// An empty body is an empty object.
fn input<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    let body: &[u8] = if call.body.is_empty() { b"{}" } else { &call.body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn settings(world: &World) -> Value {
    let config = &world.config;
    let organisation = |books: &Books| json!({"tenant_id": books.organisation.tenant_id, "name": books.organisation.name});
    json!({
        "xero": {
            "client_id": config.client_id, "client_secret": config.client_secret, "refresh_token": config.refresh_token,
            "scopes": config.scopes, "organisations": world.xero.books.iter().map(organisation).collect::<Vec<_>>(),
        },
        "mail": {"key": config.mail_key},
    })
}

fn counters(world: &World) -> Value {
    let mut counters: BTreeMap<String, usize> = BTreeMap::new();
    for call in &world.calls {
        let is_id = |part: &&str| part.len() == 36 && part.matches('-').count() == 4;
        let parts: Vec<&str> = call.path.split('/').map(|part| if is_id(&part) { "{id}" } else { part }).collect();
        *counters.entry(format!("{} {} {}", call.method, parts.join("/"), call.status)).or_default() += 1;
    }
    json!(counters)
}

fn records(world: &World, pick: fn(&Books) -> &Vec<Value>) -> Value {
    json!({"data": world.xero.books.iter().flat_map(pick).collect::<Vec<_>>()})
}

async fn send_form(shared: &Shared, wanted: &Form) -> Result<Value, String> {
    let mut delivery = typeform::delivery(wanted.variant, &wanted.secret);
    if let Some(token) = &wanted.token {
        delivery = delivery.with_token(token, &wanted.secret);
    }
    let request = shared.client.post(&wanted.url).header("content-type", delivery.content_type);
    let request = request.header("typeform-signature", delivery.signature).body(delivery.body);
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    Ok(json!({"status": status, "body": answer.text().await.unwrap_or_default()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    service: Service,
    calls: usize,
    fault: Fault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    amount: Option<Value>,
    notify: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    url: String,
    key: String,
    #[serde(default)]
    echo: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    reverse: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    url: String,
    secret: String,
    #[serde(default)]
    variant: Variant,
    token: Option<String>,
}
