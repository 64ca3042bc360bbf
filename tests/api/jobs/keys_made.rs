//! `POST /v1/operator/tenants/{id}/keys`: keys for whoever never had any, and for nobody who has lost theirs.

use domain::Role;
use serde_json::json;
use support::{Answered, App, OPERATOR_SECRET, Tenant, id};

use super::{alone, now, run_at};

async fn make(tenant: &Tenant) -> Answered {
    let operator = App::shared().with_token(OPERATOR_SECRET);
    operator.post(&format!("/v1/operator/tenants/{}/keys", tenant.id), json!({})).send().await
}

/// A tenant from before there were keys, with a member and a person in the clear.
async fn from_before() -> (Tenant, String, String) {
    let (app, tenant) = (App::shared(), Tenant::new().await);
    app.data("deleteOne", json!({ "collection": "keys", "filter": { "_id": tenant.id } })).await;
    let (member, person) = (id("mem"), id("per"));
    for (collection, id) in [("memberships", &member), ("people", &person)] {
        let email = format!("{}@example.com", id.to_lowercase().replace('_', "-"));
        let record = json!({
            "_id": id, "tenant_id": tenant.id, "name": "Ada", "email": email, "personal_code": "ABCDEF", "role": "expert", "version": 1,
        });
        app.data("insertOne", json!({ "collection": collection, "document": record })).await;
    }
    (tenant, member, person)
}

/// A tenant with a sealed member, whose keys ended with it.
async fn ended() -> Tenant {
    let tenant = Tenant::new().await;
    tenant.member(Role::Owner).await;
    let operator = App::shared().with_token(OPERATOR_SECRET);
    let cancelled = operator.patch(&format!("/v1/operator/tenants/{}", tenant.id), json!({ "status": "cancelled" }));
    cancelled.send().await.expect(200);
    while run_at(now().plus_days(31)).await.taken > 0 {}
    tenant
}

#[tokio::test]
async fn a_tenant_from_before_gets_keys_once_and_is_sealed_by_them() {
    let _alone = alone().await;
    let (app, (tenant, member, person)) = (App::shared(), from_before().await);
    assert_eq!(make(&tenant).await.expect(202).json, json!({ "status": "sealing" }));
    app.run_jobs().await;
    for (collection, id) in [("memberships", &member), ("people", &person)] {
        let stored = app.as_stored(collection, json!({ "_id": id })).await.remove(0);
        assert!(stored["email"].as_str().unwrap().starts_with("~1.1.") && stored["email_blind"].is_string(), "{stored}");
        let opened = app.stored(collection, json!({ "_id": id, "tenant_id": tenant.id })).await.remove(0);
        assert_eq!((&opened["name"], opened["email"].as_str().unwrap().contains("example.com")), (&json!("Ada"), true));
    }
    let keys = app.as_stored("keys", json!({ "_id": tenant.id })).await;
    assert_eq!(make(&tenant).await.expect(409).code(), "keys-exist");
    assert_eq!(app.as_stored("keys", json!({ "_id": tenant.id })).await, keys);
    let events = app.stored("events", json!({ "tenant_id": tenant.id, "type": "tenant.keys_made" })).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn whoever_lost_their_keys_gets_no_others() {
    let _alone = alone().await;
    let app = App::shared();
    let shredded = ended().await;
    // Destroyed when nothing told of it yet; and nobody left who is sealed, but the record that there were keys.
    let unrecorded = Tenant::new().await;
    unrecorded.member(Role::Owner).await;
    app.data("deleteOne", json!({ "collection": "keys", "filter": { "_id": unrecorded.id } })).await;
    let emptied = ended().await;
    app.data("deleteMany", json!({ "collection": "memberships", "filter": { "tenant_id": emptied.id } })).await;
    for tenant in [&shredded, &unrecorded, &emptied] {
        assert_eq!(make(tenant).await.expect(410).code(), "keys-gone");
        let keys = app.as_stored("keys", json!({ "_id": tenant.id })).await;
        assert!(keys.iter().all(|keys| keys.get("sealed").is_none()), "{keys:?}");
    }
    let nobody = app.anyone().post(&format!("/v1/operator/tenants/{}/keys", shredded.id), json!({})).send().await;
    assert_eq!(nobody.status, 401);
}
