//! `POST /v1/hooks/xero/{key}`.

use domain::Role;
use serde_json::{Value, json};
use support::{Answered, App, Tenant, id};

use super::{WEBHOOK_KEY, connect, hook, xero};

const ORGANISATION: &str = "45e4708e-d862-4111-ab3a-dd8cd03913e1";

fn event(resource: &str, category: &str) -> Value {
    json!({
        "resourceUrl": format!("https://api.xero.com/api.xro/2.0/Invoices/{resource}"), "resourceId": resource,
        "eventDateUtc": "2026-11-20T05:36:33.123", "eventType": "UPDATE", "eventCategory": category,
        "tenantId": ORGANISATION, "tenantType": "ORGANISATION",
    })
}

fn delivery(events: &[Value]) -> String {
    let last = events.len();
    json!({ "events": events, "firstEventSequence": last.min(1), "lastEventSequence": last, "entropy": id("x") }).to_string()
}

async fn deliver(path: &str, body: &str, key: &str, request_id: &str) -> Answered {
    let signature = standins::typeform::sign(key, body);
    let signature = signature.strip_prefix("sha256=").unwrap();
    let request = App::shared().anyone().request("POST", path).header("x-request-id", request_id);
    request.header("x-xero-signature", signature).body("application/json", body.to_owned()).send().await
}

async fn connected() -> (Tenant, String) {
    let tenant = Tenant::new().await;
    let made = connect(&tenant.caller(Role::Owner).await, xero()).await;
    (tenant, hook(&made.json))
}

#[tokio::test]
async fn an_intent_to_receive_is_answered_with_nothing_or_401() {
    let (_, path) = connected().await;
    let request_id = id("req");
    let good = deliver(&path, &delivery(&[]), WEBHOOK_KEY, &request_id).await.expect(200);
    assert_eq!((good.text.as_str(), good.header("content-type"), good.header("set-cookie")), ("", None, None));
    assert_eq!(App::shared().wire.calls(&request_id), 0);
    assert_eq!(deliver(&path, &delivery(&[]), "wrong", &id("req")).await.status, 401);
    assert_eq!(App::shared().anyone().post(&path, json!({ "events": [] })).send().await.status, 401);
}

#[tokio::test]
async fn any_number_of_events_is_stored_once_in_one_trip() {
    let (tenant, path) = connected().await;
    let invoices = |from: u32, to: u32| (from..to).map(|count| event(&format!("717f2bfc-{count:04}"), "INVOICE"));
    let mut events: Vec<Value> = invoices(0, 30).collect();
    events.push(event("717f2bfc-c0c0", "CONTACT"));
    let again: Vec<Value> = invoices(20, 40).collect();
    for events in [&events, &events, &again] {
        let request_id = id("req");
        let answered = deliver(&path, &delivery(events), WEBHOOK_KEY, &request_id).await.expect(200);
        assert_eq!((answered.text.as_str(), App::shared().wire.calls(&request_id)), ("", 1));
    }
    let of_tenant = json!({ "tenant_id": tenant.id });
    let receipts = App::shared().stored("receipts", of_tenant.clone()).await;
    assert_eq!(receipts.len(), 40);
    let jobs = App::shared().stored("jobs", json!({ "tenant_id": tenant.id, "kind": "xero.fetch" })).await;
    assert_eq!(jobs.len(), 40);
    assert_eq!(jobs[0]["payload"]["organisation"], ORGANISATION);
}

#[tokio::test]
async fn what_is_no_delivery_is_refused() {
    let (_, path) = connected().await;
    let many: Vec<Value> = (0..451).map(|count| event(&format!("717f2bfc-{count:04}"), "INVOICE")).collect();
    for (body, code) in
        [("{}".to_owned(), "malformed-delivery"), ("x".to_owned(), "malformed-delivery"), (delivery(&many), "too-many-events")]
    {
        assert_eq!(deliver(&path, &body, WEBHOOK_KEY, &id("req")).await.expect(400).code(), code);
    }
}

#[tokio::test]
async fn a_connection_that_is_off_takes_nothing() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let made = connect(&owner, xero()).await;
    let path = format!("/v1/integrations/{}", made.id());
    owner.patch(&path, json!({ "is_enabled": false })).send().await.expect(200);
    let body = delivery(&[event("717f2bfc-0001", "INVOICE")]);
    assert_eq!(deliver(&hook(&made.json), &body, WEBHOOK_KEY, &id("req")).await.status, 404);
}
