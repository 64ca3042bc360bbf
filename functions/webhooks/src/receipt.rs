//! Receipts: what was sent is kept as it came, sealed, once, with the job that will work it.

use domain::entities::{INTEGRATION, RECEIPT};
use domain::json;
use domain::{Doc, Error, Filter, doc, id};
use edge::{Call, Halt};
use serde_json::Value;
use store::proof::VerifiedHook;
use store::{Command, Scope};

const KEPT_DAYS: i64 = 30;

/// What a delivery writes, all in one trip.
pub struct Receiving<'a> {
    scope: Scope,
    integration: String,
    command: Command<'a>,
    kept: usize,
}

/// A delivery of a verified hook, as long as its key is the integration's current one and the integration is on.
pub fn receiving<'a>(call: &'a Call, hook: &VerifiedHook, key: &str) -> Receiving<'a> {
    let scope = Scope::of_hook(hook, call.now());
    if let Some(keys) = hook.keys() {
        call.store.learn_keys(hook.tenant(), keys);
    }
    let mut command = call.store.command(&scope);
    let current = scope.live().and(Filter::is("_id", hook.integration())).and(Filter::is("is_enabled", true));
    command.require(&INTEGRATION, current.and(Filter::is("hook_key", key)), Error::not_found());
    Receiving { scope, integration: hook.integration().to_owned(), command, kept: 0 }
}

impl Receiving<'_> {
    /// Keeps one event under the service's own name for it, and queues its job. A repeat changes nothing.
    pub fn keep(&mut self, event_id: &str, body: &str, job: &str, mut payload: Doc) {
        self.kept += 1;
        let integration = self.integration.as_str();
        let receipt_id = id::derived(RECEIPT.prefix, &[integration, event_id]);
        let expires_at = self.scope.now().plus_days(KEPT_DAYS);
        let receipt = json!({
            "integration": integration, "event_id": event_id, "body": body, "status": "received", "expires_at": expires_at,
        });
        self.command.insert_once(&RECEIPT, &receipt_id, doc::fields(receipt));
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
