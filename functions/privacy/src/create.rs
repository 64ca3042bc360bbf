//! Taking a request: whose it is, in all the shapes in which the tenant knows them.

use std::collections::BTreeSet;

use domain::doc::text;
use domain::entities::{MEMBERSHIP, PERSON};
use domain::json;
use domain::{Doc, Entity, Filter};
use edge::{Call, Halt, Outcome, crud};
use serde_json::Value;
use store::Scope;

use crate::erase;

const SAME_MAX: u32 = domain::entities::PRIVACY_SAME_MAX as u32;

/// Takes a request. What is to be shown can be fetched at once; erasing is a job.
pub async fn create(call: &Call) -> Outcome {
    let mut draft = crud::draft(call)?;
    let (people, members) = same_human(call, &draft.doc).await?;
    draft.doc.insert("people".to_owned(), people);
    draft.doc.insert("members".to_owned(), members);
    let erases = text(&draft.doc, "type") == Some("erase");
    if !erases {
        draft.doc.insert("status".to_owned(), "done".into());
        draft.doc.insert("done_at".to_owned(), call.now().into());
    }
    let mut made = draft.insert();
    if erases {
        made.command.job(erase::KIND, "", json!({ "request": made.id }), None);
    }
    made.answer().await
}

/// The people and memberships that are the person of a request: the one that is named, and whatever belongs together with it.
async fn same_human(call: &Call, request: &Doc) -> Result<(Value, Value), Halt> {
    let scope = call.scope()?;
    let (person, member) = (text(request, "person"), text(request, "membership"));
    let mut reading = call.store.reading(scope);
    let by_id = json!({ "_id": 1 });
    let people = reading.many(&PERSON, &either(scope, person, ("membership", member)), by_id.clone(), SAME_MAX);
    let members = reading.many(&MEMBERSHIP, &either(scope, member, ("person", person)), by_id, SAME_MAX);
    let mut found = reading.run().await?;
    let (people, members) = (found.docs(people), found.docs(members));
    Ok((ids(&people, &members, &PERSON), ids(&members, &people, &MEMBERSHIP)))
}

fn either(scope: &Scope, id: Option<&str>, (field, value): (&'static str, Option<&str>)) -> Filter {
    let is = |field, value: Option<&str>| value.map_or(Filter::Nothing, |value| Filter::is(field, value));
    scope.everything().and(is("_id", id).or(is(field, value)))
}

/// The ids of records of a kind, and of those that records of the other kind name.
fn ids(records: &[Doc], others: &[Doc], entity: &Entity) -> Value {
    let own = records.iter().filter_map(|record| text(record, "_id"));
    let named = others.iter().filter_map(|other| text(other, entity.name));
    own.chain(named).collect::<BTreeSet<_>>().into_iter().map(Value::from).collect()
}
