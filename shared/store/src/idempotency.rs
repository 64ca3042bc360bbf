//! Repeated requests: the first operation of a transaction claims the key, the last stores the answer.

use std::fmt::Write;

use data_api::{Action, Operation};
use domain::entities::{self, IDEMPOTENCY};
use domain::json;
use domain::retention::ANSWER_DAYS;
use domain::{Doc, Error, Time, id};
use serde_json::Value;

use crate::sealing::Rings;
use crate::{Answer, Halt, PlatformScope, Shown, Vault};

/// What answers are sealed for.
const PURPOSE: &str = "answer";
const FINGERPRINT: &str = "fingerprint";

/// The key of a request, and what the request was.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: String,
    route: String,
    fingerprint: String,
}

/// The key bound to who asks: what is stored under it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub(crate) id: String,
    pub(crate) tenant: String,
    fingerprint: String,
    raw: String,
    /// What only whoever repeats the request knows.
    secret: String,
}

impl IdempotencyKey {
    /// A key for a method and path, with a fingerprint of what was sent.
    pub fn new(key: &str, method: &str, path: &str, query: &str, body: &str) -> Self {
        let mut hash = hmac_sha256::Hash::new();
        hash.update(query);
        hash.update([0]);
        hash.update(body);
        let fingerprint = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { key: key.to_owned(), route: format!("{method} {path}"), fingerprint }
    }

    /// The key of a principal in a tenant. What was sent may hold a password: its fingerprint tells nothing without our key.
    pub fn of(&self, vault: &Vault, tenant: &str, principal: &str) -> Stored {
        let id = id::derived(IDEMPOTENCY.prefix, &[tenant, principal, &self.route, &self.key]);
        let secret = [self.key.as_str(), &self.fingerprint].join("/");
        Stored {
            id,
            tenant: tenant.to_owned(),
            fingerprint: vault.sign(FINGERPRINT, &[&self.fingerprint]),
            raw: self.fingerprint.clone(),
            secret,
        }
    }

    /// The key itself.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Stored {
    /// Claims the key: a repeat finds it taken.
    pub(crate) fn claim(&self, now: Time) -> Operation {
        let document = json!({
            "_id": self.id,
            "tenant_id": self.tenant,
            "fingerprint": self.fingerprint,
            "created_at": now.ejson(),
            "expires_at": now.plus_days(ANSWER_DAYS).ejson(),
        });
        Operation::new(Action::InsertOne, IDEMPOTENCY.collection).with("document", document)
    }

    /// Stores the answer beside the claim.
    pub(crate) fn keep(&self, answer: Doc) -> Operation {
        Operation::new(Action::UpdateOne, IDEMPOTENCY.collection)
            .with("filter", json!({ "_id": self.id, "tenant_id": self.tenant }))
            .with("update", json!({ "$set": answer }))
    }

    /// Looks for an earlier answer.
    pub(crate) fn look_up(&self) -> Operation {
        Operation::new(Action::FindOne, IDEMPOTENCY.collection)
            .with("filter", json!({ "_id": self.id, "tenant_id": self.tenant }))
    }

    /// What the earlier answer means for this request: to go on, to repeat it, or that the key was used for something else.
    pub(crate) fn replay(&self, earlier: Option<&Value>, rings: &Rings) -> Result<(), Halt> {
        let Some(earlier) = earlier.and_then(Value::as_object) else { return Ok(()) };
        let fingerprint = earlier.get("fingerprint").and_then(Value::as_str).unwrap_or_default();
        if !rings.vault().verify(FINGERPRINT, &[&self.raw], fingerprint) {
            let detail = "This Idempotency-Key was used with another request.";
            return Err(Error::new(domain::ErrorKind::Invalid, "idempotency-key-reused", detail).into());
        }
        let Some(status) = earlier.get("status").and_then(Value::as_u64) else {
            return Err(
                Error::conflict("request-in-progress", "A request with this Idempotency-Key is still being worked on.").into()
            );
        };
        let status = u16::try_from(status).unwrap_or(200);
        Err(Halt::Replayed(Box::new(Answer { status, shown: self.shown(earlier, rings), replayed: true })))
    }

    /// An answer as it is kept when it holds secrets, or something about a person. Before there is a session, it opens for
    /// nobody but whoever repeats the request: the tokens in it carry keys, and must not outlive those.
    pub(crate) fn seal(&self, rings: &Rings, answer: &Value, random: [u8; 12]) -> Result<String, Error> {
        match self.is_of_platform() {
            true => Ok(rings.vault().seal(PURPOSE, &self.secret, &answer.to_string(), random)),
            false => Ok(rings.require(&self.tenant)?.seal(&self.place(), answer, random).unwrap_or_default()),
        }
    }

    fn open(&self, rings: &Rings, sealed: &str) -> Option<Value> {
        match self.is_of_platform() {
            true => serde_json::from_str(&rings.vault().open(PURPOSE, &self.secret, sealed)?).ok(),
            false => rings.ring(&self.tenant)?.open(&self.place(), sealed),
        }
    }

    fn is_of_platform(&self) -> bool {
        self.tenant == PlatformScope::TENANT
    }

    fn place(&self) -> String {
        [PURPOSE, &self.id].join("/")
    }

    fn shown(&self, earlier: &Doc, rings: &Rings) -> Shown {
        let entity = earlier.get("entity").and_then(Value::as_str).and_then(entities::by_name);
        let sealed = earlier.get("sealed").and_then(Value::as_str);
        let opened = sealed.and_then(|sealed| self.open(rings, sealed));
        let kept = earlier.get("document").or_else(|| earlier.get("body")).cloned();
        // Beside a sealed record stands what it got by default.
        let kept = match (opened, kept) {
            (Some(Value::Object(mut doc)), Some(Value::Object(defaults))) => {
                doc.extend(defaults);
                Some(doc.into())
            }
            (opened, kept) => kept.or(opened),
        };
        match (entity, kept) {
            (Some(entity), Some(Value::Object(doc))) => Shown::Record(entity, doc),
            (_, Some(body)) => Shown::Body(body),
            (_, None) => Shown::Nothing,
        }
    }
}
