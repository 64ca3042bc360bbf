//! Xero: tokens, the accounting API and its webhooks.

mod access;
mod amount;
mod contacts;
mod documents;
pub(crate) mod identity;
mod limits;
mod lists;
pub(crate) mod payment;
mod pdf;
mod replay;
mod rules;
pub(crate) mod webhook;
mod xml;

use crate::config::{Config, Organisation};
use crate::server::Shared;
use crate::wire::{Call, Reply};
use crate::world::{Ids, World};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// Xero's state.
pub(crate) struct Xero {
    pub(crate) ids: Ids,
    pub(crate) tokens: identity::Tokens,
    pub(crate) limits: limits::Counts,
    pub(crate) replays: replay::Replays,
    pub(crate) books: Vec<Books>,
    pub(crate) webhook: webhook::Sender,
}

/// One organisation's records, as Xero shows them.
pub(crate) struct Books {
    pub(crate) organisation: Organisation,
    pub(crate) contacts: Vec<Value>,
    pub(crate) quotes: Vec<Value>,
    pub(crate) invoices: Vec<Value>,
}

impl Xero {
    pub(crate) fn new(config: &Config) -> Self {
        let books = |organisation: &Organisation| Books {
            organisation: organisation.clone(),
            contacts: Vec::new(),
            quotes: Vec::new(),
            invoices: Vec::new(),
        };
        Self {
            ids: Ids::new(),
            tokens: identity::Tokens::new(&config.refresh_token),
            limits: limits::Counts::default(),
            replays: replay::Replays::default(),
            books: config.organisations.iter().map(books).collect(),
            webhook: webhook::Sender::default(),
        }
    }
}

/// The reply, and whether an earlier one was given again.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call) -> (Reply, bool) {
    let admitted = access::admit(&mut *shared.world.lock().await, call);
    let (mut reply, replayed) = match admitted {
        Err(refused) => (refused, false),
        Ok(admitted) => {
            let mut held = shared.held.subscribe();
            // Fails only when the stand-in is going away.
            let _ = held.wait_for(|held| !held).await;
            let mut world = shared.world.lock().await;
            let (reply, replayed) = replay::once(&mut world, call, &admitted, route);
            if !replayed && webhook::echo(&mut world, call, &reply) {
                tokio::spawn(webhook::flush(Arc::clone(shared)));
            }
            (reply, replayed)
        }
    };
    let world = shared.world.lock().await;
    reply.headers.extend(limits::headers(&world, call.header("xero-tenant-id")));
    (xml::unless_json(call, reply), replayed)
}

fn route(world: &mut World, call: &Call, books: usize) -> Reply {
    let segments = call.segments();
    let segments: &[&str] = &segments;
    match segments {
        ["connections"] if call.method == Method::GET => identity::connections(world, call),
        ["api.xro", "2.0", "Contacts", rest @ ..] => contacts::answer(world, call, books, rest),
        ["api.xro", "2.0", "Quotes", rest @ ..] => documents::answer(world, call, books, &rules::QUOTE, rest),
        ["api.xro", "2.0", "Invoices", rest @ ..] => documents::answer(world, call, books, &rules::INVOICE, rest),
        _ => not_found(),
    }
}

pub(crate) fn not_found() -> Reply {
    Reply::json(404, &json!({"Title": "NotFound", "Status": 404, "Detail": "The resource you're looking for cannot be found"}))
}

/// What Xero answers to a request that breaks its rules.
pub(crate) fn invalid(messages: &[String], record: Option<&Value>) -> Reply {
    let errors: Vec<Value> = messages.iter().map(|message| json!({"Message": message})).collect();
    let mut element = record.cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
    if let Some(fields) = element.as_object_mut() {
        fields.insert("ValidationErrors".into(), errors.into());
    }
    let body = json!({
        "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
        "Elements": [element],
    });
    Reply::json(400, &body)
}

/// What Xero answers to a body it cannot read.
pub(crate) fn unreadable(message: &str) -> Reply {
    Reply::json(400, &json!({"ErrorNumber": 17, "Type": "PostDataInvalidException", "Message": message}))
}

/// The records of a write: `{"Quotes":[…]}`, or one alone.
pub(crate) fn records(call: &Call, wrapper: &str) -> Result<Vec<Value>, Reply> {
    if !call.has_media_type("content-type", "application/json") {
        return Err(unreadable("Data at the root level is invalid. Line 1, position 1."));
    }
    let body = call.json().ok_or_else(|| unreadable("The body is not JSON."))?;
    let records = match body.get(wrapper) {
        Some(Value::Array(records)) => records.clone(),
        Some(_) => return Err(unreadable("The wrapper does not hold a list.")),
        None => vec![body],
    };
    if records.is_empty() || records.iter().any(|record| !record.is_object()) {
        return Err(unreadable("There is no record in the body."));
    }
    Ok(records)
}
