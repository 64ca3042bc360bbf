//! Going over everything that concerns one person, entity by entity, a batch at a time.

use domain::doc::text;
use domain::filter::Op;
use domain::json;
use domain::privacy::Subject;
use domain::{Doc, Entity, Filter, entities};
use serde_json::Value;
use store::{Scope, Store};

/// Records of one entity in a batch.
const OF_ONE_MAX: usize = 50;
/// A batch is complete with this many records.
const BATCH: usize = 100;

/// A place between two records: the entity, and the id of the record before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The entity's name; nothing is the beginning.
    pub entity: String,
    /// The last record of it that has been seen; nothing is before its first.
    pub after: String,
}

/// Records of an entity, the oldest first.
pub type Records = (&'static Entity, Vec<Doc>);

/// The next records that `which` finds, and where to go on; nothing at the end. An entity of which nothing is found costs no trip.
pub async fn walk(
    store: &Store,
    scope: &Scope,
    from: &Place,
    which: impl Fn(&Entity) -> Filter,
) -> Result<(Vec<Records>, Option<Place>), store::Halt> {
    let entities: Vec<&'static Entity> =
        entities::ALL.iter().copied().filter(|entity| which(entity) != Filter::Nothing).collect();
    let start = entities.iter().position(|entity| entity.name == from.entity).unwrap_or_default();
    // In the middle of an entity there may be more of it than a batch: what follows is not read in vain.
    let wanted = if from.after.is_empty() { entities.len() } else { start + 1 };
    let mut reading = store.reading(scope);
    let mut steps = Vec::new();
    for entity in entities.iter().take(wanted).skip(start) {
        let mut filter = scope.everything().and(which(entity));
        if entity.name == from.entity && !from.after.is_empty() {
            filter = filter.and(Filter::Field("_id".into(), Op::Over, from.after.as_str().into()));
        }
        steps.push((*entity, reading.many(entity, &filter, json!({ "_id": 1 }), OF_ONE_MAX as u32 + 1)));
    }
    let mut found = reading.run().await?;
    let mut batch = Vec::new();
    let mut count = 0;
    for (at, (entity, step)) in steps.into_iter().enumerate() {
        let mut docs = found.docs(step);
        let more = docs.len() > OF_ONE_MAX;
        docs.truncate(OF_ONE_MAX);
        count += docs.len();
        let last = docs.last().and_then(|doc| text(doc, "_id")).unwrap_or_default().to_owned();
        batch.push((entity, docs));
        if more {
            return Ok((batch, Some(Place { entity: entity.name.to_owned(), after: last })));
        }
        let next = entities.get(start + at + 1);
        if count >= BATCH || at + start + 1 == wanted {
            return Ok((batch, next.map(|next| Place { entity: next.name.to_owned(), after: String::new() })));
        }
    }
    Ok((batch, None))
}

/// The person whom a request is about.
pub fn subject(request: &Doc) -> Subject {
    let ids = |field: &str| {
        let list = request.get(field).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Subject { people: ids("people"), members: ids("members") }
}
