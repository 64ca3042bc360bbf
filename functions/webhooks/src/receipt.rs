//! Receipts: what was sent is kept as it came, sealed under a key of its own, once, with the job that will work it.

use domain::entities::{INTEGRATION, RECEIPT, TENANT};
use domain::json;
use domain::retention::RECEIPT_DAYS;
use domain::{Doc, Error, Filter, doc, id};
use edge::{Call, Halt};
use serde_json::Value;
use store::proof::VerifiedHook;
use store::{Command, Scope};

use crate::setup::digest;

/// What a delivery writes, all in one trip.
pub struct Receiving<'a> {
    call: &'a Call,
    scope: Scope,
    integration: String,
    command: Command<'a>,
    kept: usize,
}

/// A delivery of a verified hook, as long as its key is the integration's current one, the integration is on, and the tenant was not
/// cancelled and has not destroyed its keys.
pub fn receiving<'a>(call: &'a Call, hook: &VerifiedHook, key: &str) -> Receiving<'a> {
    let scope = Scope::of_hook(hook, call.now());
    let mut command = call.store.command(&scope);
    let current = scope.live().and(Filter::is("_id", hook.integration())).and(Filter::is("is_enabled", true));
    command.require_unread(&INTEGRATION, &current.and(Filter::is("hook_digest", digest(key))), Error::not_found());
    command.require_keys();
    let cancelled = scope.live().and(Filter::is("_id", scope.tenant())).and(Filter::is("status", "cancelled"));
    command.forbid(&TENANT, cancelled, Error::not_found());
    Receiving { call, scope, integration: hook.integration().to_owned(), command, kept: 0 }
}

impl Receiving<'_> {
    /// Keeps one event under the service's own name for it, with what is in it of people, and queues its job. A repeat changes nothing.
    pub fn keep(&mut self, event_id: &str, body: Option<&str>, job: &str, mut payload: Doc) {
        self.kept += 1;
        let integration = self.integration.as_str();
        let receipt_id = id::derived(RECEIPT.prefix, &[integration, event_id]);
        let expires_at = self.scope.now().plus_days(RECEIPT_DAYS);
        let receipt = json!({
            "integration": integration, "event_id": event_id, "status": "received", "expires_at": expires_at,
        });
        let mut receipt = doc::fields(receipt);
        if let Some(body) = body {
            self.command.new_delivery_keys(&self.call.store, &receipt_id);
            receipt.insert("body".to_owned(), body.into());
        }
        self.command.insert_once(&RECEIPT, &receipt_id, receipt);
        payload.insert("receipt".to_owned(), receipt_id.clone().into());
        self.command.job_once(job, &[&receipt_id], Value::Object(payload));
    }

    /// Does it.
    pub async fn commit(self) -> Result<(), Halt> {
        match self.command.commit().await {
            // Another delivery of the same event came first by the blink of an eye; of several, the others are not kept yet.
            Err(Halt::Refused(error)) if error.code == "duplicate" => match self.kept {
                1 => Ok(()),
                _ => Err(Error::unavailable("one of several events was kept at the same moment").into()),
            },
            other => other.map(|_| ()),
        }
    }
}
