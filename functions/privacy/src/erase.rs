//! Erasing a person: a chain of jobs, each of which commits a batch of records together with its own end. A batch that is
//! cut off is done again; what has been erased already is no change.

use domain::doc::text;
use domain::entities::PRIVACY_REQUEST;
use domain::privacy;
use domain::validate::change;
use domain::{Doc, Entity, Error, Filter, json};
use runner::{Stop, Work, done};
use serde_json::Value;
use store::{Command, Halt};

use crate::lock::lock;
use crate::proof::Proof;
use crate::walk::{Place, Records, subject, walk};
use crate::{diffs, identity};

/// The kind of the jobs.
pub const KIND: &str = "privacy.erase";

/// Closes the door, or erases the next batch.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let request = work.find(&PRIVACY_REQUEST, work.text("request")).await?;
    let Some(request) = request.filter(|request| text(request, "status") == Some("received")) else {
        return work.nothing_to_do().await;
    };
    match work.text("entity") {
        "" => begin(work, &request).await,
        _ => batch(work, &request).await,
    }
}

async fn begin(work: &Work<'_>, request: &Doc) -> Result<(), Stop> {
    let (mut command, members) = lock(work, &subject(request).members).await?;
    let mut proof = Proof::of(&Value::Null);
    identity::erase(&mut command, work, &members, &mut proof).await?;
    go_on(&mut command, work, &first(), &proof);
    match command.commit().await {
        Err(Halt::Refused(error)) if error.code == "last-owner" => refuse(work, request, error.code).await,
        other => Ok(other.map(|_| ())?),
    }
}

async fn refuse(work: &Work<'_>, request: &Doc, code: &str) -> Result<(), Stop> {
    let mut command = work.finishing();
    let refused = json!({ "status": "refused", "refusal": code, "done_at": work.scope.now() });
    end(&mut command, request, refused, "privacy_request.refused");
    done(command).await
}

async fn batch(work: &Work<'_>, request: &Doc) -> Result<(), Stop> {
    let subject = subject(request);
    let from = Place { entity: work.text("entity").to_owned(), after: work.text("after").to_owned() };
    let which = |entity: &Entity| match privacy::is_erasable(entity) {
        true => subject.is_subject_of(entity),
        false => Filter::Nothing,
    };
    let (batch, next) = walk(work.store, &work.scope, &from, which).await?;
    let mut proof = Proof::of(work.lease.payload());
    let mut command = work.finishing();
    for records in &batch {
        erase(&mut command, work, records, &mut proof);
    }
    match next {
        Some(next) => go_on(&mut command, work, &next, &proof),
        None => {
            let now = work.scope.now();
            let set = json!({ "status": "done", "done_at": now, "proof": proof.document(request, now) });
            end(&mut command, request, set, "privacy_request.done");
        }
    }
    done(command).await
}

/// Erases what goes of some records, and of what tells of them.
pub fn erase(command: &mut Command<'_>, work: &Work<'_>, (entity, records): &Records, proof: &mut Proof) {
    for before in records {
        let change = change(before, privacy::erased(entity, before));
        if change.is_empty() {
            continue;
        }
        let id = text(before, "_id").unwrap_or_default();
        let lost = entity.fields.iter().filter(|field| before.get(field.name) != change.after.get(field.name));
        proof.add(entity, id, &lost.map(|field| field.name).collect::<Vec<_>>());
        command.update(entity, &same(work, before), &change, raced());
        if privacy::is_itself(entity) {
            command.event_of(entity, before, &change.after, &[entity.name, ".erased"].concat(), None);
        }
    }
    diffs::scrub(command, work.lease.tenant(), entity, records);
}

/// The next job of the chain, which is queued once.
fn go_on(command: &mut Command<'_>, work: &Work<'_>, next: &Place, proof: &Proof) {
    let request = work.text("request");
    let mut payload = domain::doc::fields(json!({ "request": request, "entity": next.entity, "after": next.after }));
    payload.extend(proof.payload());
    command.job_once(KIND, &[request, &next.entity, &next.after], payload.into());
}

fn end(command: &mut Command<'_>, request: &Doc, set: Value, kind: &str) {
    let after = domain::doc::with(request, set);
    command.apply(&PRIVACY_REQUEST, request, &change(request, after), kind, raced());
}

fn first() -> Place {
    let first = domain::entities::ALL.iter().find(|entity| privacy::is_erasable(entity));
    Place { entity: first.map_or("", |entity| entity.name).to_owned(), after: String::new() }
}

/// A record as it was read, even if it has been deleted.
pub fn same(work: &Work<'_>, before: &Doc) -> Filter {
    let same = ["_id", "version"].map(|field| Filter::is(field, before.get(field).cloned().unwrap_or_default()));
    same.into_iter().fold(work.scope.everything(), Filter::and)
}

/// Another attempt reads it anew.
pub fn raced() -> Error {
    Error::conflict("concurrent-update", "The record was changed at the same moment.")
}
