//! Paths, methods, keys and what the gateway tells of itself.

use serde_json::json;

use crate::support::{self, ACTIONS, Client, config};

#[tokio::test]
async fn both_bases_lead_to_the_actions() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let body = json!({"database": "d", "collection": "c"}).to_string();
    let table = [
        ("POST", "/v1/action/find", 200),
        ("POST", "/app/any-app/endpoint/data/v1/action/find", 200),
        ("GET", "/v1/action/find", 405),
        ("POST", "/v1/action/findAll", 404),
        ("POST", "/v2/action/find", 404),
        ("GET", "/", 404),
    ];
    for (method, path, status) in table {
        let answer = client.request(method, path, &[("api-key", "admin")], &body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    assert_eq!(running.url("a"), format!("http://{}/app/a/endpoint/data/v1", running.address));
}

#[tokio::test]
async fn keys_are_taken_in_the_order_of_the_protocol() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let body = json!({"database": "d", "collection": "c", "document": {"a": 1}}).to_string();
    let table: [(&[(&str, &str)], u16); 7] = [
        (&[("Authorization", "Bearer writer"), ("apiKey", "reader"), ("api-key", "reader")], 201),
        (&[("Authorization", "Bearer reader"), ("apiKey", "writer"), ("api-key", "writer")], 401),
        (&[("apiKey", "writer"), ("api-key", "reader")], 201),
        (&[("apiKey", "reader"), ("api-key", "writer")], 401),
        (&[("api-key", "writer")], 201),
        (&[("Authorization", "Basic d3JpdGVyOg=="), ("api-key", "writer")], 201),
        (&[], 401),
    ];
    for (headers, status) in table {
        let answer = client.request("POST", &format!("{ACTIONS}insertOne"), headers, &body).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn health_and_readiness_need_no_key() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    for path in ["/health", "/ready"] {
        let answer = client.request("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"ok":true}"#), "{path}");
    }
}

#[tokio::test]
async fn metrics_count_actions_and_partitions() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let body = json!({"database": "d", "collection": "c"}).to_string();
    for request_id in ["r1", "r1", "r2"] {
        let headers = [("api-key", "admin"), ("x-partition", "p1"), ("x-class", "api"), ("x-request-id", request_id)];
        client.request("POST", &format!("{ACTIONS}find"), &headers, &body).await;
    }
    let text = client.request("GET", "/metrics", &[], "").await.text;
    for line in [
        r#"gateway_requests_total{action="find",status="200"} 3"#,
        r#"gateway_request_seconds_count{action="find"} 3"#,
        r#"gateway_partition_requests_total{partition="p1",class="api"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn canonical_answers_have_their_media_type() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let body = json!({"database": "d", "collection": "c"}).to_string();
    let headers = [("api-key", "admin"), ("accept", "application/ejson")];
    let answer = client.request("POST", &format!("{ACTIONS}countDocuments"), &headers, &body).await;
    assert_eq!(answer.headers["content-type"], "application/ejson");
    assert_eq!(answer.text, r#"{"count":{"$numberInt":"0"}}"#);
}
