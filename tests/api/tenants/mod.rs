//! `/v1/tenant`, what a tenant's plan limits, and what the operator alone sets.

mod domain_name;
mod limits;
mod operator;
mod settings;
mod suspended;
mod tenant;
mod vendors;

use domain::Role::Owner;
use serde_json::{Value, json};
use support::{Answered, App, Caller, OPERATOR_SECRET, Request, Tenant, id};

/// The operator's change of a tenant.
fn set(tenant: &str, change: Value) -> Request {
    App::shared().with_token(OPERATOR_SECRET).patch(&format!("/v1/operator/tenants/{tenant}"), change)
}

/// A tenant on a plan, with its owner.
async fn on_plan(plan: &str) -> (Tenant, Caller) {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    set(&tenant.id, json!({ "plan": plan })).send().await.expect(200);
    (tenant, owner)
}

/// Signs somebody up with a tenant of its own.
async fn signed_up() -> (Answered, Caller) {
    let email = format!("{}@example.com", id("own").to_lowercase().replace('_', "-"));
    let body = json!({ "tenant_name": "Acme & Sons", "name": "Ada", "email": email, "password": "correct horse battery" });
    let answered = App::shared().anyone().post("/v1/auth/signup", body).send().await.expect(201);
    let caller = App::shared().with_token(answered.json["access_token"].as_str().unwrap());
    (answered, caller)
}

/// The types of a tenant's events, without those of its members.
async fn events(tenant: &str) -> Vec<String> {
    let found = App::shared().stored("events", json!({ "tenant_id": tenant, "record.type": "tenant" })).await;
    found.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// A word that no other test has.
fn word() -> String {
    id("t").to_lowercase().replace('_', "-")
}
