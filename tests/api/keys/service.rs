//! Service accounts, and who may have their keys.

use super::id_of;
use domain::Role;
use serde_json::json;
use support::{App, Tenant};

#[tokio::test]
async fn a_service_account_acts_through_its_keys_alone() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let account = owner.post("/v1/service-accounts", json!({ "name": "Sync", "role": "manager" })).send().await.expect(201);
    assert_eq!((&account.json["status"], &account.json["is_service"]), (&json!("active"), &json!(true)));
    let body = json!({ "name": "Sync", "member": account.id(), "scopes": ["lead:create", "lead:read"] });
    let made = owner.post("/v1/api-keys", body).send().await.expect(201);
    let key = App::shared().with_token(made.json["key"].as_str().unwrap());
    let lead = key.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    assert_eq!(lead.json["created_by"], account.id());
    owner.post(&format!("/v1/api-keys/{}/rotate", id_of(&made)), json!({})).send().await.expect(200);
    key.get("/v1/leads").await.expect(401);
    let stored = App::shared().stored("memberships", json!({ "_id": account.id(), "tenant_id": tenant.id })).await.remove(0);
    assert!(stored["identity"].is_null() && stored["email"].as_str().unwrap().ends_with("@service.invalid"));
}

#[tokio::test]
async fn nobody_gives_a_service_account_more_than_they_have_and_none_owns_the_tenant() {
    let tenant = Tenant::new().await;
    let (owner, admin) = (tenant.caller(Role::Owner).await, tenant.caller(Role::Admin).await);
    let refused = owner.post("/v1/service-accounts", json!({ "name": "Sync", "role": "owner" })).send().await.expect(422);
    assert_eq!(refused.places(), ["/role"]);
    let account = owner.post("/v1/service-accounts", json!({ "name": "Sync", "role": "admin" })).send().await.expect(201);
    let member = format!("/v1/members/{}", account.id());
    let refused = owner.patch(&member, json!({ "role": "owner" })).send().await.expect(422);
    assert_eq!(refused.places(), ["/role"]);
    let body = json!({ "name": "Sync", "member": account.id(), "scopes": ["lead:read"] });
    admin.post("/v1/api-keys", body.clone()).send().await.expect(201);
    // A role of the tenant's own that gives less than the account has.
    let role = json!({
        "name": "Keys", "based_on": "admin",
        "permissions": { "api_key:create": "all", "membership:read": "all", "membership:create": "all", "lead:read": "all" },
    });
    let role = owner.post("/v1/roles", role).send().await.expect(201);
    let limited = tenant.member(Role::Admin).await;
    owner.patch(&format!("/v1/members/{}", limited.id), json!({ "custom_role": role.id() })).send().await.expect(200);
    let stored = App::shared().stored("memberships", json!({ "_id": limited.id })).await.remove(0);
    let policy = domain::Policy::read(Role::Admin, stored["policy"].as_str().unwrap()).unwrap();
    let limited = limited.with(policy).at_version(2);
    assert_eq!(limited.caller().post("/v1/api-keys", body).send().await.expect(403).code(), "role-not-allowed");
    let more = json!({ "name": "Sync", "role": "admin" });
    assert_eq!(limited.caller().post("/v1/service-accounts", more).send().await.expect(403).code(), "role-not-allowed");
}

#[tokio::test]
async fn nobody_gets_a_key_that_acts_as_another_person() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.member(Role::Manager).await);
    let body = json!({ "name": "A", "member": manager.id, "scopes": ["lead:read"] });
    assert_eq!(owner.post("/v1/api-keys", body).send().await.expect(422).places(), ["/member"]);
    let made = manager.caller().post("/v1/api-keys", json!({ "name": "A", "scopes": ["lead:read"] })).send().await.expect(201);
    let path = format!("/v1/api-keys/{}", id_of(&made));
    owner.get(&path).await.expect(200);
    assert_eq!(owner.post(&format!("{path}/rotate"), json!({})).send().await.expect(409).code(), "not-your-key");
}
