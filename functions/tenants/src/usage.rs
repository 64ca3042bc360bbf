//! How much of what the plan allows is taken.

use domain::entities::{COUNTER, TENANT};
use domain::plan::{LIMITS, Limit};
use domain::{Doc, Error, Filter, doc, event, json};
use edge::{Call, Outcome, Reply};
use serde_json::Value;
use store::EventOf;

/// For each limit, how many there are, and how many there may be as far as the caller may know.
pub async fn get(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let keys: Vec<&str> = LIMITS.iter().map(|limit| limit.key()).collect();
    let mut reading = call.store.reading(scope);
    reading.one(&TENANT, &scope.reach(&TENANT, "read").and(Filter::is("_id", scope.tenant())), Error::not_found());
    let step = reading.many(&COUNTER, &scope.live().and(Filter::one_of("key", &keys)), json!({ "_id": 1 }), LIMITS.len() as u32);
    let counters = reading.run().await?.docs(step);
    let policy = &call.viewer()?.policy;
    let usage = |limit: &Limit| {
        let counter = counters.iter().find(|counter| doc::text(counter, "key") == Some(limit.key()));
        let number = |field: &str| counter.and_then(|counter| counter.get(field)).and_then(Value::as_i64).unwrap_or_default();
        let mut usage = json!({ "used": number("value") });
        if let (true, Value::Object(usage)) = (policy.reads(TENANT.name, limit.field()), &mut usage) {
            usage.insert("max".to_owned(), number("max").into());
        }
        (limit.word().to_owned(), usage)
    };
    Ok(Reply::json(200, &Value::Object(LIMITS.iter().map(usage).collect())))
}

/// Counts anew.
pub async fn recount(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut command = call.store.command(scope);
    LIMITS.into_iter().for_each(|limit| command.recount(limit));
    let (kind, changes) = ("tenant.recounted", event::diff(&TENANT, None, &Doc::new()));
    command.event(EventOf { kind, entity: &TENANT, id: scope.tenant(), lead: None, changes, comment: None, holes: &[] });
    command.recount_tomorrow();
    Ok(Reply::answer(command.commit().await?))
}
