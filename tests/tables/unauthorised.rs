//! Without a valid token nobody gets anywhere, and nothing changes.

use domain::lane::LANES;
use support::App;

use crate::table::ENDPOINTS;
use crate::world::World;

#[tokio::test]
async fn unauthorised() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public()) {
        for token in [None, Some("nonsense")] {
            let caller = token.map_or_else(|| App::shared().anyone(), |token| App::shared().with_token(token));
            let answer = caller.request(endpoint.method(), &endpoint.path(&world)).send().await;
            assert_eq!(answer.status, 401, "{} {}", endpoint.route, answer.text);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
    assert_eq!(world.snapshot().await, before);
}

/// Public endpoints ask for a proof of another kind.
#[tokio::test]
async fn unauthorised_public_endpoints_ask_for_another_proof() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let anyone = App::shared().anyone();
    let runs = LANES.iter().map(|(_, lane)| (format!("/v1/{lane}/run"), 401));
    let hooks = ["forms", "xero"].map(|service| (format!("/v1/hooks/{service}/nonsense"), 404));
    for (path, status) in runs.chain(hooks) {
        let answer = anyone.post(&path, serde_json::json!({})).send().await;
        assert_eq!(answer.status, status, "{path} {}", answer.text);
    }
    assert_eq!(world.snapshot().await, before);
}
