//! Host names: which tenant a subdomain or a domain belongs to. They are the platform's records, as no two tenants may hold one.

use data_api::{Action, Operation};
use domain::entities::{HOSTNAME, TENANT};
use domain::{Doc, Error, Filter, Time, doc, id, json};
use serde_json::Value;

use crate::{Command, Halt, PlatformScope, Store};

impl Command<'_> {
    /// Takes a host name for the tenant of the scope, or fails so when another tenant, or the same, holds it.
    pub fn claim_hostname(&mut self, name: &str, tenant: &str, now: Time, taken: Error) {
        let document = json!({
            "_id": id_of(name), "tenant_id": PlatformScope::TENANT, "name": name, "tenant": tenant,
            "created_at": now.ejson(), "updated_at": now.ejson(), "version": 1,
        });
        self.inserting(Operation::new(Action::InsertOne, HOSTNAME.collection).with("document", document), taken);
    }

    /// Lets go of a host name that a tenant holds.
    pub fn release_hostname(&mut self, name: &str, tenant: &str) {
        let filter = json!({ "_id": id_of(name), "tenant_id": PlatformScope::TENANT, "tenant": tenant });
        self.operation(Operation::new(Action::DeleteOne, HOSTNAME.collection).with("filter", filter), None);
    }
}

impl Store {
    /// The tenant that holds a host name, as anybody may know it, unless it is cancelled.
    pub async fn tenant_of_hostname(&self, name: &str) -> Result<Option<Doc>, Halt> {
        let held = Filter::is("tenant_id", PlatformScope::TENANT).and(Filter::is("name", name));
        let open = json!({ "status": { "$in": ["active", "suspended"] }, "deleted_at": null });
        let look_up = json!({
            "from": TENANT.collection, "localField": "tenant", "foreignField": "_id", "pipeline": [{ "$match": open }], "as": "tenants",
        });
        let pipeline = json!([{ "$match": crate::compile(&held) }, { "$lookup": look_up }]);
        let operation = Operation::new(Action::Aggregate, HOSTNAME.collection).with("pipeline", pipeline);
        let answer = self.client.single(PlatformScope::TENANT, operation).await.map_err(Error::from)?;
        let found = answer.documents.unwrap_or_default().into_iter().next().and_then(doc::object);
        let tenants = found.and_then(|mut found| found.remove("tenants"));
        Ok(match tenants {
            Some(Value::Array(tenants)) => tenants.into_iter().next().and_then(doc::object),
            _ => None,
        })
    }
}

fn id_of(name: &str) -> String {
    id::derived(HOSTNAME.prefix, &[name])
}
