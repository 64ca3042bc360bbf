//! New keys for a tenant, a step at a time: whoever works with a token from before must be able to go on meanwhile.
//!
//! A new version is published first, and seals when every token knows it. When no token seals with the old one any more, all
//! records are sealed anew; and the old one goes when the last kept answer that it sealed has gone.

use domain::entities::{self, TENANT};
use domain::json::object;
use domain::{Entity, Error, Filter, Time};
use runner::{Stop, Work, done, text};
use store::keys::{KeysTurn, TOKENS_OUT_MS};
use store::{EventOf, PlatformScope};

/// Kept answers of repeated requests live for two days.
const ANSWERS_OUT_DAYS: i64 = 3;

/// Does the step that is due, and has the next one follow.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    match work.text("step") {
        "activate" => turn(work, KeysTurn::Activate).await,
        "reseal" => reseal(work).await,
        "rewrap" => rewrap(work).await,
        "destroy" => destroy(work).await,
        _ => turn(work, KeysTurn::Retire).await,
    }
}

async fn turn(work: &Work<'_>, turn: KeysTurn) -> Result<(), Stop> {
    let mut command = work.finishing();
    let raced = Error::conflict("concurrent-update", "The keys were changed at the same moment.");
    command.turn_keys(work.store, work.lease.tenant(), turn, raced)?;
    if turn == KeysTurn::Activate {
        let next = object(vec![("step", "reseal".into())]);
        command.job("keys", "", next, Some(work.scope.now().plus_ms(TOKENS_OUT_MS)));
    }
    done(command).await
}

/// Seals a batch of records anew; the next job goes on behind it.
async fn reseal(work: &Work<'_>) -> Result<(), Stop> {
    let encrypted: Vec<&'static Entity> = entities::ALL.iter().copied().filter(|entity| entity.is_encrypted()).collect();
    let at = encrypted.iter().position(|entity| entity.name == work.text("entity")).unwrap_or(0);
    let mut command = work.finishing();
    let mut next = None;
    if let Some(entity) = encrypted.get(at) {
        let resealing = work.store.resealing(work.lease.tenant(), entity, work.text("after")).await?;
        for operation in resealing.operations {
            command.operation(operation, None);
        }
        next = match resealing.last {
            Some(last) => Some((entity.name, last)),
            None => encrypted.get(at + 1).map(|entity| (entity.name, String::new())),
        };
    }
    match next {
        Some((entity, after)) => {
            let rest = object(vec![("step", "reseal".into()), ("entity", entity.into()), ("after", after.into())]);
            command.job("keys", "", rest, None);
        }
        // Those of the platform follow from the master key: there is nothing to retire.
        None if work.lease.tenant() == PlatformScope::TENANT => {}
        None => {
            let last = object(vec![("step", "retire".into())]);
            command.job("keys", "", last, Some(work.scope.now().plus_days(ANSWERS_OUT_DAYS)));
        }
    }
    done(command).await
}

/// Wraps a batch of tenants' keys by the newest master key; what belongs to no tenant is sealed anew behind the last.
async fn rewrap(work: &Work<'_>) -> Result<(), Stop> {
    let rewrapping = work.store.rewrapping(work.text("after")).await?;
    let mut command = work.finishing();
    for operation in rewrapping.operations {
        command.operation(operation, None);
    }
    let next = match rewrapping.last {
        Some(last) => vec![("step", "rewrap".into()), ("after", last.into())],
        None => vec![("step", "reseal".into())],
    };
    command.job("keys", "", object(next), None);
    done(command).await
}

/// Ends the keys of a tenant that was cancelled and has not come back.
async fn destroy(work: &Work<'_>) -> Result<(), Stop> {
    let id = work.lease.tenant();
    let tenant = work.find(&TENANT, id).await?.unwrap_or_default();
    let is_due = Time::parse(text(&tenant, "erase_after")).is_some_and(|due| due <= work.scope.now());
    if text(&tenant, "status") != "cancelled" || !is_due {
        return work.nothing_to_do().await;
    }
    let mut command = work.finishing();
    // There is no way back from this: whoever takes the tenant back at this moment comes first, or not at all.
    let as_read = work.one(id).and(Filter::is("version", tenant.get("version").cloned().unwrap_or_default()));
    let raced = Error::conflict("concurrent-update", "The tenant was changed at the same moment.");
    command.require_still(&TENANT, as_read, raced);
    let (kind, changes) = ("tenant.keys_destroyed", object(vec![]));
    command.event(EventOf { kind, entity: &TENANT, id, lead: None, changes, comment: None, holes: &[] });
    command.destroy_keys(&work.scope);
    done(command).await
}
