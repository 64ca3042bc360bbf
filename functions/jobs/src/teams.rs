//! Teams: the records of members who changed teams are stamped anew, as many at a time as one transaction holds.

use data_api::{Action, Operation};
use domain::entities;
use domain::entity::TEAMS_FIELD;
use domain::filter::Op;
use domain::json::{doc, object, of};
use domain::{Doc, Entity, Filter};
use runner::{Stop, Work, done, text};
use serde_json::Value;
use store::{Command, people};

/// How many records of each entity one job stamps.
const CHUNK: usize = 25;

/// Stamps the records of some members; where there are more, a next job goes on behind the last of each entity.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let payload = work.lease.payload();
    let members: Vec<&str> =
        payload.get("members").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut reading = work.store.reading(&work.scope);
    let mut steps = Vec::new();
    for entity in entities::ALL.iter().filter(|entity| entity.access.teams == Some(TEAMS_FIELD)) {
        let after = payload.get("after").map(|after| after.get(entity.name).and_then(Value::as_str));
        // Behind the first chunk only the entities that have more are named.
        let after = match after {
            Some(None) => continue,
            Some(Some(after)) => Filter::Field("_id".into(), Op::Over, after.into()),
            None => Filter::All,
        };
        let theirs = entity.access.own.iter().fold(Filter::Nothing, |any, field| any.or(Filter::one_of(*field, &members)));
        // What is in the trash may come back.
        let filter = work.scope.everything().and(theirs).and(after);
        steps.push((*entity, reading.many(entity, &filter, of("_id", 1), CHUNK as u32 + 1)));
    }
    let mut found = reading.run().await?;
    let (mut command, mut rest) = (work.finishing(), Doc::new());
    for (entity, step) in steps {
        let records = found.docs(step);
        for record in records.iter().take(CHUNK) {
            stamp(&mut command, work, entity, record);
        }
        if let (true, Some(last)) = (records.len() > CHUNK, records.get(CHUNK - 1)) {
            rest.insert(entity.name.to_owned(), text(last, "_id").into());
        }
    }
    if !rest.is_empty() {
        let members = payload.get("members").cloned().unwrap_or_default();
        command.job_once("teams", &[work.lease.id()], object(vec![("members", members), ("after", rest.into())]));
    }
    done(command).await
}

/// Gives a record the teams that its people have by now; whoever changes its people at this moment stamps it themselves.
fn stamp(command: &mut Command<'_>, work: &Work<'_>, entity: &'static Entity, record: &Doc) {
    let own = entity.access.own.iter().map(|field| (*field, record.get(*field).cloned().unwrap_or_default()));
    let mut filter = doc(own.collect());
    filter.extend(doc(vec![("_id", text(record, "_id").into()), ("tenant_id", work.lease.tenant().into())]));
    let source = command.teams_of(people(entity, record));
    let operation = Operation::new(Action::UpdateOne, entity.collection).with("filter", filter);
    let operation = operation.with("update", of("$set", object(vec![]))).referring("update.$set.teams", &source);
    command.operation(operation, None);
}
