//! Every command, cut off from the database at each of its calls, before or after the call took effect, and repeated with the
//! same key: it ends with exactly one effect.

use std::collections::BTreeMap;

use serde_json::Value;
use support::{App, Cut, id};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

#[tokio::test]
async fn cut_off() {
    let mut wrong = Vec::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && endpoint.writes()) {
        let (calls, expected) = clean(endpoint).await;
        for call in 1..=calls {
            for cut in [Cut::Before(call), Cut::After(call)] {
                let found = repeated(endpoint, cut, &expected).await;
                wrong.extend(found.map(|found| format!("{} {cut:?}: {found}", endpoint.route)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

type Effects = BTreeMap<String, Vec<String>>;

/// How many calls the command makes, and what it leaves.
async fn clean(endpoint: &Endpoint) -> (u32, Effects) {
    let world = World::new().await;
    let request_id = id("req");
    let answer = endpoint.succeeding(&world).header("idempotency-key", "once").header("x-request-id", &request_id).send().await;
    assert!(answer.status < 300, "{}: {} {}", endpoint.route, answer.status, answer.text);
    (App::shared().wire.calls(&request_id), effects(&world).await)
}

/// What is wrong when the command is cut off and repeated.
async fn repeated(endpoint: &Endpoint, cut: Cut, expected: &Effects) -> Option<String> {
    let world = World::new().await;
    let request_id = id("req");
    App::shared().wire.cut(&request_id, cut);
    let request = endpoint.succeeding(&world).header("idempotency-key", "once").header("x-request-id", &request_id);
    let first = request.send().await;
    if first.status != 503 || first.header("retry-after").is_none() {
        return Some(format!("the first answer is {} {}", first.status, first.text));
    }
    let second = endpoint.succeeding(&world).header("idempotency-key", "once").send().await;
    if second.status >= 300 {
        return Some(format!("the second answer is {} {}", second.status, second.text));
    }
    let effects = effects(&world).await;
    (effects != *expected).then(|| format!("it left {effects:?} and not {expected:?}"))
}

/// How many records of each collection there are in which status and version: ids and times differ from world to world.
async fn effects(world: &World) -> Effects {
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
