//! Running jobs: one after the other, until none is due, enough are done, or the time is up.

use std::rc::Rc;

use domain::entities::TENANT;
use domain::json::object;
use domain::{Error, Time, id, lane};
use edge::{Call, Config, Halt, Outcome, Reply};
use platform::Host;
use store::proof::Runner;
use store::{Origin, Scope, Store};

use crate::{Lane, Stop, Work, text};

const LIMIT_DEFAULT: u32 = 20;
const LIMIT_MAX: u32 = 100;
/// A new job is not begun after this long: runtimes and schedulers lose patience.
const BUDGET_MS: i64 = 20_000;
const CLASS: &str = "jobs";
/// How soon a job of a suspended tenant looks again.
const SUSPENDED_WAIT_MS: i64 = 900_000;

/// What a run came to.
#[derive(Default)]
struct Report {
    taken: u32,
    done: u32,
    failed: u32,
}

/// Runs due jobs of a lane for a scheduler that knows the secret.
pub async fn run(call: &Call, lane: &Lane) -> Outcome {
    let bearer = call.header("authorization");
    let bearer = bearer.as_deref().and_then(|header| header.strip_prefix("Bearer ")).map(str::to_owned);
    let secret = call.header("x-jobs-secret").or(bearer).unwrap_or_default();
    let runner = Runner::verify(&secret, &call.config.jobs_secret);
    let runner = runner.ok_or_else(|| Error::unauthenticated("bad-secret", "The secret of the jobs is required."))?;
    let limit = limit(call.query())?;
    let request_id = call.header("x-request-id").unwrap_or_default();
    let report = work_off(&call.host, &call.config, lane, &runner, limit, &request_id).await?;
    let report = vec![("taken", report.taken.into()), ("done", report.done.into()), ("failed", report.failed.into())];
    Ok(Reply::json(200, &object(report)))
}

/// Runs due jobs of a lane when the runtime's own schedule says so.
pub async fn scheduled(host: Host, lane: &Lane) {
    let outcome = match Config::read(&host) {
        Ok(config) => work_off(&host, &Rc::new(config), lane, &Runner::scheduled(), LIMIT_MAX, "").await.map(|_| ()),
        Err(wrong) => Err(Error::internal(format!("configuration: {wrong}")).into()),
    };
    if let Err(Halt::Refused(error)) = outcome {
        host.log(
            &object(vec![("run", "scheduled".into()), ("code", error.code.into()), ("cause", error.cause.into())]).to_string(),
        );
    }
}

async fn work_off(
    host: &Host,
    config: &Rc<Config>,
    lane: &Lane,
    runner: &Runner,
    limit: u32,
    request_id: &str,
) -> Result<Report, Halt> {
    let mut report = Report::default();
    let started = host.now_ms();
    while report.taken < limit && host.now_ms() - started < BUDGET_MS {
        let store = store(host, config, request_id);
        let lease = match store.take_job(runner, lane.name).await {
            Ok(Some(lease)) => lease,
            Ok(None) => break,
            // What was done is done; the next run meets the same trouble or none.
            Err(_) if report.taken > 0 => break,
            Err(halt) => return Err(halt),
        };
        report.taken += 1;
        let scope = Scope::of_lease(&lease, store.now());
        let work = Work { host, config, store: &store, lease, scope };
        match one(lane, &work).await {
            Some(true) => report.done += 1,
            Some(false) => report.failed += 1,
            None => {}
        }
    }
    Ok(report)
}

