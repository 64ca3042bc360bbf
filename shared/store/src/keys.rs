//! Where tenants' keys are: in a database of their own, so that a copy of the data alone tells nothing of anybody.

use data_api::{Action, Operation};
use domain::entities::{API_KEY, CREDENTIAL, IDENTITY, LOGIN, MEMBERSHIP};
use domain::json::{list, object, of};
use domain::{Doc, Entity, Error, Filter, Time};
use serde_json::Value;

use crate::keyring::TenantKeys;
use crate::proof::ACCESS_TOKEN_TTL_S;
use crate::sealing::gone;
use crate::{Command, Halt, PlatformScope, Reading, Resealing, Scope, Store, logins, query};

/// The collection of keys: a record for each tenant, under the tenant's id, and one for each delivery that waits.
pub(crate) const KEYS: &str = "keys";
/// The field that holds them, wrapped.
pub(crate) const SEALED: &str = "sealed";
/// After so long no token that was made before is good any more.
pub const TOKENS_OUT_MS: i64 = (ACCESS_TOKEN_TTL_S + 60) * 1_000;

/// A step of replacing the key that values are sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysTurn {
    /// A new version opens, and does not seal yet.
    Publish,
    /// The newest version seals.
    Activate,
    /// The versions that do not seal go.
    Retire,
}

/// So many tenants' keys are read at once at most.
const READ_MAX: u32 = 100;

impl Store {
    /// Keeps a tenant's wrapped keys for this request: they came with a proof.
    pub fn learn_keys(&self, tenant: &str, wrapped: &str) {
        self.client.rings.learn(tenant, wrapped);
    }

    /// A tenant's wrapped keys, for the tokens of its members.
    pub fn wrapped_keys(&self, tenant: &str) -> Option<String> {
        self.client.rings.wrapped(tenant)
    }

    /// As [`Store::wrapped_keys`], where nothing goes on without them.
    pub fn require_keys(&self, tenant: &str) -> Result<String, Error> {
        self.wrapped_keys(tenant).ok_or_else(gone)
    }

    /// What wraps some keys, from those after an id on, by the newest master key.
    pub async fn rewrapping(&self, after: &str) -> Result<Resealing, Halt> {
        let next = Operation::new(Action::Find, KEYS).with("filter", of("_id", of("$gt", after)));
        let next = next.with("sort", of("_id", 1)).with("limit", READ_MAX);
        let answer = self.client.single(PlatformScope::TENANT, next).await.map_err(Error::from)?;
        let found = answer.documents.unwrap_or_default();
        let rewrap = |record: &Value| {
            let text = |name: &str| record.get(name)?.as_str();
            let (id, tenant, wrapped) = (text("_id")?, text("tenant_id")?, text(SEALED)?);
            let keys = TenantKeys::unwrap(&self.vault, tenant, wrapped)?;
            Some(replacing((id, tenant), wrapped, &keys.wrap(&self.vault, tenant, self.random())))
        };
        let last = found.last().filter(|_| found.len() == READ_MAX as usize);
        let last = last.and_then(|last| last.get("_id")?.as_str()).map(str::to_owned);
        Ok(Resealing { operations: found.iter().filter_map(rewrap).collect(), last })
    }

