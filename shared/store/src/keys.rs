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

/// The collection of keys; one record for each tenant, under the tenant's id.
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

    /// A tenant's wrapped keys, for those who only take in.
    pub fn intake_keys(&self, tenant: &str) -> Option<String> {
        let keys = TenantKeys::unwrap(&self.vault, tenant, &self.client.rings.wrapped(tenant)?)?;
        Some(keys.for_intake().wrap(&self.vault, tenant, self.random()))
    }

    /// What wraps some tenants' keys, from the one after an id on, by the newest master key.
    pub async fn rewrapping(&self, after: &str) -> Result<Resealing, Halt> {
        let next = Operation::new(Action::Find, KEYS).with("filter", of("_id", of("$gt", after)));
        let next = next.with("sort", of("_id", 1)).with("limit", READ_MAX);
        let answer = self.client.single(PlatformScope::TENANT, next).await.map_err(Error::from)?;
        let found = answer.documents.unwrap_or_default();
        let rewrap = |record: &Value| {
            let (tenant, wrapped) = (record.get("_id")?.as_str()?, record.get(SEALED)?.as_str()?);
            let keys = TenantKeys::unwrap(&self.vault, tenant, wrapped)?;
            Some(replacing(tenant, wrapped, &keys.wrap(&self.vault, tenant, self.random())))
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
        let operation = replacing(tenant, &wrapped, &keys.wrap(&store.vault, tenant, store.random()));
        self.operation(operation.expecting("matchedCount", 1), Some(otherwise));
        Ok(())
    }

    /// Destroys the keys of the scope's tenant, and ends all its logins.
    pub fn destroy_keys(&mut self, scope: &Scope) {
        let filter = object(vec![("_id", scope.tenant().into()), ("tenant_id", scope.tenant().into())]);
        self.operation(Operation::new(Action::DeleteOne, KEYS).with("filter", filter), None);
        let open = scope.live().and(logins::unrevoked());
        self.update_many(&LOGIN, &open, &logins::ended(scope.now(), "keys-destroyed"));
        let revoked = domain::json::doc(vec![("revoked_at", scope.now().into())]);
        self.update_many(&API_KEY, &open, &revoked);
    }

    /// Makes the keys of a tenant that is being made.
    pub fn new_keys(&mut self, store: &Store, scope: &Scope) {
        let tenant = scope.tenant();
        let wrapped = TenantKeys::new(store.random(), store.random()).wrap(&store.vault, tenant, store.random());
        let operation = Operation::new(Action::InsertOne, KEYS).with("document", record(tenant, &wrapped, scope.now()));
        store.learn_keys(tenant, &wrapped);
        self.operation(operation, None);
    }
}

fn places(identity: Value) -> Operation {
    Operation::new(Action::Distinct, MEMBERSHIP.collection).with("field", "tenant_id").with("filter", of("identity", identity))
}

/// The record of a tenant's keys.
pub fn record(tenant: &str, wrapped: &str, now: Time) -> Doc {
    let fields =
        vec![("_id", tenant.into()), ("tenant_id", tenant.into()), (SEALED, wrapped.into()), ("created_at", now.ejson())];
    domain::json::doc(fields)
}

/// Replaces a tenant's wrapped keys by others, if they are still what they were.
fn replacing(tenant: &str, was: &str, is: &str) -> Operation {
    let as_read = object(vec![("_id", tenant.into()), ("tenant_id", tenant.into()), (SEALED, was.into())]);
    Operation::new(Action::UpdateOne, KEYS).with("filter", as_read).with("update", of("$set", of(SEALED, is)))
}

pub(crate) fn find_keys(tenant: &str) -> Operation {
    let filter = vec![("_id", tenant.into()), ("tenant_id", tenant.into())];
    Operation::new(Action::FindOne, KEYS).with("filter", object(filter))
}
