//! What leaves for the database is sealed, and what comes from it is opened: the one place for both.
//!
//! At rest an encrypted field is text that starts with [`MARK`]. Beside it stand its companions, which nobody is shown: what
//! an equal value is found by, and what its words are found by.

mod operation;

use std::cell::RefCell;
use std::rc::Rc;

use domain::entities::{self, IDEMPOTENCY};
use domain::{Entity, Error, Field};
use serde_json::{Map, Value};

use crate::keyring::{Keyring, MARK, TenantKeys};
use crate::keys::SEALED;
use crate::{PlatformScope, Vault};
use operation::Of;

type Body = Map<String, Value>;

/// The keyrings that a request has come by.
pub struct Rings {
    vault: Vault,
    known: RefCell<Vec<Known>>,
}

/// A tenant's keys as they came, and the ring that is made of them when it is needed.
struct Known {
    tenant: String,
    wrapped: String,
    /// The keys of deliveries to it.
    deliveries: Vec<String>,
    ring: Option<Rc<Keyring>>,
}

impl Rings {
    /// No keys but those of the platform.
    pub fn new(vault: Vault) -> Self {
        Self { vault, known: RefCell::default() }
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Keeps a tenant's wrapped keys for this request.
    pub fn learn(&self, tenant: &str, wrapped: &str) {
        let mut known = self.known.borrow_mut();
        known.retain(|known| known.tenant != tenant);
        known.push(Known { tenant: tenant.to_owned(), wrapped: wrapped.to_owned(), deliveries: Vec::new(), ring: None });
    }

    /// Keeps the wrapped key of a delivery beside the tenant's own.
    pub fn learn_delivery(&self, tenant: &str, wrapped: &str) {
        if let Some(known) = self.known.borrow_mut().iter_mut().find(|known| known.tenant == tenant) {
            known.deliveries.push(wrapped.to_owned());
            known.ring = None;
        }
    }

    /// A tenant's keys as they came.
    pub fn wrapped(&self, tenant: &str) -> Option<String> {
        self.known.borrow().iter().find(|known| known.tenant == tenant).map(|known| known.wrapped.clone())
    }

    /// A tenant's ring, if this request has come by its keys.
    pub fn ring(&self, tenant: &str) -> Option<Rc<Keyring>> {
        let mut all = self.known.borrow_mut();
        if let Some(known) = all.iter_mut().find(|known| known.tenant == tenant) {
            if known.ring.is_none() {
                let unwrap = |wrapped: &String| TenantKeys::unwrap(&self.vault, tenant, wrapped);
                let mut ring = Keyring::new(tenant, &unwrap(&known.wrapped)?);
                known.deliveries.iter().filter_map(unwrap).for_each(|keys| ring.also_open(&keys));
                known.ring = Some(Rc::new(ring));
            }
            return known.ring.clone();
        }
        if tenant != PlatformScope::TENANT {
            return None;
        }
        let ring = Rc::new(Keyring::of_platform(&self.vault));
        let (tenant, wrapped) = (tenant.to_owned(), String::new());
        all.push(Known { tenant, wrapped, deliveries: Vec::new(), ring: Some(ring.clone()) });
        Some(ring)
    }

    /// A tenant's ring; without its keys nothing of it can be read or written.
    pub(crate) fn require(&self, tenant: &str) -> Result<Rc<Keyring>, Error> {
        self.ring(tenant).ok_or_else(gone)
    }

    /// An operation as it may leave. Its documents and filters name the tenant, as all do.
    pub fn seal(&self, body: &mut Body, nonces: &mut Nonces) -> Result<(), Error> {
        let collection = body.get("collection").and_then(Value::as_str).unwrap_or_default();
        if collection == IDEMPOTENCY.collection {
            return self.seal_kept(body, nonces);
        }
        let Some(entity) = encrypted(collection, |entity| entity.collection) else { return Ok(()) };
        let text = |pointer: &[&str]| {
            let found =
                pointer.split_first().and_then(|(first, rest)| rest.iter().try_fold(body.get(*first)?, |at, step| at.get(step)));
            found.and_then(Value::as_str).map(str::to_owned)
        };
        let stage = body.get("pipeline").and_then(|stages| stages.get(0)?.get("$match")?.get("tenant_id")?.as_str());
        let stage = stage.map(str::to_owned);
        let tenant = text(&["document", "tenant_id"]).or_else(|| text(&["filter", "tenant_id"])).or(stage).unwrap_or_default();
        let id = text(&["document", "_id"]).or_else(|| text(&["filter", "_id"]));
        let of = Of { rings: self, tenant: &tenant, entity, id };
        of.seal_body(body, nonces)
    }

    /// A document of an entity as it is kept.
    pub fn sealed(&self, entity: &Entity, tenant: &str, document: &mut Body, nonces: &mut Nonces) -> Result<(), Error> {
        let id = document.get("_id").and_then(Value::as_str).map(str::to_owned);
        Of { rings: self, tenant, entity, id }.seal_fields(document, nonces).map(|_| ())
    }

    /// A kept answer has a record in it that is as sealed as the record itself.
    fn seal_kept(&self, body: &mut Body, nonces: &mut Nonces) -> Result<(), Error> {
        let kept = body.get_mut("update").and_then(|update| update.get_mut("$set")?.get_mut("document")?.as_object_mut());
        let Some(kept) = kept else { return Ok(()) };
        let entity = kept.get("_id").and_then(Value::as_str).and_then(entity_of_id);
        let tenant = kept.get("tenant_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        entity.map_or(Ok(()), |entity| self.sealed(entity, &tenant, kept, nonces))
    }

    /// All that can be opened of an answer of a tenant's: records tell by their ids what they are, wherever in it they stand.
    /// Other tenants' values that cannot are left out.
    pub fn open(&self, value: &mut Value, tenant: &str, is_own: bool) -> Result<(), Error> {
        let object = match value {
            Value::Array(items) => return items.iter_mut().try_for_each(|item| self.open(item, tenant, is_own)),
            Value::Object(object) => object,
            _ => return Ok(()),
        };
        let whose = object.get("tenant_id").and_then(Value::as_str).filter(|whose| *whose != tenant).map(str::to_owned);
        let (tenant, is_own) = whose.as_deref().map_or((tenant, is_own), |whose| (whose, false));
        let id = object.get("_id").and_then(Value::as_str).map(str::to_owned);
        if let Some((entity, id)) = id.and_then(|id| Some((entity_of_id(&id)?, id))) {
            self.open_fields(entity, &id, object, tenant, is_own)?;
        }
        object.values_mut().try_for_each(|value| self.open(value, tenant, is_own))
    }

    fn open_fields(&self, entity: &Entity, id: &str, object: &mut Body, tenant: &str, is_own: bool) -> Result<(), Error> {
        for field in entity.encrypted_fields() {
            object.remove(&field.blind_name());
            object.remove(&field.words_name());
            let Some(sealed) = object.get(field.name).and_then(Value::as_str).filter(|text| text.starts_with(MARK)) else {
                continue;
            };
            let ring = self.ring(tenant);
            if ring.is_none() && is_own {
                return Err(gone());
            }
            match ring.and_then(|ring| ring.open(&place(entity, field, id), sealed)) {
                Some(value) => drop(object.insert(field.name.to_owned(), value)),
                None => drop(object.remove(field.name)),
            }
        }
        Ok(())
    }

    /// Learns the keys in the answer of an operation that asked for some.
    pub(crate) fn learn_from(&self, answer: &data_api::Answer) {
        for found in answer.document.iter().chain(answer.documents.iter().flatten()) {
            let text = |name: &str| found.get(name).and_then(Value::as_str);
            match (text("tenant_id"), text(SEALED)) {
                (Some(tenant), Some(wrapped)) if text("_id") == Some(tenant) => self.learn(tenant, wrapped),
                (Some(tenant), Some(wrapped)) => self.learn_delivery(tenant, wrapped),
                _ => {}
            }
        }
    }
}

/// Nonces for one call: a random one, counted on.
pub struct Nonces(u128);

impl Nonces {
    /// Nonces from a random one on.
    pub fn new(random: [u8; 12]) -> Self {
        Self(random.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
    }

    fn next(&mut self) -> [u8; 12] {
        self.0 = self.0.wrapping_add(1);
        let [_, _, _, _, rest @ ..] = self.0.to_be_bytes();
        rest
    }
}

fn place(entity: &Entity, field: &Field, id: &str) -> String {
    [entity.name, field.name, id].join("/")
}

/// What a value is found by is of its field alone: two fields with the same value look unlike.
pub(crate) fn blind_field(entity: &Entity, field: &str) -> String {
    [entity.name, field].join("/")
}

fn encrypted(text: &str, of: fn(&Entity) -> &str) -> Option<&'static Entity> {
    entities::ALL.iter().copied().find(|entity| of(entity) == text).filter(|entity| entity.is_encrypted())
}

fn entity_of_id(id: &str) -> Option<&'static Entity> {
    encrypted(id.split_once('_')?.0, |entity| entity.prefix)
}

/// Without its keys a tenant's personal values are noise, for good.
pub fn gone() -> Error {
    Error::new(domain::ErrorKind::Gone, "keys-gone", "The keys of this tenant are gone, and with them all personal values.")
}

#[cfg(test)]
mod tests;
