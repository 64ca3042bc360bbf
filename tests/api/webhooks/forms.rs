//! `POST /v1/hooks/forms/{key}`.

use domain::Role;
use serde_json::json;
use standins::typeform::{Delivery, Variant, delivery};
use support::{Answered, App, Tenant, id};

use super::{SECRET, connect, hook, typeform};

async fn deliver(path: &str, delivery: &Delivery, request_id: &str) -> Answered {
    let request = App::shared().anyone().request("POST", path).header("x-request-id", request_id);
    let request = request.header("typeform-signature", &delivery.signature);
    request.body(delivery.content_type, delivery.body.clone()).send().await
}

async fn connected() -> (Tenant, String) {
    let tenant = Tenant::new().await;
    let made = connect(&tenant.caller(Role::Owner).await, typeform()).await;
    let path = hook(&made.json);
    (tenant, path)
}

#[tokio::test]
async fn what_is_signed_is_taken_and_nothing_else() {
    let (tenant, path) = connected().await;
    for variant in Variant::ALL {
        let expected = match variant {
            Variant::Valid | Variant::Replayed | Variant::Late | Variant::UnknownField => 200,
            Variant::Tampered => 401,
            Variant::Huge => 413,
            Variant::WrongContentType => 400,
        };
        let answered = deliver(&path, &delivery(*variant, SECRET), &id("req")).await;
        assert_eq!(answered.status, expected, "{variant:?} {}", answered.text);
        assert_eq!(answered.header("set-cookie"), None);
    }
    let stranger = deliver(&path, &delivery(Variant::Valid, "another secret"), &id("req")).await;
    assert_eq!((stranger.status, stranger.code()), (401, "bad-signature"));
    // Valid and Replayed are one response.
    let receipts = App::shared().stored("receipts", json!({ "tenant_id": tenant.id })).await;
    assert_eq!(receipts.len(), 3);
}

#[tokio::test]
async fn a_response_is_received_in_one_trip_and_kept_sealed() {
    let (tenant, path) = connected().await;
    let (app, sent) = (App::shared(), delivery(Variant::Valid, SECRET));
    for request_id in [id("req"), id("req")] {
        let answered = deliver(&path, &sent, &request_id).await.expect(200);
        assert_eq!(answered.json, json!({ "received": true }));
        assert_eq!(app.wire.calls(&request_id), 1);
    }
    let receipts = app.stored("receipts", json!({ "tenant_id": tenant.id })).await;
    assert_eq!(receipts.len(), 1);
    let jobs = app.stored("jobs", json!({ "tenant_id": tenant.id, "kind": "form" })).await;
    assert_eq!((jobs.len(), &jobs[0]["payload"]), (1, &json!({ "receipt": receipts[0]["_id"] })));
    assert_eq!(receipts[0]["body"], sent.body);
    let as_stored = app.as_stored("receipts", json!({ "tenant_id": tenant.id })).await;
    assert!(as_stored[0]["body"].as_str().unwrap().starts_with("~1.0.") && !as_stored[0].to_string().contains("Lovelace"));
}

#[tokio::test]
async fn the_address_ends_with_the_integration() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let made = connect(&owner, typeform()).await;
    let path = format!("/v1/integrations/{}", made.id());
    let status = async |url: &str| deliver(url, &delivery(Variant::Valid, SECRET), &id("req")).await.status;
    let first = hook(&made.json);
    owner.patch(&path, json!({ "is_enabled": false })).send().await.expect(200);
    assert_eq!(status(&first).await, 404);
    let changed = json!({ "is_enabled": true, "credentials": { "signing_secret": "new" } });
    let rotated = owner.patch(&path, changed).send().await.expect(200);
    assert_eq!(status(&first).await, 404, "the old address has the old secret in it");
    let back = owner.patch(&path, json!({ "credentials": { "signing_secret": SECRET } })).send().await.expect(200);
    assert_eq!(status(&hook(&rotated.json)).await, 401);
    assert_eq!(status(&hook(&back.json)).await, 200);
    owner.delete(&path).await.expect(204);
    assert_eq!(status(&hook(&back.json)).await, 404);
}

#[tokio::test]
async fn a_key_that_nobody_made_leads_nowhere() {
    let (_, path) = connected().await;
    let key = path.rsplit('/').next().unwrap();
    for path in ["/v1/hooks/forms/abc".to_owned(), format!("/v1/hooks/xero/{key}"), format!("{path}A")] {
        assert_eq!(deliver(&path, &delivery(Variant::Valid, SECRET), &id("req")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_address_ends_with_the_tenant() {
    let (tenant, path) = connected().await;
    let set = async |status: &str| {
        let operator = App::shared().with_token(support::OPERATOR_SECRET);
        operator.patch(&format!("/v1/operator/tenants/{}", tenant.id), json!({ "status": status })).send().await.expect(200);
        deliver(&path, &delivery(Variant::Valid, SECRET), &id("req")).await.status
    };
    assert_eq!((set("suspended").await, set("cancelled").await, set("active").await), (200, 404, 200));
}
