//! Events.

use domain::{Role, Time};
use serde_json::{Value, json};
use support::{App, Member, Tenant, id};

use super::{date, ids};

/// Puts an event about a bid straight into the database.
async fn happened(tenant: &Tenant, actor: &Member, sealed_until: Value) -> String {
    let event_id = id("evt");
    let document = json!({
        "_id": event_id, "tenant_id": tenant.id, "type": "bid.submitted", "record": { "type": "bid", "id": id("bid") },
        "lead": id("lead"), "changes": {}, "actor": { "type": "member", "id": actor.id, "role": "expert" },
        "sealed_until": sealed_until, "created_at": date(2026), "updated_at": date(2026), "version": 1,
    });
    App::shared().data("insertOne", json!({ "collection": "events", "document": document })).await;
    event_id
}

#[tokio::test]
async fn events_are_found_by_lead_record_and_type() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    manager.patch(&format!("/v1/leads/{}", lead.id()), json!({ "category": "Floor" })).send().await.expect(200);
    manager.post("/v1/leads", json!({ "category": "Wall" })).send().await.expect(201);
    let kinds = |query: String| {
        let manager = &manager;
        async move {
            let page = manager.get(&format!("/v1/events?{query}")).await.expect(200);
            page.json["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect::<Vec<_>>()
        }
    };
    assert_eq!(kinds(format!("lead={}", lead.id())).await, ["lead.updated", "lead.created"]);
    assert_eq!(kinds(format!("record.id={}&type=lead.updated", lead.id())).await, ["lead.updated"]);
    assert_eq!(kinds("type=lead.created".to_owned()).await.len(), 2);
    let page = manager.get(&format!("/v1/events?lead={}", lead.id())).await;
    let event = manager.get(&format!("/v1/events/{}", ids(&page)[0])).await.expect(200);
    assert_eq!(event.json["changes"], json!({ "category": { "before": "Roof", "after": "Floor" } }));
    assert_eq!(event.json["actor"]["role"], "manager");
}

#[tokio::test]
async fn what_happened_to_a_sealed_bid_is_told_after_the_deadline() {
    let tenant = Tenant::new().await;
    let (expert, manager) = (tenant.member(Role::Expert).await, tenant.member(Role::Manager).await);
    let open = happened(&tenant, &expert, Value::Null).await;
    let sealed = happened(&tenant, &expert, date(2030)).await;
    let deadline = Time::parse("2030-01-01T00:00:00Z").unwrap();
    for (now, expected) in [(deadline.plus_ms(-1), vec![&open]), (deadline, vec![&sealed, &open])] {
        let caller = manager.caller_at(now);
        let page = caller.request("GET", "/v1/events?type=bid.submitted&count=true").at(now).send().await.expect(200);
        assert_eq!(ids(&page), expected);
        assert_eq!(page.json["total"], expected.len());
        let status = if expected.len() == 2 { 200 } else { 404 };
        caller.request("GET", &format!("/v1/events/{sealed}")).at(now).send().await.expect(status);
    }
}

#[tokio::test]
async fn events_are_for_staff_alone_and_stay_in_their_tenant() {
    let (tenant, elsewhere) = (Tenant::new().await, Tenant::new().await);
    let expert = tenant.member(Role::Expert).await;
    let event = happened(&tenant, &expert, Value::Null).await;
    for role in [Role::Expert, Role::Vendor, Role::Customer] {
        let caller = tenant.caller(role).await;
        assert_eq!(caller.get("/v1/events").await.expect(403).code(), "forbidden");
        caller.get(&format!("/v1/events/{event}")).await.expect(403);
    }
    let owner = elsewhere.caller(Role::Owner).await;
    owner.get(&format!("/v1/events/{event}")).await.expect(404);
    assert_eq!(owner.get("/v1/events").await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn nothing_that_is_kept_of_a_request_tells_of_a_person() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let (email, name) = (format!("{}@example.com", id("x").to_lowercase()), "Ottilie Unverwechselbar");
    let invitation = json!({ "email": email, "name": name, "role": "expert" });
    let invite = || owner.post("/v1/members", invitation.clone()).header("idempotency-key", "k").send();
    let (first, again) = (invite().await.expect(201), invite().await.expect(201));
    assert_eq!((&first.json, again.header("idempotency-replayed")), (&again.json, Some("true")));
    assert_eq!((&again.json["email"], &again.json["name"], again.header("etag")), (&json!(email), &json!(name), Some("\"1\"")));
    for collection in ["events", "idempotency", "jobs"] {
        let stored = App::shared().stored(collection, json!({ "tenant_id": tenant.id })).await;
        assert!(!stored.is_empty(), "{collection}");
        let text = json!(stored).to_string();
        assert!(!text.contains(&email) && !text.contains(name), "{text}");
    }
    let event = owner.get("/v1/events?type=membership.invited").await.expect(200).json["data"][0].clone();
    assert_eq!(event["changes"]["email"], json!({ "before": null, "after": "[personal]" }));
    assert_eq!(event["changes"]["role"], json!({ "before": null, "after": "expert" }));
}

#[tokio::test]
async fn events_of_what_a_manager_may_not_read_are_not_theirs() {
    let tenant = Tenant::new().await;
    let (admin, manager) = (tenant.caller(Role::Admin).await, tenant.caller(Role::Manager).await);
    let form = json!({ "kind": "typeform", "config": {}, "credentials": { "signing_secret": "a-secret-of-the-tests" } });
    admin.post("/v1/integrations", form).send().await.expect(201);
    manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let kinds = async |caller: &support::Caller| -> Vec<Value> {
        let page = caller.get("/v1/events?sort=id").await.expect(200);
        page.json["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
    };
    assert_eq!(kinds(&admin).await, ["integration.created", "lead.created"]);
    assert_eq!(kinds(&manager).await, ["lead.created"]);
}
