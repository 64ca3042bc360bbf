//! Taking a request: whose it is, in all the shapes in which the tenant knows them.

use std::collections::BTreeSet;

use domain::doc::text;
use domain::entities::{MEMBERSHIP, PERSON, PRIVACY_REQUEST};
use domain::json;
use domain::{Doc, Entity, Error, Filter, Policy, Violation, validate};
use edge::{Call, Halt, Outcome, crud};
use serde_json::Value;
use store::{Command, Scope};

use crate::{erase, rectify, restrict};

const SAME_MAX: u32 = domain::entities::PRIVACY_SAME_MAX as u32;

/// Takes a request. What is to be shown can be fetched at once; holding and correcting is done at once; erasing is a job.
pub async fn create(call: &Call) -> Outcome {
    let input = call.input()?;
    if text(&input, "type") == Some("rectify") {
        return rectify::create(call, input).await;
    }
    let doc = validate::create(&PRIVACY_REQUEST, input, call.moment())?;
    let (people, members) = same_human(call, &doc).await?;
    require_known(&doc, &PERSON, &people)?;
    require_known(&doc, &MEMBERSHIP, &members)?;
    let [erases, restricts] = ["erase", "restrict"].map(|what| text(&doc, "type") == Some(what));
    if erases || restricts {
        require_less(call, &members).await?;
    }
    let mut draft = crud::draft_in(call, command(call)?, &Doc::new(), doc)?;
    draft.doc.insert("people".to_owned(), people.ids());
    draft.doc.insert("members".to_owned(), members.ids());
    if !erases {
        draft.doc.insert("status".to_owned(), "done".into());
        draft.doc.insert("done_at".to_owned(), call.now().into());
    }
    if restricts {
        restrict::mark(&mut draft.command, call.scope()?, &draft.doc, true);
    }
    let mut made = draft.insert();
    if erases {
        made.command.job(erase::KIND, "", json!({ "request": made.id }), None);
    }
    made.answer().await
}

/// What is known of a person is shown to them while the tenant is suspended, too; nothing is erased then.
fn command(call: &Call) -> Result<Command<'_>, Halt> {
    let scope = call.scope()?;
    Ok(match text(&call.input()?, "type") {
        Some("export") => call.store.command_even_suspended(scope),
        _ => call.store.command(scope),
    })
}

/// Whoever is named is known: in the trash and in the archive as well, and when they have been removed.
fn require_known(request: &Doc, entity: &Entity, same: &Same) -> Result<(), Violation> {
    let Some(id) = text(request, entity.name) else { return Ok(()) };
    match same.read.iter().any(|record| text(record, "_id") == Some(id)) {
        true => Ok(()),
        false => Err(Violation::on(entity.name, "not-found", format!("There is no such {}.", entity.name))),
    }
}

/// Records of a kind: those that were read, and the ids of others that are named in records of the other kind.
struct Same {
    read: Vec<Doc>,
    named: BTreeSet<String>,
}

impl Same {
    fn ids(&self) -> Value {
        let read = self.read.iter().filter_map(|record| text(record, "_id"));
        read.chain(self.named.iter().map(String::as_str)).collect::<BTreeSet<_>>().into_iter().map(Value::from).collect()
    }
}

/// The people and memberships that are the person of a request: the one that is named, and whatever belongs together with it.
async fn same_human(call: &Call, request: &Doc) -> Result<(Same, Same), Halt> {
    let scope = call.scope()?;
    let (person, member) = (text(request, "person"), text(request, "membership"));
    let mut reading = call.store.reading(scope);
    let by_id = json!({ "_id": 1 });
    let people = reading.many(&PERSON, &either(scope, person, ("membership", member)), by_id.clone(), SAME_MAX);
    let members = reading.many(&MEMBERSHIP, &either(scope, member, ("person", person)), by_id, SAME_MAX);
    let mut found = reading.run().await?;
    let (people, members) = (found.docs(people), found.docs(members));
    let (named_people, named_members) = (named(&members, &PERSON, &people), named(&people, &MEMBERSHIP, &members));
    Ok((Same { read: people, named: named_people }, Same { read: members, named: named_members }))
}

/// Erasing and restricting shut members out, so it takes as much as changing them does: nobody shuts out who has more.
async fn require_less(call: &Call, members: &Same) -> Result<(), Halt> {
    let mut others = Vec::new();
    if !members.named.is_empty() {
        let ids: Vec<&str> = members.named.iter().map(String::as_str).collect();
        let mut reading = call.store.reading(call.scope()?);
        let filter = call.scope()?.everything().and(Filter::one_of("_id", &ids));
        let step = reading.many(&MEMBERSHIP, &filter, json!({ "_id": 1 }), SAME_MAX);
        others = reading.run().await?.docs(step);
    }
    let own = &call.viewer()?.policy;
    let has_less = |member: &Doc| Policy::of_member(member).is_some_and(|policy| own.may_give(&policy));
    match members.read.iter().chain(&others).all(has_less) {
        true => Ok(()),
        false => Err(Error::forbidden("role-not-allowed", "Your role may not shut out whoever has so much.").into()),
    }
}

fn either(scope: &Scope, id: Option<&str>, (field, value): (&'static str, Option<&str>)) -> Filter {
    let is = |field, value: Option<&str>| value.map_or(Filter::Nothing, |value| Filter::is(field, value));
    scope.everything().and(is("_id", id).or(is(field, value)))
}

/// The ids of an entity's records that records of another name, but for those that are known.
fn named(records: &[Doc], entity: &Entity, known: &[Doc]) -> BTreeSet<String> {
    let ids = records.iter().filter_map(|record| text(record, entity.name));
    ids.filter(|id| known.iter().all(|known| text(known, "_id") != Some(*id))).map(str::to_owned).collect()
}
