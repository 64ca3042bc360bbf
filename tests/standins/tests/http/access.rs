//! Tokens, organisations, scopes, formats and limits.

use crate::Rig;
use serde_json::{Value, json};
use standins::{Config, Limits};
use std::time::Duration;

const ALL: &str = "accounting.invoices accounting.contacts";

#[tokio::test]
async fn a_token_needs_the_right_app_grant_and_scopes() {
    let rig = Rig::new().await;
    for (form, status, error) in [
        ("grant_type=client_credentials&scope=accounting.invoices", 200, Value::Null),
        ("grant_type=client_credentials&scope=accounting.invoices.read", 200, Value::Null),
        ("grant_type=client_credentials&scope=accounting.transactions", 400, json!("invalid_scope")),
        ("grant_type=client_credentials&scope=payroll.employees", 400, json!("invalid_scope")),
        ("grant_type=password", 400, json!("unsupported_grant_type")),
        ("grant_type=refresh_token&refresh_token=wrong", 400, json!("invalid_grant")),
        ("", 400, json!("invalid_request")),
    ] {
        let got = rig.token(form).await;
        assert_eq!((got.status, got.json()["error"].clone()), (status, error), "{form}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded"), ("authorization", "Basic eDp5")];
    let got = rig.send("POST", "/identity/connect/token", &form, "grant_type=client_credentials").await;
    assert_eq!((got.status, got.json()["error"].clone()), (401, json!("invalid_client")));
}

#[tokio::test]
async fn a_refresh_token_is_good_for_one_use() {
    let rig = Rig::new().await;
    let first = rig.token("grant_type=refresh_token&refresh_token=standin-refresh").await;
    let next = first.json()["refresh_token"].as_str().unwrap().to_owned();
    let again = rig.token("grant_type=refresh_token&refresh_token=standin-refresh").await;
    assert_eq!(again.json()["error"], "invalid_grant");
    let second = rig.token(&format!("grant_type=refresh_token&refresh_token={next}")).await;
    assert_eq!(second.status, 200);
}

#[tokio::test]
async fn connections_are_those_of_the_grant() {
    let rig = Rig::new().await;
    let granted = rig.token("grant_type=refresh_token&refresh_token=standin-refresh").await;
    let custom = rig.access(ALL).await;
    for (token, count) in [(granted.json()["access_token"].as_str().unwrap(), 2), (custom.as_str(), 1)] {
        let got = rig.send("GET", "/connections", &[("authorization", &format!("Bearer {token}"))], "").await;
        assert_eq!(got.json().as_array().unwrap().len(), count);
        assert_eq!(got.json()[0]["tenantId"], rig.tenant());
    }
}

#[tokio::test]
async fn a_call_needs_a_living_token_a_tenant_and_a_scope() {
    let rig = Rig::new().await;
    let (tenant, other) = (rig.tenant(), rig.running.config().organisations[1].tenant_id.clone());
    let all = format!("Bearer {}", rig.access(ALL).await);
    let read_only = format!("Bearer {}", rig.access("accounting.invoices.read").await);
    for (bearer, tenant, method, path, status, detail) in [
        ("", tenant.as_str(), "GET", "Invoices", 401, "AuthenticationUnsuccessful"),
        ("Bearer made-up", &tenant, "GET", "Invoices", 401, "AuthenticationUnsuccessful"),
        (&all, "", "GET", "Invoices", 403, "AuthenticationUnsuccessful"),
        (&all, &other, "GET", "Invoices", 403, "AuthenticationUnsuccessful"),
        (&read_only, &tenant, "PUT", "Invoices", 401, "AuthorizationUnsuccessful"),
        (&read_only, &tenant, "GET", "Contacts", 401, "AuthorizationUnsuccessful"),
    ] {
        let headers = [("authorization", bearer), ("xero-tenant-id", tenant), ("accept", "application/json")];
        let got = rig.send(method, &format!("/api.xro/2.0/{path}"), &headers, "").await;
        assert_eq!((got.status, got.json()["Detail"].clone()), (status, json!(detail)), "{method} {path}");
    }
    let headers = [("authorization", read_only.as_str()), ("xero-tenant-id", &tenant), ("accept", "application/json")];
    assert_eq!(rig.send("GET", "/api.xro/2.0/Invoices", &headers, "").await.status, 200);
    rig.running.advance(1_800_000).await;
    let got = rig.send("GET", "/api.xro/2.0/Invoices", &headers, "").await;
    assert!(got.json()["Detail"].as_str().unwrap().starts_with("TokenExpired"));
    assert_eq!(got.status, 401);
}

