//! The login of whom is erased goes with their last membership; as long as another one uses it, only the link to it goes.
//!
//! Logins belong to no tenant. All that a lease does here is to count memberships of a login that is its own member's, and to end it.

use data_api::{Action, Operation};
use domain::doc::text;
use domain::entities::{CREDENTIAL, EVENT, IDENTITY, MEMBERSHIP};
use domain::{Doc, json};
use runner::{Stop, Work};
use serde_json::Value;
use store::{Command, PlatformScope};

use crate::erase::raced;
use crate::proof::Proof;

const CREDENTIALS_MAX: u32 = 100;

/// Erases the identities of these memberships that no other membership has, of any tenant.
pub async fn erase(command: &mut Command<'_>, work: &Work<'_>, members: &[Doc], proof: &mut Proof) -> Result<(), Stop> {
    let ids: Vec<&str> = members.iter().filter_map(|member| text(member, "_id")).collect();
    for identity in members.iter().filter_map(|member| text(member, "identity")) {
        let mut reading = work.store.reading(&work.scope);
        let known = reading.operation(read(Action::Find, IDENTITY.collection, of_platform("_id", identity)));
        let credentials = of_platform("identity", identity);
        let credentials =
            reading.operation(read(Action::Find, CREDENTIAL.collection, credentials).with("limit", CREDENTIALS_MAX));
        let others = reading.operation(read(Action::Find, MEMBERSHIP.collection, others(identity, &ids)).with("limit", 1));
        let mut found = reading.run().await?;
        match (found.docs(known).is_empty(), found.docs(others).is_empty()) {
            (true, _) => {}
            (false, false) => proof.keep(&IDENTITY),
            (false, true) => end(command, identity, &ids, &found.docs(credentials), proof),
        }
    }
    Ok(())
}

/// Whoever joins a tenant by it at this moment writes to it as well: one of the two has to look again.
fn end(command: &mut Command<'_>, identity: &str, members: &[&str], credentials: &[Doc], proof: &mut Proof) {
    let unused = read(Action::FindOne, MEMBERSHIP.collection, others(identity, members));
    command.operation(unused.expecting("document", Value::Null), Some(raced()));
    let login = Operation::new(Action::DeleteOne, IDENTITY.collection).with("filter", of_platform("_id", identity));
    command.operation(login.expecting("deletedCount", 1), Some(raced()));
    let elsewhere = Operation::new(Action::DeleteMany, CREDENTIAL.collection);
    command.operation(elsewhere.with("filter", of_platform("identity", identity)), None);
    let credentials = || credentials.iter().filter_map(|credential| text(credential, "_id"));
    let told: Vec<&str> = credentials().chain([identity]).collect();
    let events = Operation::new(Action::UpdateMany, EVENT.collection);
    let events = events.with("filter", of_platform("record.id", json!({ "$in": told })));
    let outline = json!({ "$set": { "changes": {} }, "$unset": { "comment": "", "ip": "", "user_agent": "" } });
    command.operation(events.with("update", outline), None);
    proof.add(&IDENTITY, identity, &[]);
    credentials().for_each(|id| proof.add(&CREDENTIAL, id, &[]));
}

fn read(action: Action, collection: &str, filter: Value) -> Operation {
    Operation::new(action, collection).with("filter", filter).with("projection", json!({ "_id": 1 }))
}

fn of_platform(field: &str, value: impl Into<Value>) -> Value {
    json!({ "tenant_id": PlatformScope::TENANT, (field): value.into() })
}

/// The memberships of an identity beside those that are erased.
fn others(identity: &str, members: &[&str]) -> Value {
    json!({ "identity": identity, "deleted_at": null, "_id": { "$nin": members } })
}
