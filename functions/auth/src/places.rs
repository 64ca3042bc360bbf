//! The places of an identity: its active memberships with their tenants, across all tenants.

use data_api::{Action, Operation};
use domain::Doc;
use domain::entities::{IDENTITY, MEMBERSHIP, TENANT};
use serde_json::{Value, json};
use store::PlatformScope;

use crate::entrance::{place, text};

/// One login reaches so many tenants at most.
const PLACES_MAX: u32 = 100;

/// An active membership in an open tenant.
pub struct Place {
    /// The tenant.
    pub tenant: Doc,
    /// The membership.
    pub member: Doc,
}

/// Reads the identity of an e-mail address together with its places.
pub fn of_email(email: &str) -> Operation {
    let filter = json!({ "tenant_id": PlatformScope::TENANT, "email": email, "deleted_at": null });
    let look_up = json!({
        "from": MEMBERSHIP.collection, "localField": "_id", "foreignField": "identity", "pipeline": pipeline(json!({})), "as": "places",
    });
    let stages = json!([{ "$match": filter }, { "$lookup": look_up }]);
    Operation::new(Action::Aggregate, IDENTITY.collection).with("pipeline", stages)
}

/// Reads the places of an identity.
pub fn of_identity(identity: &str) -> Operation {
    Operation::new(Action::Aggregate, MEMBERSHIP.collection).with("pipeline", pipeline(json!({ "identity": identity })))
}

/// The places that a reading found, the one used last first.
pub fn sorted(docs: Vec<Doc>) -> Vec<Place> {
    let mut places: Vec<Place> = docs.into_iter().filter_map(from_doc).collect();
    places.sort_by(|one, other| last_used(&other.member).cmp(last_used(&one.member)));
    places
}

/// The places that came with an identity, the one used last first.
pub fn taken_from(identity: &mut Doc) -> Vec<Place> {
    let Some(Value::Array(places)) = identity.remove("places") else { return Vec::new() };
    sorted(places.into_iter().filter_map(as_doc).collect())
}

/// The places as callers see them.
pub fn shown(places: &[Place]) -> Value {
    places.iter().map(|found| Value::Object(place(&found.tenant, &found.member))).collect()
}

fn pipeline(filter: Value) -> Value {
    let mut active = json!({ "status": "active", "deleted_at": null });
    if let (Value::Object(active), Value::Object(filter)) = (&mut active, filter) {
        active.extend(filter);
    }
    let open = json!([{ "$match": { "status": "active", "deleted_at": null } }]);
    let tenant = json!({
        "from": TENANT.collection, "localField": "tenant_id", "foreignField": "_id", "pipeline": open, "as": "tenant",
    });
    json!([{ "$match": active }, { "$limit": PLACES_MAX }, { "$lookup": tenant }])
}

fn from_doc(mut member: Doc) -> Option<Place> {
    let Some(Value::Array(mut tenants)) = member.remove("tenant") else { return None };
    Some(Place { tenant: tenants.pop().and_then(as_doc)?, member })
}

fn last_used(member: &Doc) -> &str {
    text(member, "last_login_at").max(text(member, "joined_at"))
}

fn as_doc(value: Value) -> Option<Doc> {
    match value {
        Value::Object(doc) => Some(doc),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_used_or_joined_last_comes_first_and_closed_tenants_are_none() {
        let found = json!([
            { "_id": "a", "last_login_at": "2026-01-01T00:00:00.000Z", "tenant": [{ "_id": "ten_a" }] },
            { "_id": "b", "joined_at": "2026-03-01T00:00:00.000Z", "tenant": [{ "_id": "ten_b" }] },
            { "_id": "c", "last_login_at": "2026-02-01T00:00:00.000Z", "tenant": [{ "_id": "ten_c" }] },
            { "_id": "d", "last_login_at": "2026-09-01T00:00:00.000Z", "tenant": [] },
        ]);
        let mut identity = Doc::new();
        identity.insert("places".to_owned(), found);
        let tenants: Vec<String> = taken_from(&mut identity).iter().map(|place| text(&place.tenant, "_id").to_owned()).collect();
        assert_eq!(tenants, ["ten_b", "ten_c", "ten_a"]);
    }
}
