//! The surface for other processes.

use crate::receiver::{Manner, Receiver};
use crate::{Org, Rig};
use integrations::typeform::{parse, verify};
use serde_json::{Value, json};

async fn control(org: &Org, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let got = org.rig.send(method, &format!("/_control{path}"), &[], &body).await;
    (got.status, got.json())
}

#[tokio::test]
async fn a_person_can_do_over_http_what_a_test_does() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    let receiver = Receiver::start("k", Manner::Good).await;
    let (status, _) = control(&org, "POST", "/xero/webhook", json!({"url": receiver.url, "key": "k"})).await;
    assert_eq!(status, 200);
    let (_, report) = control(&org, "POST", "/xero/webhook/itr", Value::Null).await;
    assert_eq!((report["ok"].clone(), report["rounds"].as_array().unwrap().len()), (json!(true), 5));
    let (_, paid) = control(&org, "POST", &format!("/xero/invoices/{id}/pay"), Value::Null).await;
    assert_eq!((&paid["invoice"]["Status"], &paid["webhook"]["ok"]), (&json!("PAID"), &json!(true)));
    let (status, _) = control(&org, "POST", "/xero/invoices/INV-1/pay", Value::Null).await;
    assert_eq!(status, 400);
    let (_, report) = control(&org, "POST", "/xero/webhook/send", json!({"invoices": ["INV-1"], "signature": "bad"})).await;
    assert_eq!(report["rounds"][0]["status"], 401);
    let (_, report) = control(&org, "POST", "/xero/webhook/resend", json!({"reverse": true})).await;
    assert_eq!(report["rounds"].as_array().unwrap().len(), 1);
    assert_eq!(control(&org, "GET", "/xero/invoices", Value::Null).await.1["data"][0]["InvoiceID"], id);
    assert_eq!(control(&org, "GET", "/xero/contacts", Value::Null).await.1["data"][0]["Name"], "Ada Lovelace");
    assert_eq!(control(&org, "GET", "/xero/quotes", Value::Null).await.1["data"], json!([]));
    let (_, counters) = control(&org, "GET", "/counters", Value::Null).await;
    assert_eq!(counters["PUT /api.xro/2.0/Invoices 200"], 1);
    let (_, calls) = control(&org, "GET", "/calls?service=identity", Value::Null).await;
    assert_eq!(calls["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn changes_made_through_the_api_can_be_told_too() {
    let org = Rig::new().await.opened().await;
    let receiver = Receiver::start("k", Manner::Good).await;
    control(&org, "POST", "/xero/webhook", json!({"url": receiver.url, "key": "k", "echo": true})).await;
    let id = org.invoice("INV-1").await;
    while receiver.taken().len() < 2 {
        tokio::task::yield_now().await;
    }
    let told: Vec<Value> = receiver.taken().iter().map(|body| serde_json::from_slice(body).unwrap()).collect();
    let of_invoice = told.iter().find(|body| body["events"][0]["resourceId"] == id).unwrap();
    assert_eq!(of_invoice["events"][0]["eventType"], "CREATE");
}

#[tokio::test]
async fn faults_clock_and_state_are_set() {
    let org = Rig::new().await.opened().await;
    org.invoice("INV-1").await;
    let fault = json!({"service": "xero", "calls": 1, "fault": {"too-many": {"retry_after_s": 3}}});
    control(&org, "POST", "/faults", fault).await;
    assert_eq!(org.get("Invoices").await.status, 429);
    control(&org, "POST", "/faults", json!({"service": "xero", "calls": 9, "fault": "broken"})).await;
    control(&org, "DELETE", "/faults", Value::Null).await;
    assert_eq!(org.get("Invoices").await.status, 200);
    control(&org, "POST", "/clock", json!({"advance_ms": 1_800_000})).await;
    assert_eq!(org.get("Invoices").await.status, 401);
    control(&org, "POST", "/reset", Value::Null).await;
    assert_eq!(control(&org, "GET", "/xero/invoices", Value::Null).await.1["data"], json!([]));
    for (method, path, body) in [
        ("POST", "/nowhere", Value::Null),
        ("PUT", "/reset", Value::Null),
        ("POST", "/faults", json!({"service": "xero"})),
        ("POST", "/clock", json!({"advance_ms": 1, "x": 2})),
    ] {
        assert_eq!(control(&org, method, path, body).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn a_form_is_sent_signed() {
    let org = Rig::new().await.opened().await;
    let receiver = Receiver::start("k", Manner::TakesAnything).await;
    let wanted = json!({"url": receiver.url, "secret": "form-secret", "token": "t1", "variant": "late"});
    let (_, sent) = control(&org, "POST", "/typeform/send", wanted).await;
    assert_eq!(sent["status"], 200);
    let request = receiver.requests().remove(0);
    assert!(verify(b"form-secret", &request.body, request.header("typeform-signature")));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let form = parse(&request.body).unwrap();
    assert_eq!((form.token.as_str(), form.submitted_at.as_str()), ("t1", "2026-10-01T09:05:00Z"));
}
