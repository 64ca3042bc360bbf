//! The mail API: credentials, schema, recipients, keys, bounces.

use crate::{Got, Rig};
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "from": "Edgewise <no-reply@example.com>", "to": ["ada@example.com"], "subject": "You are invited",
        "text": "Come in: https://app.example/invite?token=abc.",
    })
}

async fn post(rig: &Rig, extra: &[(&str, &str)], body: &Value) -> Got {
    let mut headers = vec![("authorization", "Bearer re_standin"), ("content-type", "application/json")];
    headers.extend_from_slice(extra);
    rig.send("POST", "/emails", &headers, &body.to_string()).await
}

#[tokio::test]
async fn a_mail_is_kept_with_its_links() {
    let rig = Rig::new().await;
    let got = post(&rig, &[], &good()).await;
    assert_eq!(got.status, 200);
    let mails = rig.running.mails_to("ada@example.com").await;
    assert_eq!(got.json()["id"], mails[0].id);
    assert_eq!(mails[0].links, ["https://app.example/invite?token=abc"]);
    assert_eq!(mails[0].events, ["email.sent", "email.delivered"]);
    assert!(rig.running.mails_to("grace@example.com").await.is_empty());
}

#[tokio::test]
async fn credentials_are_checked() {
    let rig = Rig::new().await;
    for (authorization, status, name) in
        [("", 401, "missing_api_key"), ("Basic cmU6", 401, "missing_api_key"), ("Bearer re_other", 403, "invalid_api_key")]
    {
        let headers = [("authorization", authorization), ("content-type", "application/json")];
        let got = rig.send("POST", "/emails", &headers, &good().to_string()).await;
        assert_eq!((got.status, got.json()["name"].clone()), (status, json!(name)));
    }
    assert!(rig.running.mails().await.is_empty());
}

#[tokio::test]
async fn a_mail_is_checked_field_by_field() {
    let rig = Rig::new().await;
    let many = vec!["a@example.com"; 51];
    for (field, value, name) in [
        ("from", Value::Null, "missing_required_field"),
        ("from", json!("Edgewise"), "invalid_from_address"),
        ("to", Value::Null, "missing_required_field"),
        ("to", json!([]), "missing_required_field"),
        ("to", json!("ada"), "validation_error"),
        ("to", json!(["ada@example.com", "a b@example.com"]), "validation_error"),
        ("to", json!("a@example.com, b@example.com"), "validation_error"),
        ("to", json!(many), "validation_error"),
        ("subject", Value::Null, "missing_required_field"),
        ("subject", json!(" "), "missing_required_field"),
        ("subject", json!("a\r\nBcc: x@example.com"), "validation_error"),
        ("text", Value::Null, "missing_required_field"),
        ("body", json!("x"), "validation_error"),
    ] {
        let mut mail = good();
        mail[field] = value.clone();
        if value.is_null() {
            mail.as_object_mut().unwrap().remove(field);
        }
        let got = post(&rig, &[], &mail).await;
        assert_eq!((got.status, got.json()["name"].clone()), (422, json!(name)), "{field} {value}");
    }
    let headers = [("authorization", "Bearer re_standin"), ("content-type", "text/plain")];
    assert_eq!(rig.send("POST", "/emails", &headers, &good().to_string()).await.status, 422);
    assert_eq!(rig.send("GET", "/emails", &headers, "").await.status, 405);
    assert!(rig.running.mails().await.is_empty());
}

#[tokio::test]
async fn the_same_key_sends_once_a_day() {
    let rig = Rig::new().await;
    let key = [("idempotency-key", "job-1")];
    let first = post(&rig, &key, &good()).await.json();
    assert_eq!(post(&rig, &key, &good()).await.json(), first);
    assert_eq!(rig.running.mails().await.len(), 1);
    let mut other = good();
    other["subject"] = "Another".into();
    let got = post(&rig, &key, &other).await;
    assert_eq!((got.status, got.json()["name"].clone()), (409, json!("invalid_idempotent_request")));
    let long = "k".repeat(257);
    assert_eq!(post(&rig, &[("idempotency-key", &long)], &good()).await.status, 400);
    rig.running.advance(86_400_000).await;
    assert_ne!(post(&rig, &key, &good()).await.json(), first);
}

#[tokio::test]
async fn a_mail_sent_twice_under_two_keys_shows() {
    let rig = Rig::new().await;
    post(&rig, &[("idempotency-key", "a")], &good()).await;
    post(&rig, &[("idempotency-key", "b")], &good()).await;
    let mails = rig.running.mails().await;
    assert_eq!(mails[0].duplicate_of, None);
    assert_eq!(mails[1].duplicate_of.as_ref(), Some(&mails[0].id));
}

#[tokio::test]
async fn an_address_that_bounced_is_suppressed() {
    let rig = Rig::new().await;
    rig.running.bounce("Ada@example.com").await;
    for events in [vec!["email.sent", "email.bounced"], vec!["email.suppressed"]] {
        post(&rig, &[], &good()).await;
        assert_eq!(rig.running.mails().await.last().unwrap().events, events);
    }
}
