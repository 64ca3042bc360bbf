//! The places of an identity: its memberships with their tenants, across all tenants; those that wait among them.

use data_api::{Action, Operation};
use domain::doc;
use domain::entities::{CREDENTIAL, IDENTITY, MEMBERSHIP, TENANT};
use domain::json::{list, object, of};
use domain::{Doc, Error, Time};
use serde_json::Value;
use store::PlatformScope;

use crate::entrance::{may_enter, place};

/// One login reaches so many tenants at most.
const PLACES_MAX: u32 = 100;

/// A membership in a tenant that is entered: an active one, or one that waits.
pub struct Place {
    /// The tenant.
    pub tenant: Doc,
    /// The membership.
    pub member: Doc,
}

impl Place {
    /// Whether nobody has activated it yet.
    pub fn waits(&self) -> bool {
        waits(&self.member)
    }
}

/// Reads the identity whose `field`, an id or an e-mail address, is this, together with its places.
pub fn with_identity(field: &str, value: &str) -> Operation {
    let filter = vec![("tenant_id", PlatformScope::TENANT.into()), (field, value.into()), ("deleted_at", Value::Null)];
    let look_up = look_up(MEMBERSHIP.collection, ["_id", "identity"], pipeline(None), "places");
    let stages = list(vec![of("$match", object(filter)), look_up]);
    Operation::new(Action::Aggregate, IDENTITY.collection).with("pipeline", stages)
}

/// Reads the identity that a login elsewhere opens, together with its places.
pub fn with_credential(provider: &str, subject: &str) -> Operation {
    let live = || vec![("tenant_id", PlatformScope::TENANT.into()), ("deleted_at", Value::Null)];
    let mut filter = live();
    filter.extend([("provider", provider.into()), ("subject", subject.into())]);
    let stages = list(vec![
        of("$match", object(filter)),
        look_up(IDENTITY.collection, ["identity", "_id"], list(vec![of("$match", object(live()))]), "found"),
        of("$unwind", "$found"),
        of("$replaceRoot", of("newRoot", "$found")),
        look_up(MEMBERSHIP.collection, ["_id", "identity"], pipeline(None), "places"),
    ]);
    Operation::new(Action::Aggregate, CREDENTIAL.collection).with("pipeline", stages)
}

/// Reads the places of an identity.
pub fn of_identity(identity: &str) -> Operation {
    Operation::new(Action::Aggregate, MEMBERSHIP.collection).with("pipeline", pipeline(Some(identity)))
}

/// The places that a reading found.
pub fn found(docs: Vec<Doc>, now: Time) -> Vec<Place> {
    docs.into_iter().filter_map(from_doc).filter(|place| may_enter(&place.tenant, &place.member, now)).collect()
}

/// The places that came with an identity.
pub fn taken_from(identity: &mut Doc, now: Time) -> Vec<Place> {
    let Some(Value::Array(places)) = identity.remove("places") else { return Vec::new() };
    found(places.into_iter().filter_map(doc::object).collect(), now)
}

/// The place in the tenant that is wanted, or the one used last; where all of them wait it says so.
pub fn chosen<'a>(places: &'a [Place], wanted: Option<&Value>, otherwise: fn() -> Error) -> Result<&'a Place, Error> {
    let is_wanted = |place: &&Place| wanted.is_none_or(|tenant| place.tenant.get("_id") == Some(tenant));
    let mut found = places.iter().filter(is_wanted);
    match found.clone().find(|place| !place.waits()) {
        Some(place) => Ok(place),
        None => Err(found.next().map_or_else(otherwise, |_| waiting())),
    }
}

/// Whether a membership waits to be activated.
pub fn waits(member: &Doc) -> bool {
    doc::text(member, "status") == Some("pending")
}

/// The membership is not one to enter yet.
pub fn waiting() -> Error {
    Error::forbidden("membership-pending", "You have joined. You can enter once somebody activates your membership.")
}

/// The places as callers see them.
pub fn shown(places: &[Place]) -> Value {
    places.iter().filter(|found| !found.waits()).map(|found| Value::Object(place(&found.tenant, &found.member))).collect()
}

/// Memberships that are active or wait, with their tenants, in whichever status those are, the one used last first: joining is the first use.
fn pipeline(identity: Option<&str>) -> Value {
    let entered = of("$in", list(vec!["active".into(), "pending".into()]));
    let mut members = vec![("status", entered), ("deleted_at", Value::Null)];
    members.extend(identity.map(|identity| ("identity", identity.into())));
    let live = list(vec![of("$match", of("deleted_at", Value::Null))]);
    let newest = object(vec![("last_login_at", (-1).into()), ("_id", (-1).into())]);
    list(vec![
        of("$match", object(members)),
        of("$sort", newest),
        of("$limit", PLACES_MAX),
        look_up(TENANT.collection, ["tenant_id", "_id"], live, "tenant"),
    ])
}

fn look_up(from: &str, [local, foreign]: [&str; 2], pipeline: Value, name: &str) -> Value {
    let fields = vec![
        ("from", from.into()),
        ("localField", local.into()),
        ("foreignField", foreign.into()),
        ("pipeline", pipeline),
        ("as", name.into()),
    ];
    of("$lookup", object(fields))
}

fn from_doc(mut member: Doc) -> Option<Place> {
    let Some(Value::Array(mut tenants)) = member.remove("tenant") else { return None };
    Some(Place { tenant: tenants.pop().and_then(doc::object)?, member })
}