#[tokio::test]
async fn revoked_tokens_open_nothing() {
    let org = Rig::new().await.opened().await;
    assert_eq!(org.get("Invoices").await.status, 200);
    org.rig.running.revoke_tokens().await;
    assert_eq!(org.get("Invoices").await.status, 401);
}

#[tokio::test]
async fn json_is_for_those_who_accept_it() {
    let org = Rig::new().await.opened().await;
    for accept in ["text/html", "*/*", "application/xml"] {
        let got = org.call("GET", "Invoices", &[("accept", accept)], &Value::Null).await;
        assert_eq!(got.header("content-type").unwrap(), "text/xml; charset=utf-8");
        assert!(got.body.starts_with(b"<Response>"));
    }
    let got = org.call("GET", "Invoices", &[("accept", "application/json; q=1")], &Value::Null).await;
    assert_eq!(got.header("content-type").unwrap(), "application/json");
}

#[tokio::test]
async fn the_minute_and_the_day_run_out() {
    let limits = Limits { minute: 3, day: 5, ..Config::default().limits };
    let org = Rig::with(Config { limits, token_lasts_s: 1_000_000, ..Config::default() }).await.opened().await;
    for left in [2, 1, 0] {
        let got = org.get("Invoices").await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header("x-minlimit-remaining").unwrap(), left.to_string());
    }
    let got = org.get("Invoices").await;
    assert_eq!((got.status, got.header("x-rate-limit-problem").unwrap().as_str()), (429, "minute"));
    let wait_s: i64 = got.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait_s));
    assert_eq!(got.header("x-daylimit-remaining").unwrap(), "2");

    org.rig.running.advance(wait_s * 1_000).await;
    for status in [200, 200, 429] {
        assert_eq!(org.get("Invoices").await.status, status);
    }
    org.rig.running.advance(60_000).await;
    let got = org.get("Invoices").await;
    assert_eq!((got.status, got.header("x-rate-limit-problem").unwrap().as_str()), (429, "day"));
    org.rig.running.advance(86_400_000).await;
    assert_eq!(org.get("Invoices").await.status, 200);
}

#[tokio::test]
async fn the_app_has_a_limit_of_its_own() {
    let limits = Limits { app_minute: 1, ..Config::default().limits };
    let org = Rig::with(Config { limits, ..Config::default() }).await.opened().await;
    let got = org.get("Invoices").await;
    assert_eq!((got.status, got.header("x-appminlimit-remaining").unwrap().as_str()), (200, "0"));
    let got = org.get("Invoices").await;
    assert_eq!((got.status, got.header("x-rate-limit-problem").unwrap().as_str()), (429, "appminute"));
}

#[tokio::test]
async fn only_five_calls_run_at_once() {
    let org = std::sync::Arc::new(Rig::new().await.opened().await);
    org.rig.running.hold(true);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let org = std::sync::Arc::clone(&org);
        running.spawn(async move { org.get("Invoices").await.status });
    }
    org.rig.running.wait_for_held(5).await;
    // A sixth call that is let in is held up as well.
    let sixth = tokio::time::timeout(Duration::from_secs(10), org.get("Invoices"));
    let got = sixth.await.expect("the sixth call is refused at once");
    assert_eq!((got.status, got.header("x-rate-limit-problem").unwrap().as_str()), (429, "concurrent"));
    org.rig.running.hold(false);
    assert_eq!(running.join_all().await, [200; 5]);
    assert_eq!(org.get("Invoices").await.status, 200);
}
