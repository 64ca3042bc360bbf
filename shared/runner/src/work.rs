//! One leased job: what it is worked with, and why it may stop.

use data_api::{Action, Operation};
use domain::json::object;
use domain::{Doc, Entity, Error, ErrorKind, Filter, Time};
use edge::{Config, Halt};
use integrations::Failure;
use platform::Host;
use serde_json::Value;
use store::proof::JobLease;
use store::{Command, Scope, Store};

/// No service makes us wait longer than until its next day.
const WAIT_MAX_S: u64 = 86_400;

/// A job under lease, and what it is worked with.
pub struct Work<'a> {
    /// The world outside.
    pub host: &'a Host,
    /// The configuration.
    pub config: &'a Config,
    /// The way to the data.
    pub store: &'a Store,
    /// The lease.
    pub lease: JobLease,
    /// What it lets its holder reach.
    pub scope: Scope,
}

/// Why a job was not done.
#[derive(Debug)]
pub enum Stop {
    /// It may be done later: not before so many seconds, if the other side said so.
    Again {
        /// Why it was not done.
        reason: String,
        /// When to try again at the earliest, in seconds.
        after_s: Option<u32>,
    },
    /// It never will be.
    Dead {
        /// Why.
        reason: String,
    },
    /// It never will be, and that has been written already.
    Ended {
        /// Why.
        reason: String,
    },
    /// It came before its time.
    Early(Time),
    /// Somebody else holds the lease by now.
    Lost,
}

impl Work<'_> {
    /// A text of the payload.
    pub fn text(&self, field: &str) -> &str {
        self.lease.payload().get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A live record of the tenant, whoever may see it.
    pub async fn find(&self, entity: &'static Entity, id: &str) -> Result<Option<Doc>, Stop> {
        Ok(self.store.find(&self.scope, entity, self.one(id)).await?)
    }

    /// The filter of a live record of the tenant.
    pub fn one(&self, id: &str) -> Filter {
        self.scope.live().and(Filter::is("_id", id))
    }

    /// Sets a field that nobody sees of a record: its version stays.
    pub async fn set_silently(&self, entity: &Entity, id: &str, field: &str, value: Value) -> Result<(), Stop> {
        let filter = object(vec![("_id", id.into()), ("tenant_id", self.lease.tenant().into())]);
        let update = object(vec![("$set", object(vec![(field, value)]))]);
        let operation = Operation::new(Action::UpdateOne, entity.collection).with("filter", filter).with("update", update);
        let mut command = self.store.command(&self.scope);
        command.operation(operation, None);
        done(command).await
    }

    /// The job's effects, which are written together with its end.
    pub fn finishing(&self) -> Command<'_> {
        self.store.finishing(&self.lease)
    }

    /// Ends a job that leaves nothing to do.
    pub async fn nothing_to_do(&self) -> Result<(), Stop> {
        done(self.finishing()).await
    }
}

/// Writes what a command holds.
pub async fn done(command: Command<'_>) -> Result<(), Stop> {
    command.commit().await?;
    Ok(())
}

/// A text of a record.
pub fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// What a notice is made of.
pub fn facts(key: &str, entity: &Entity, id: &str, lead: Option<&str>, reference: &str) -> Value {
    let record = vec![("type", entity.name.into()), ("id", id.into())];
    object(vec![("key", key.into()), ("record", object(record)), ("lead", lead.into()), ("reference", reference.into())])
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Refused(error) => error.into(),
            Halt::Replayed(_) => Self::Lost,
        }
    }
}

/// A conflict is a race that another attempt wins; what else the store says of a job's writes is a fault that may be mended.
impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        if error.kind == ErrorKind::Conflict && error.code == "lease-lost" {
            return Self::Lost;
        }
        let cause = error.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Again { reason: format!("{}{cause}", error.code), after_s: error.retry_after_s }
    }
}

/// A service's own words may tell of people: neither the log nor the job keeps them.
impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        let after_s = failure.retry_after_s.and_then(|seconds| u32::try_from(seconds.min(WAIT_MAX_S)).ok());
        match failure.retry {
            true => Self::Again { reason: failure.code.to_owned(), after_s },
            false => Self::Dead { reason: failure.code.to_owned() },
        }
    }
}
