//! Erasing what has been in the trash long enough: the records go for good, and what tells of them keeps no more than its outline.

use data_api::{Action, Operation};
use domain::entities::{EVENT, SETTING, by_name};
use domain::entity::Gone;
use domain::json::object;
use domain::lifecycle::{self, Link};
use domain::retention::{TRASH_DAYS, TRASH_DAYS_KEY};
use domain::{Entity, Error, Filter, Time};
use runner::{Stop, Work, done, text};
use serde_json::Value;
use store::Command;

/// How many records one transaction erases, with all that tells of them.
const BATCH: u32 = 200;
/// After so many the job lets others go first.
const BATCHES_MAX: u32 = 20;
const PAUSE_MS: i64 = 1_000;

/// Erases a record with all that went to the trash together with it, unless it was restored. The record itself goes first: from
/// then on nothing of it can be restored, and a job that was cut off goes on with what is left.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let Some(root) = by_name(work.text("entity")) else {
        return Err(Stop::Dead { reason: "nobody knows such records".to_owned() });
    };
    if !erase_root(work, root).await? {
        return work.nothing_to_do().await;
    }
    let mut batches = 0;
    for part in lifecycle::together(root) {
        loop {
            let ids = some_of(work, part).await?;
            if ids.is_empty() {
                break;
            }
            if batches == BATCHES_MAX {
                return Err(Stop::Early(work.scope.now().plus_ms(PAUSE_MS)));
            }
            erase(work, work.store.command(&work.scope), part, ids).await?;
            batches += 1;
        }
    }
    work.nothing_to_do().await
}

/// Whether the record is erased: now, or by an earlier attempt. One that was restored, or deleted anew since, is left; and one that
/// the tenant chose to keep for longer waits.
async fn erase_root(work: &Work<'_>, root: &'static Entity) -> Result<bool, Stop> {
    let same = Filter::is("_id", work.text("id"));
    let still = of_group(work).and(same.clone());
    let mut reading = work.store.reading(&work.scope);
    let record = reading.maybe(root, &still);
    let chosen = reading.maybe(&SETTING, &work.scope.live().and(Filter::is("key", TRASH_DAYS_KEY)));
    let mut found = reading.run().await?;
    if let Some(record) = found.maybe(record) {
        let days = found.maybe(chosen).and_then(|chosen| chosen.get("value")?.as_i64()).unwrap_or(TRASH_DAYS);
        let due = Time::parse(text(&record, "deleted_at")).map(|deleted| deleted.plus_days(days));
        if let Some(due) = due.filter(|due| *due > work.scope.now()) {
            return Err(Stop::Early(due));
        }
        // Whoever restores it at this moment is first or last: then this changes nothing, or they find nothing.
        let mut command = work.store.command(&work.scope);
        command.require(root, still, Error::conflict("concurrent-update", "The record was restored at the same moment."));
        erase(work, command, root, vec![work.text("id").into()]).await?;
        return Ok(true);
    }
    Ok(work.store.find(&work.scope, root, work.scope.everything().and(same)).await?.is_none())
}

fn of_group(work: &Work<'_>) -> Filter {
    work.scope.dead().and(Filter::is("trash_group", work.text("group")))
}

async fn some_of(work: &Work<'_>, part: &'static Entity) -> Result<Vec<Value>, Stop> {
    let mut reading = work.store.reading(&work.scope);
    let step = reading.many(part, &of_group(work), object(vec![("_id", 1.into())]), BATCH);
    Ok(reading.run().await?.docs(step).iter().map(|doc| text(doc, "_id").into()).collect())
}

/// Erases these records. What began to refer to them after they were deleted goes along; of their events only the outline stays.
async fn erase(work: &Work<'_>, mut command: Command<'_>, part: &'static Entity, ids: Vec<Value>) -> Result<(), Stop> {
    let (tenant, group) = (Value::from(work.lease.tenant()), Value::from(work.text("group")));
    let among = object(vec![("$in", ids.into())]);
    let mut write = |action: Action, collection: &str, filter: Vec<(&str, Value)>, update: Option<Value>| {
        let filter = [vec![("tenant_id", tenant.clone())], filter].concat();
        let operation = Operation::new(action, collection).with("filter", object(filter));
        let operation = update.into_iter().fold(operation, |operation, update| operation.with("update", update));
        command.operation(operation, None);
    };
    for Link { from, field } in lifecycle::links(part, Gone::Cascade) {
        let late = vec![("deleted_at", Value::Null), (field.name, among.clone())];
        let marks = object(vec![("deleted_at", work.scope.now().ejson()), ("trash_group", group.clone())]);
        write(Action::UpdateMany, from.collection, late, Some(object(vec![("$set", marks)])));
    }
    for Link { from, .. } in lifecycle::links(part, Gone::Clear) {
        let lost = object(vec![("cleared", object(vec![("group", group.clone())]))]);
        let cleared = vec![("cleared.group", group.clone())];
        write(Action::UpdateMany, from.collection, cleared, Some(object(vec![("$pull", lost)])));
    }
    let outline = vec![("$set", object(vec![("changes", object(Vec::new()))])), ("$unset", object(vec![("comment", "".into())]))];
    write(Action::UpdateMany, EVENT.collection, vec![("record.id", among.clone())], Some(object(outline)));
    write(Action::DeleteMany, part.collection, vec![("_id", among), ("trash_group", group.clone())], None);
    done(command).await
}