/// Works a job and ends its lease: whether it was done; nothing when it only came too early.
async fn one(lane: &Lane, work: &Work<'_>) -> Option<bool> {
    let began = work.host.now_ms();
    let outcome = match ready(work).await {
        Ok(true) => worked(lane, work).await,
        Ok(false) => work.nothing_to_do().await,
        Err(early) => Err(early),
    };
    let (word, reason) = match &outcome {
        Ok(()) => ("done", None),
        Err(Stop::Early(_)) => ("early", None),
        Err(Stop::Again { reason, .. }) => ("again", Some(reason.clone())),
        Err(Stop::Dead { reason }) => ("dead", Some(reason.clone())),
        Err(Stop::Ended { reason }) => ("dead", Some(reason.clone())),
        Err(Stop::Lost) => ("lost", None),
    };
    let ended = match outcome {
        Ok(()) | Err(Stop::Ended { .. } | Stop::Lost) => Ok(()),
        Err(Stop::Early(until)) => work.store.put_back(&work.lease, until).await,
        Err(Stop::Again { reason, after_s }) => work.store.give_up(&work.lease, store::JobEnd::Again { reason, after_s }).await,
        Err(Stop::Dead { reason }) => work.store.give_up(&work.lease, store::JobEnd::Dead { reason }).await,
    };
    // A lease that could not be given back runs out by itself.
    let line = vec![
        ("job", work.lease.id().into()),
        ("kind", work.lease.kind().into()),
        ("tenant", work.lease.tenant().into()),
        ("attempt", work.lease.attempts().into()),
        ("outcome", word.into()),
        ("reason", reason.into()),
        ("kept", ended.is_ok().into()),
        ("ms", (work.host.now_ms() - began).into()),
        ("trips", work.store.trips().into()),
    ];
    work.host.log(&object(line).to_string());
    match word {
        "done" => Some(true),
        "early" => None,
        _ => Some(false),
    }
}

async fn worked(lane: &Lane, work: &Work<'_>) -> Result<(), Stop> {
    match lane.kinds.iter().find(|(kind, _)| *kind == work.lease.kind()) {
        Some((_, worker)) => worker(work).await,
        None => Err(Stop::Dead { reason: "nobody knows this kind of job".to_owned() }),
    }
}

/// Whether there is anything to do: what would reach outward waits until its tenant is no longer suspended or cancelled, and ends
/// with a tenant that does not come back.
async fn ready(work: &Work<'_>) -> Result<bool, Stop> {
    if !lane::waits_while_suspended(work.lease.kind()) {
        return Ok(true);
    }
    let Some(tenant) = work.find(&TENANT, work.lease.tenant()).await? else { return Ok(true) };
    match (text(&tenant, "status"), Time::parse(text(&tenant, "erase_after"))) {
        ("active", _) => Ok(true),
        ("cancelled", Some(end)) if end <= work.scope.now() => Ok(false),
        ("cancelled", Some(end)) => Err(Stop::Early(end)),
        _ => Err(Stop::Early(work.scope.now().plus_ms(SUSPENDED_WAIT_MS))),
    }
}

/// Each job has a way to the data of its own, with its own time and ids.
fn store(host: &Host, config: &Config, request_id: &str) -> Store {
    let now = host.now_ms();
    let mut random = [0; 10];
    host.random(&mut random);
    let request_id = if request_id.is_empty() { id::from_parts("req", now, random) } else { request_id.to_owned() };
    let origin = Origin { request_id, ..Origin::default() };
    Store::new(host.clone(), config.api.clone(), config.vault.clone(), origin, CLASS, Time::from_ms(now))
}

fn limit(query: &str) -> Result<u32, Error> {
    let wrong = || Error::parameter("limit", format!("Expected a whole number from 1 to {LIMIT_MAX}."));
    match query.split('&').find_map(|pair| pair.strip_prefix("limit=")) {
        None => Ok(LIMIT_DEFAULT),
        Some(text) => text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_within_bounds() {
        assert_eq!(limit("").unwrap(), LIMIT_DEFAULT);
        assert_eq!(limit("a=1&limit=7").unwrap(), 7);
        for bad in ["limit=", "limit=0", "limit=101", "limit=x"] {
            assert_eq!(limit(bad).unwrap_err().code, "bad-parameter", "{bad}");
        }
    }
}
