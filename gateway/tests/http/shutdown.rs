//! A shutdown ends without cutting off an answer, and ends in any case.

use std::time::{Duration, Instant};

use gateway::Backend;
use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{self, Client, config};

#[tokio::test]
async fn a_request_under_way_is_finished_and_its_write_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config.backend = Backend::Embedded { path: folder.path().join("data.sqlite") };
    let running = support::start(config.clone()).await;
    let address = running.address;
    let body = json!({"database": "d", "collection": "c", "document": {"_id": "kept"}}).to_string();
    let mut client = Client::connect(address).await;
    client.begin("insertOne", body.len()).await;

    let stopping = tokio::spawn(running.shutdown());
    // The listener closes first: once nobody new is let in, the shutdown has begun.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send(body.as_bytes()).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(client.is_closed().await);
    stopping.await.unwrap();

    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let answer = client.act("findOne", "admin", &json!({"database": "d", "collection": "c"})).await;
    assert_eq!(answer.text, r#"{"document":{"_id":"kept"}}"#);
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_shutdown_up() {
    let mut config = config();
    config.limits.grace = Duration::from_millis(50);
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    client.begin("find", 10).await;
    let started = Instant::now();
    running.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_once() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    assert_eq!(client.request("GET", "/health", &[], "").await.status, 200);
    let started = Instant::now();
    running.shutdown().await;
    assert!(client.is_closed().await);
    assert!(started.elapsed() < Duration::from_secs(5));
}
