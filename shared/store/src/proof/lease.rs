//! Leases: a job is worked by whoever holds its lease, in the job's own tenant.

use domain::Doc;
use serde_json::Value;

use crate::constant_time_eq;

/// The right to take jobs of any tenant.
#[derive(Debug)]
pub struct Runner(());

impl Runner {
    /// For whoever presents the secret.
    pub fn verify(presented: &str, secret: &str) -> Option<Self> {
        (!secret.is_empty() && constant_time_eq(presented.as_bytes(), secret.as_bytes())).then_some(Self(()))
    }

    /// For the runtime's own schedule, which no outsider can call.
    pub fn scheduled() -> Self {
        Self(())
    }
}

/// A job under lease: only taking one makes one.
#[derive(Debug)]
pub struct JobLease {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) token: String,
    pub(crate) kind: String,
    pub(crate) payload: Value,
    pub(crate) attempts: i64,
}

impl JobLease {
    pub(crate) fn from_doc(job: &Doc) -> Option<Self> {
        let text = |field: &str| job.get(field).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            id: text("_id")?,
            tenant: text("tenant_id")?,
            token: text("lease_token")?,
            kind: text("kind")?,
            payload: job.get("payload").cloned().unwrap_or_default(),
            attempts: job.get("attempts").and_then(Value::as_i64).unwrap_or(1),
        })
    }

    /// The job.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// What is to be done.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// With what.
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// The how-manieth time this is, from 1.
    pub fn attempts(&self) -> i64 {
        self.attempts
    }

    /// Whether the job is laid aside if it does not succeed now.
    pub fn is_last_attempt(&self) -> bool {
        self.attempts >= domain::lane::attempts_max(&self.kind)
    }
}
