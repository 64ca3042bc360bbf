//! Publishing and assigning.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

#[tokio::test]
async fn a_lead_is_published_once_with_a_deadline_in_the_future() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}/publish", lead.id());
    for (deadline, code) in [(json!({}), "required"), (json!({ "bid_deadline": "2020-01-01T00:00:00Z" }), "in-the-past")] {
        let refused = manager.post(&path, deadline).send().await.expect(422);
        assert_eq!(
            (refused.places(), refused.json["errors"][0]["code"].as_str()),
            (vec!["/bid_deadline".to_owned()], Some(code))
        );
    }
    let published = manager.post(&path, json!({ "bid_deadline": "2999-01-01T00:00:00Z" })).send().await.expect(200);
    assert_eq!(published.json["bid_pool"], true);
    assert_eq!(manager.post(&path, json!({})).send().await.expect(409).code(), "already-published");
}

#[tokio::test]
async fn a_longer_deadline_keeps_bids_sealed_for_longer() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    manager.post(&format!("{path}/publish"), json!({ "bid_deadline": "2998-01-01T00:00:00Z" })).send().await.expect(200);
    let expert = tenant.caller(Role::Expert).await;
    let bid = expert.post("/v1/bids", json!({ "lead": lead.id() })).send().await.expect(201);
    manager.patch(&path, json!({ "bid_deadline": "2999-01-01T00:00:00Z" })).send().await.expect(200);
    let stored = App::shared().stored("bids", json!({ "_id": bid.id() })).await;
    assert_eq!(stored[0]["sealed_until"], "2999-01-01T00:00:00.000Z");
    let events = App::shared().stored("events", json!({ "record.id": bid.id() })).await;
    assert!(events[0]["sealed_until"].as_str() >= Some("2999-01-01T00:00:00.000Z"));
}

#[tokio::test]
async fn an_assigned_member_has_the_right_role_and_joins_the_conversation() {
    let tenant = Tenant::new().await;
    let (manager, customer) = (tenant.caller(Role::Manager).await, tenant.member(Role::Customer).await);
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}/assign", lead.id());
    let refused = manager.post(&path, json!({ "manager": customer.id })).send().await.expect(422);
    assert_eq!(refused.places(), ["/manager"]);
    let assigned = manager.post(&path, json!({ "customer": customer.id })).send().await.expect(200);
    assert_eq!(assigned.json["customer"], customer.id);
    let conversation = App::shared().stored("conversations", json!({ "lead": lead.id() })).await;
    assert_eq!(conversation[0]["participants"], json!([customer.id]));
    customer.caller().get(&format!("/v1/leads/{}", lead.id())).await.expect(200);
}
