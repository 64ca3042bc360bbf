//! Taking jobs under a lease and ending them: done together with their effects, again later, or dead.

use data_api::{Action, Operation};
use domain::entities::JOB;
use domain::json;
use domain::retention::JOB_DAYS;
use domain::{Error, Filter, Time, doc, lane};
use serde_json::Value;

use crate::command::Command;
use crate::proof::{JobLease, Runner};
use crate::{Halt, PlatformScope, Scope, Store, compile};

const LEASE_MS: i64 = 60_000;
const LAID_ASIDE_MAX: usize = 10;
const BACKOFF_FIRST_MS: i64 = 2_000;
const BACKOFF_MAX_MS: i64 = 3_600_000;

/// How a job ended that did not succeed.
#[derive(Debug)]
pub enum JobEnd {
    /// It may succeed later: not before so many seconds, if the other side said so.
    Again {
        /// Why it did not succeed.
        reason: String,
        /// When to try again at the earliest, in seconds.
        after_s: Option<u32>,
    },
    /// It never will.
    Dead {
        /// Why.
        reason: String,
    },
}

impl Store {
    /// Takes the next due job of a lane, of any tenant. A lease that ran out makes its job due again; a job that took down its last
    /// runner as well is laid aside.
    pub async fn take_job(&self, _runner: &Runner, lane: &str) -> Result<Option<JobLease>, Halt> {
        for _ in 0..LAID_ASIDE_MAX {
            match self.take_due(lane).await? {
                Some(lease) if lease.attempts > lane::attempts_max(&lease.kind) => {
                    self.give_up(&lease, JobEnd::Dead { reason: "no attempt came to an end".to_owned() }).await?;
                }
                due => {
                    if let Some(lease) = &due {
                        self.unlock(&lease.tenant).await?;
                    }
                    return Ok(due);
                }
            }
        }
        Ok(None)
    }

    async fn take_due(&self, lane: &str) -> Result<Option<JobLease>, Halt> {
        let now = self.now_for_jobs();
        let lease_until = now.plus_ms(LEASE_MS);
        let token = domain::id::from_parts("lease", now.ms(), self.random());
        let filter = json!({ "lane": lane, "status": { "$in": ["queued", "leased"] }, "run_at": { "$lte": now.ejson() } });
        // A leased job is due when its lease ends: one index serves both.
        let set = json!({ "status": "leased", "lease_until": lease_until.ejson(), "run_at": lease_until.ejson(), "lease_token": token });
        let operation = Operation::new(Action::FindOneAndUpdate, JOB.collection)
            .with("filter", filter)
            .with("sort", json!({ "run_at": 1 }))
            .with("update", json!({ "$set": set, "$inc": { "attempts": 1 } }))
            .with("returnDocument", "after");
        let answer = self.client.single(PlatformScope::TENANT, operation).await.map_err(Error::from)?;
        Ok(answer.document.and_then(doc::object).and_then(|job| JobLease::from_doc(&job)))
    }

