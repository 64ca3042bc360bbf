//! Every command, cut off from the database at each of its calls, before or after the call took effect, and repeated with the
//! same key: it ends with exactly one effect.

use std::collections::BTreeMap;

use serde_json::Value;
use support::{App, Cut, id};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

#[tokio::test]
async fn cut_off() {
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && endpoint.writes()) {
        let (calls, expected) = clean(endpoint).await;
        for call in 1..=calls {
            for cut in [Cut::Before(call), Cut::After(call)] {
                let effects = repeated(endpoint, cut).await;
                assert_eq!(effects, expected, "{} cut {cut:?}", endpoint.route);
            }
        }
    }
}

/// How many calls the command makes, and what it leaves.
async fn clean(endpoint: &Endpoint) -> (u32, BTreeMap<String, Vec<String>>) {
    let world = World::new().await;
    let request_id = id("req");
    let answer = endpoint.succeeding(&world).header("idempotency-key", "once").header("x-request-id", &request_id).send().await;
    assert!(answer.status < 300, "{}: {} {}", endpoint.route, answer.status, answer.text);
    (App::shared().wire.calls(&request_id), effects(&world).await)
}

/// What the command leaves when it was cut off and repeated.
async fn repeated(endpoint: &Endpoint, cut: Cut) -> BTreeMap<String, Vec<String>> {
    let world = World::new().await;
    let request_id = id("req");
    App::shared().wire.cut(&request_id, cut);
    let request = endpoint.succeeding(&world).header("idempotency-key", "once").header("x-request-id", &request_id);
    let first = request.send().await;
    assert_eq!(first.status, 503, "{} cut {cut:?}: {}", endpoint.route, first.text);
    assert!(first.header("retry-after").is_some());
    let second = endpoint.succeeding(&world).header("idempotency-key", "once").send().await;
    assert!(second.status < 300, "{} repeated after {cut:?}: {} {}", endpoint.route, second.status, second.text);
    effects(&world).await
}

/// How many records of each collection there are in which status and version: ids and times differ from world to world.
async fn effects(world: &World) -> BTreeMap<String, Vec<String>> {
    let describe =
        |document: &Value| format!("{} {} {} {}", document["status"], document["version"], document["type"], document["kind"]);
    let mut effects = BTreeMap::new();
    for (collection, documents) in world.snapshot().await {
        let mut described: Vec<String> = documents.iter().map(describe).collect();
        described.sort();
        effects.insert(collection, described);
    }
    effects
}
