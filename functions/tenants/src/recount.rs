//! The daily recount: what the counters of a tenant's limits say is compared with what is there, and mended where they differ.

use domain::entities::{COUNTER, TENANT};
use domain::plan::{LIMITS, Limit};
use domain::{Doc, Filter, doc, json};
use runner::{Stop, Work, done};
use serde_json::Value;
use store::EventOf;

/// Compares, mends and tells of what was wrong; the next recount is a day away. That of a cancelled tenant was the last.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let tenant = work.find(&TENANT, work.lease.tenant()).await?;
    if tenant.is_none_or(|tenant| doc::text(&tenant, "status") == Some("cancelled")) {
        return work.nothing_to_do().await;
    }
    let drifted = drifted(work).await?;
    let mut command = work.finishing();
    let mut changes = Doc::new();
    for (limit, said, counted) in drifted {
        // It counts once more as it writes: whoever takes a place at this moment comes before or after.
        command.recount(limit);
        changes.insert(limit.word().to_owned(), json!({ "before": said, "after": counted }));
    }
    if !changes.is_empty() {
        let (kind, changes, id) = ("tenant.recounted", changes.into(), work.lease.tenant());
        command.event(EventOf { kind, entity: &TENANT, id, lead: None, changes, comment: None, holes: &[] });
    }
    command.recount_tomorrow();
    done(command).await
}

/// The limits whose counters are wrong: what they say, and how many there are.
async fn drifted(work: &Work<'_>) -> Result<Vec<(Limit, i64, i64)>, Stop> {
    let live = || work.scope.live();
    let keys: Vec<&str> = LIMITS.iter().map(|limit| limit.key()).collect();
    let mut reading = work.store.reading(&work.scope);
    let counters = reading.many(&COUNTER, &live().and(Filter::one_of("key", &keys)), json!({ "_id": 1 }), LIMITS.len() as u32);
    let counts = LIMITS.map(|limit| {
        let (entity, which) = limit.counted();
        (limit, reading.count(entity, &live().and(which)))
    });
    let mut found = reading.run().await?;
    let counters = found.docs(counters);
    let compared = counts.into_iter().filter_map(|(limit, count)| {
        let counter = counters.iter().find(|counter| doc::text(counter, "key") == Some(limit.key()))?;
        let (said, counted) = (counter.get("value").and_then(Value::as_i64)?, i64::try_from(found.count(count)).ok()?);
        (said != counted).then_some((limit, said, counted))
    });
    Ok(compared.collect())
}