    /// The effects of a leased job: they are written together with its end, by whoever still holds the lease.
    pub fn finishing(&self, lease: &JobLease) -> Command<'_> {
        let now = self.now_for_jobs();
        let set = json!({ "status": "done", "done_at": now.ejson(), "expires_at": now.plus_days(JOB_DAYS).ejson() });
        self.ending(lease, now, set)
    }

    /// As [`Store::finishing`], for a job that never will succeed: what follows from that is written together with its end.
    pub fn laying_aside(&self, lease: &JobLease, reason: &str) -> Command<'_> {
        let set = json!({ "status": "dead", "last_error": bounded(reason) });
        self.ending(lease, self.now_for_jobs(), set)
    }

    fn ending(&self, lease: &JobLease, now: Time, set: Value) -> Command<'_> {
        let mut command = self.command(&Scope::of_lease(lease, now));
        command.operation(end(lease, set), Some(lost()));
        command
    }

    /// Puts a job back that came too early; this counts as no attempt.
    pub async fn put_back(&self, lease: &JobLease, until: Time) -> Result<(), Halt> {
        let set = json!({ "status": "queued", "run_at": until.ejson(), "attempts": lease.attempts - 1 });
        self.end_alone(lease, set).await
    }

    /// Puts a job back for later, or lays it aside for good after too many attempts.
    pub async fn give_up(&self, lease: &JobLease, job_end: JobEnd) -> Result<(), Halt> {
        let now = self.now_for_jobs();
        let (reason, after_ms) = match job_end {
            JobEnd::Again { reason, after_s } if !lease.is_last_attempt() => {
                let [jitter] = self.random::<1>();
                (reason, Some(after_s.map_or_else(|| backoff_ms(lease.attempts, jitter), |seconds| i64::from(seconds) * 1_000)))
            }
            JobEnd::Again { reason, .. } | JobEnd::Dead { reason } => (reason, None),
        };
        let reason = bounded(&reason);
        let set = match after_ms {
            Some(ms) => json!({ "status": "queued", "run_at": now.plus_ms(ms).ejson(), "last_error": reason }),
            None => json!({ "status": "dead", "last_error": reason }),
        };
        self.end_alone(lease, set).await
    }

    async fn end_alone(&self, lease: &JobLease, set: Value) -> Result<(), Halt> {
        // Only within a transaction does an operation expect anything.
        match self.client.transaction(&lease.tenant, vec![end(lease, set)]).await {
            Ok(_) => Ok(()),
            Err(crate::Failure::Refused(_)) => Err(lost().into()),
            Err(crate::Failure::Error(error)) => Err(Halt::Refused(error)),
        }
    }

    /// Jobs run long: their time is the clock's, not that of the request that runs them.
    fn now_for_jobs(&self) -> Time {
        Time::from_ms(self.client.host.now_ms())
    }
}

impl Command<'_> {
    /// Jobs of the scope's tenant that were laid aside wait again, as if they had never been tried.
    pub fn retry_jobs(&mut self, which: Filter) {
        let laid_aside = compile(&laid_aside(self.scope()).and(which));
        let set = json!({ "status": "queued", "attempts": 0, "run_at": self.scope().now().ejson() });
        let update = json!({ "$set": set, "$unset": { "last_error": "" } });
        let operation = Operation::new(Action::UpdateMany, JOB.collection).with("filter", laid_aside);
        self.operation(operation.with("update", update), None);
    }
}

/// The jobs of the scope's tenant that were laid aside.
pub fn laid_aside(scope: &Scope) -> Filter {
    scope.live().and(Filter::is("status", "dead"))
}

fn lost() -> Error {
    Error::conflict("lease-lost", "Another runner has taken this job.")
}

fn bounded(reason: &str) -> String {
    reason.chars().take(1_000).collect()
}

/// Ends a lease; whoever has lost it changes nothing.
fn end(lease: &JobLease, set: Value) -> Operation {
    let filter = json!({ "_id": lease.id, "tenant_id": lease.tenant, "status": "leased", "lease_token": lease.token });
    let operation = Operation::new(Action::UpdateOne, JOB.collection).with("filter", filter);
    operation
        .with("update", json!({ "$set": set, "$unset": { "lease_token": "", "lease_until": "" } }))
        .expecting("matchedCount", 1)
}

/// Twice as long each time, with up to half as much again by chance.
fn backoff_ms(attempts: i64, jitter: u8) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    let plain = (BACKOFF_FIRST_MS << doublings).min(BACKOFF_MAX_MS);
    plain + plain * i64::from(jitter) / 510
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_an_hour_with_jitter() {
        let cases = [(1, 0, 2_000), (2, 0, 4_000), (3, 255, 12_000), (60, 0, BACKOFF_MAX_MS)];
        for (attempts, jitter, expected) in cases {
            assert_eq!(backoff_ms(attempts, jitter), expected);
        }
    }
}