    /// Comes by a tenant's keys, at the cost of a trip.
    pub async fn unlock(&self, tenant: &str) -> Result<(), Halt> {
        if tenant != PlatformScope::TENANT && self.client.rings.wrapped(tenant).is_none() {
            self.client.single(tenant, find_keys(tenant)).await.map_err(Error::from)?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// Comes by a tenant's keys in the same trip.
    pub fn keys(&mut self, tenant: &str) {
        self.operation(find_keys(tenant));
    }

    /// Comes by the keys of the deliveries that a receipt was made of: a repeat has one more, which seals nothing.
    pub fn keys_of_delivery(&mut self, tenant: &str, receipt: &str) {
        let filter = of_delivery(tenant, receipt);
        self.operation(Operation::new(Action::Find, KEYS).with("filter", filter).with("limit", READ_MAX));
    }

    /// Comes by the keys of all tenants in which an identity is a member.
    pub fn keys_of_identity(&mut self, identity: Filter) {
        self.keys_of_identities(&IDENTITY, "_id", &identity);
    }

    /// Comes by the keys of all tenants in which the identity is a member that a login elsewhere opens.
    pub fn keys_of_credential(&mut self, credential: &Filter) {
        self.keys_of_identities(&CREDENTIAL, "identity", credential);
    }

    fn keys_of_identities(&mut self, entity: &Entity, field: &str, filter: &Filter) {
        let own = Operation::new(Action::Distinct, entity.collection).with("field", field);
        let own = self.operation(own.with("filter", query::compile(filter)));
        let places = places(of("$in", list(vec![]))).referring("filter.identity.$in", &own.path("values"));
        self.keys_of_places(places);
    }

    /// Comes by the keys of all tenants in which the identity with this id is a member.
    pub fn keys_of_member(&mut self, identity: &str) {
        self.keys_of_places(places(identity.into()));
    }

    fn keys_of_places(&mut self, places: Operation) {
        let places = self.operation(places);
        let keys = Operation::new(Action::Find, KEYS).with("filter", of("_id", of("$in", list(vec![])))).with("limit", READ_MAX);
        self.operation(keys.referring("filter._id.$in", &places.path("values")));
    }
}

impl Command<'_> {
    /// Comes by a tenant's keys in the same trip.
    pub fn keys(&mut self, tenant: &str) {
        self.operation(find_keys(tenant), None);
    }

    /// Takes the tenant's keys, as they were read, a step further, else fails so.
    pub fn turn_keys(&mut self, store: &Store, tenant: &str, turn: KeysTurn, otherwise: Error) -> Result<(), Error> {
        let wrapped = store.require_keys(tenant)?;
        let mut keys = TenantKeys::unwrap(&store.vault, tenant, &wrapped).ok_or_else(gone)?;
        match turn {
            KeysTurn::Publish if keys.is_turning() => return Err(otherwise),
            KeysTurn::Publish => keys.publish(store.random()),
            KeysTurn::Activate => keys.activate(),
            KeysTurn::Retire => keys.retire(),
        }
        let operation = replacing((tenant, tenant), &wrapped, &keys.wrap(&store.vault, tenant, store.random()));
        self.operation(operation.expecting("matchedCount", 1), Some(otherwise));
        Ok(())
    }

    /// Expects the scope's tenant to have keys, and to have them still when this is written.
    pub fn require_keys(&mut self) {
        let mut filter = own(self.scope().tenant());
        filter.push((SEALED, of("$exists", true)));
        let touch = Operation::new(Action::UpdateOne, KEYS).with("filter", object(filter));
        let touch = touch.with("update", of("$inc", of("touched", 1)));
        self.operation(touch.expecting("matchedCount", 1), Some(gone()));
    }

    /// Makes a key that seals one delivery to the scope's tenant, whose own keys are not at hand.
    pub fn new_delivery_keys(&mut self, store: &Store, receipt: &str) {
        let tenant = self.scope().tenant().to_owned();
        let wrapped = TenantKeys::of_delivery(store.random(), store.random()).wrap(&store.vault, &tenant, store.random());
        let id = domain::id::from_parts(&[receipt, "."].concat(), self.scope().now().ms(), store.random());
        let record = record(&id, &tenant, &wrapped, self.scope().now());
        store.learn_keys(&tenant, &wrapped);
        self.operation(Operation::new(Action::InsertOne, KEYS).with("document", record), None);
    }

    /// The deliveries that a receipt was made of are sealed by the tenant's own keys from now on.
    pub fn end_delivery_keys(&mut self, receipt: &str) {
        let filter = of_delivery(self.scope().tenant(), receipt);
        self.operation(Operation::new(Action::DeleteMany, KEYS).with("filter", filter), None);
    }

    /// Destroys the keys of the scope's tenant, and ends all its logins. That it had some is not forgotten: it gets no others.
    pub fn destroy_keys(&mut self, scope: &Scope) {
        let tenant = scope.tenant();
        let others = object(vec![("tenant_id", tenant.into()), ("_id", of("$ne", tenant))]);
        self.operation(Operation::new(Action::DeleteMany, KEYS).with("filter", others), None);
        let gone = object(vec![("$unset", of(SEALED, "")), ("$set", of("destroyed_at", scope.now().ejson()))]);
        let own = Operation::new(Action::UpdateOne, KEYS).with("filter", object(own(tenant)));
        self.operation(own.with("update", gone).with("upsert", true), None);
        let open = scope.live().and(logins::unrevoked());
        self.update_many(&LOGIN, &open, &logins::ended(scope.now(), "keys-destroyed"));
        let revoked = domain::json::doc(vec![("revoked_at", scope.now().into())]);
        self.update_many(&API_KEY, &open, &revoked);
    }

    /// Makes the keys of a tenant that is being made, or has never had any: where there are or were some it fails.
    pub fn new_keys(&mut self, store: &Store, scope: &Scope) {
        let tenant = scope.tenant();
        let wrapped = TenantKeys::new(store.random(), store.random()).wrap(&store.vault, tenant, store.random());
        let operation = Operation::new(Action::InsertOne, KEYS).with("document", record(tenant, tenant, &wrapped, scope.now()));
        store.learn_keys(tenant, &wrapped);
        self.inserting(operation, gone());
    }
}

fn places(identity: Value) -> Operation {
    Operation::new(Action::Distinct, MEMBERSHIP.collection).with("field", "tenant_id").with("filter", of("identity", identity))
}

/// The record of some keys of a tenant's; its own are under its own id.
pub fn record(id: &str, tenant: &str, wrapped: &str, now: Time) -> Doc {
    let fields = vec![("_id", id.into()), ("tenant_id", tenant.into()), (SEALED, wrapped.into()), ("created_at", now.ejson())];
    domain::json::doc(fields)
}

/// Replaces wrapped keys of a tenant's by others, if they are still what they were.
fn replacing((id, tenant): (&str, &str), was: &str, is: &str) -> Operation {
    let as_read = object(vec![("_id", id.into()), ("tenant_id", tenant.into()), (SEALED, was.into())]);
    Operation::new(Action::UpdateOne, KEYS).with("filter", as_read).with("update", of("$set", of(SEALED, is)))
}

pub(crate) fn find_keys(tenant: &str) -> Operation {
    Operation::new(Action::FindOne, KEYS).with("filter", object(own(tenant)))
}

fn own(tenant: &str) -> Vec<(&'static str, Value)> {
    vec![("_id", tenant.into()), ("tenant_id", tenant.into())]
}

/// The keys of a receipt's deliveries: their ids begin with its own and a full stop.
fn of_delivery(tenant: &str, receipt: &str) -> Value {
    let begin = object(vec![("$gt", [receipt, "."].concat().into()), ("$lt", [receipt, "/"].concat().into())]);
    object(vec![("tenant_id", tenant.into()), ("_id", begin)])
}
