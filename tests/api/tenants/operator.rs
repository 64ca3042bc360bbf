//! What the operator of the platform alone sets.

use domain::Role::Customer;
use serde_json::json;
use support::{App, Tenant, id};

use super::{events, on_plan, set};

#[tokio::test]
async fn only_whoever_knows_the_secret_is_the_operator() {
    let (tenant, owner) = on_plan("basic").await;
    let path = format!("/v1/operator/tenants/{}", tenant.id);
    for caller in [App::shared().anyone(), App::shared().with_token("wrong"), owner] {
        assert_eq!(caller.get(&path).await.expect(401).code(), "bad-secret");
        caller.patch(&path, json!({ "plan": "enterprise" })).send().await.expect(401);
    }
    assert_eq!(App::shared().stored("tenants", json!({ "_id": tenant.id })).await[0]["plan"], "basic");
}

#[tokio::test]
async fn limits_follow_the_plan_unless_they_are_set() {
    let (tenant, owner) = on_plan("basic").await;
    let set_to = set(&tenant.id, json!({ "max_leads": 1, "subscription_end": "2030-01-01T00:00:00Z" })).send().await.expect(200);
    assert_eq!((&set_to.json["max_leads"], &set_to.json["max_users"]), (&json!(1), &json!(25)));
    set(&tenant.id, json!({ "plan": "professional" })).send().await.expect(200);
    let lead = || owner.post("/v1/leads", json!({ "category": "Roof" }));
    lead().send().await.expect(201);
    assert_eq!(lead().send().await.expect(403).code(), "plan-limit");
    let back = set(&tenant.id, json!({ "max_leads": null })).send().await.expect(200);
    assert_eq!((&back.json["max_leads"], &back.json["subscription_end"]), (&json!(100_000), &json!("2030-01-01T00:00:00.000Z")));
    lead().send().await.expect(201);
    set(&tenant.id, json!({ "max_leads": 1 })).send().await.expect(200);
    lead().send().await.expect(403);
    let usage = owner.get("/v1/tenant/usage").await.expect(200);
    assert_eq!(usage.json["leads"], json!({ "used": 2, "max": 1 }), "what is there stays");
    assert_eq!(events(&tenant.id).await, ["tenant.updated"; 5]);
}

#[tokio::test]
async fn what_the_operator_sends_is_checked() {
    let tenant = Tenant::new().await;
    for (bad, place) in [
        (json!({ "plan": "gold" }), "/plan"),
        (json!({ "status": "gone" }), "/status"),
        (json!({ "max_users": -1 }), "/max_users"),
        (json!({ "extra_features": ["flying"] }), "/extra_features/0"),
        (json!({ "name": "x" }), "/name"),
    ] {
        assert_eq!(set(&tenant.id, bad).send().await.expect(422).places(), [place]);
    }
    assert_eq!(set("nonsense", json!({})).send().await.expect(400).places(), ["id"]);
    set(&id("ten"), json!({ "plan": "basic" })).send().await.expect(404);
    assert_eq!(set(&tenant.id, json!({ "plan": "basic" })).header("if-match", "\"9\"").send().await.expect(412).code(), "stale");
    tenant.caller(Customer).await.get("/v1/leads").await.expect(200);
}
