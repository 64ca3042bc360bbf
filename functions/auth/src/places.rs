//! The places of an identity: its active memberships with their tenants, across all tenants.

use data_api::{Action, Operation};
use domain::Doc;
use domain::doc;
use domain::entities::{IDENTITY, MEMBERSHIP, TENANT};
use serde_json::{Value, json};
use store::PlatformScope;

use crate::entrance::place;

/// One login reaches so many tenants at most.
const PLACES_MAX: u32 = 100;

/// An active membership in an open tenant.
pub struct Place {
    /// The tenant.
    pub tenant: Doc,
    /// The membership.
    pub member: Doc,
}

/// Reads the identity whose `field`, an id or an e-mail address, is this, together with its places.
pub fn with_identity(field: &str, value: &str) -> Operation {
    let filter = json!({ "tenant_id": PlatformScope::TENANT, field: value, "deleted_at": null });
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

/// The places that a reading found.
pub fn found(docs: Vec<Doc>) -> Vec<Place> {
    docs.into_iter().filter_map(from_doc).collect()
}

/// The places that came with an identity.
pub fn taken_from(identity: &mut Doc) -> Vec<Place> {
    let Some(Value::Array(places)) = identity.remove("places") else { return Vec::new() };
    found(places.into_iter().filter_map(doc::object).collect())
}

/// The place in the tenant that is wanted, or the one used last.
pub fn chosen<'a>(places: &'a [Place], wanted: Option<&Value>) -> Option<&'a Place> {
    places.iter().find(|place| wanted.is_none_or(|tenant| place.tenant.get("_id") == Some(tenant)))
}

/// The places as callers see them.
pub fn shown(places: &[Place]) -> Value {
    places.iter().map(|found| Value::Object(place(&found.tenant, &found.member))).collect()
}

/// Active memberships with their tenants, the one used last first: joining is the first use.
fn pipeline(filter: Value) -> Value {
    let mut active = json!({ "status": "active", "deleted_at": null });
    if let (Value::Object(active), Value::Object(filter)) = (&mut active, filter) {
        active.extend(filter);
    }
    let open = json!([{ "$match": { "status": "active", "deleted_at": null } }]);
    let tenant = json!({
        "from": TENANT.collection, "localField": "tenant_id", "foreignField": "_id", "pipeline": open, "as": "tenant",
    });
    let sort = json!({ "last_login_at": -1, "_id": -1 });
    json!([{ "$match": active }, { "$sort": sort }, { "$limit": PLACES_MAX }, { "$lookup": tenant }])
}

fn from_doc(mut member: Doc) -> Option<Place> {
    let Some(Value::Array(mut tenants)) = member.remove("tenant") else { return None };
    Some(Place { tenant: tenants.pop().and_then(doc::object)?, member })
}
