//! Restricting: what is about a person is read and not changed, and nobody writes to them, until that is lifted.

use data_api::{Action, Operation};
use domain::doc::{text, with};
use domain::entities::{MEMBERSHIP, PRIVACY_REQUEST};
use domain::privacy::RESTRICTED_AT;
use domain::validate::change;
use domain::{Doc, Error, Filter, entities, json};
use edge::{Call, Outcome, Reply, crud};
use store::{Command, Scope};

/// Marks the people and memberships of a request, or takes the mark off them.
pub fn mark(command: &mut Command<'_>, scope: &Scope, request: &Doc, is_restricted: bool) {
    let people = entities::by_name("person").map_or("", |person| person.collection);
    for (collection, field) in [(people, "people"), (MEMBERSHIP.collection, "members")] {
        let filter = json!({ "tenant_id": scope.tenant(), "_id": { "$in": request.get(field) } });
        let update = match is_restricted {
            true => json!({ "$set": { (RESTRICTED_AT): scope.now().ejson() }, "$inc": { "version": 1 } }),
            false => json!({ "$unset": { (RESTRICTED_AT): "" }, "$inc": { "version": 1 } }),
        };
        let operation = Operation::new(Action::UpdateMany, collection).with("filter", filter);
        command.operation(operation.with("update", update), None);
    }
}

/// Lifts the restriction that a request asked for.
pub async fn lift(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let one = scope.reach(&PRIVACY_REQUEST, "lift").and(Filter::is("_id", call.id(&PRIVACY_REQUEST)?));
    let mut reading = call.store.reading(scope);
    let step = reading.one(&PRIVACY_REQUEST, &one, Error::not_found());
    let before = reading.run().await?.doc(step);
    crud::check_version(call, &before)?;
    match (text(&before, "type"), text(&before, "status")) {
        (Some("restrict"), Some("done")) => {}
        (Some("restrict"), _) => return Err(Error::conflict("already-lifted", "The restriction was lifted before.").into()),
        _ => return Err(Error::conflict("not-a-restriction", "This request is not one to restrict anything.").into()),
    }
    let mut command = call.store.command(scope);
    mark(&mut command, scope, &before, false);
    let lifted = change(&before, with(&before, json!({ "status": "lifted" })));
    let after = crud::apply(call, &mut command, &PRIVACY_REQUEST, &before, &lifted, "privacy_request.lifted")?;
    command.answer_record(200, &PRIVACY_REQUEST, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}
