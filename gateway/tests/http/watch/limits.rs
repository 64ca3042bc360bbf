//! Watchers are bounded, and neither in the way of requests nor of a shutdown.

use std::time::{Duration, Instant};

use gateway::{Config, Limits};
use serde_json::json;

use super::{act, place, watcher::Watcher};
use crate::support::{self, Client, config};

fn limited(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = config();
    config.limits.heartbeat = Duration::from_millis(20);
    change(&mut config.limits);
    config
}

/// Asks until it is let in.
async fn let_in(address: std::net::SocketAddr) -> Watcher {
    for _ in 0..1_000 {
        match Watcher::open(address, &place(), None).await {
            Ok(watcher) => return watcher,
            Err(refusal) => assert!(refusal.starts_with("HTTP/1.1 429"), "{refusal}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place of the watcher is never given back");
}

#[tokio::test]
async fn a_watcher_is_no_request_and_has_no_end() {
    let config = limited(|limits| {
        (limits.concurrent, limits.time, limits.heartbeat) = (1, Duration::from_secs(1), Duration::from_millis(100));
    });
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    // Ten heartbeats take longer than a request may.
    while watcher.heartbeats < 11 {
        assert_eq!(watcher.block().await, Some(None));
    }
    act(&mut client, "insertOne", json!({"document": {"_id": 1}})).await;
    assert_eq!(watcher.events(1).await[0].name, "insert");
}

#[tokio::test]
async fn watchers_have_their_own_places() {
    let running = support::start(limited(|limits| limits.watchers = 1)).await;
    let mut client = Client::connect(running.address).await;
    let watcher = Watcher::start(running.address, &place(), None).await;
    let refused = client.act("watch", "admin", &place()).await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "1"), "{}", refused.text);
    assert_eq!(client.act("find", "admin", &place()).await.status, 200);
    let counts = client.request("GET", "/metrics", &[], "").await.text;
    assert!(counts.lines().any(|line| line == "gateway_watchers 1"), "{counts}");
    drop(watcher);
    let_in(running.address).await;
}

#[tokio::test]
async fn who_does_not_read_is_let_go() {
    let config = limited(|limits| (limits.watchers, limits.time) = (1, Duration::from_secs(2)));
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let _silent = Watcher::start(running.address, &place(), None).await;
    // More than the buffers between the two hold.
    let text = "x".repeat(1_000_000);
    for id in 0..30 {
        act(&mut client, "insertOne", json!({"document": {"_id": id, "text": text}})).await;
    }
    let_in(running.address).await;
}

#[tokio::test]
async fn a_shutdown_ends_the_streams() {
    let running = support::start(limited(|limits| limits.heartbeat = Duration::from_secs(60))).await;
    let mut client = Client::connect(running.address).await;
    let mut watcher = Watcher::start(running.address, &place(), None).await;
    act(&mut client, "insertOne", json!({"document": {"_id": 1}})).await;
    assert_eq!(watcher.events(1).await[0].name, "insert");
    let started = Instant::now();
    running.shutdown().await;
    assert_eq!(watcher.next().await, None);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
