//! Changing bids.

use serde_json::json;

use super::Pool;

#[tokio::test]
async fn a_bid_is_changed_before_it_is_offered_and_after_it_was_withdrawn() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.draft(&expert, 100).await;
    let path = format!("/v1/bids/{bid}");
    let caller = expert.caller();
    let changed = caller.patch(&path, json!({ "title": null })).send().await.expect(200);
    assert_eq!(changed.json["is_complete"], false);
    let changed = caller.patch(&path, json!({ "title": "Better roof" })).send().await.expect(200);
    assert_eq!(changed.json["is_complete"], true);
    caller.post(&format!("{path}/submit"), json!({})).send().await.expect(200);
    let refused = caller.patch(&path, json!({ "title": "Best roof" })).send().await.expect(409);
    assert_eq!(refused.code(), "bid-not-editable");
    caller.post(&format!("{path}/withdraw"), json!({})).send().await.expect(200);
    caller.patch(&path, json!({ "title": "Best roof" })).send().await.expect(200);
}

#[tokio::test]
async fn a_bid_stays_on_its_lead_and_with_its_expert() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let path = format!("/v1/bids/{}", pool.draft(&expert, 100).await);
    let patch = json!({ "lead": support::id("lead"), "sealed_until": "2020-01-01T00:00:00Z" });
    let refused = expert.caller().patch(&path, patch).send().await.expect(422);
    assert_eq!(refused.places(), ["/lead", "/sealed_until"]);
    pool.expert().await.caller().patch(&path, json!({ "title": "Mine" })).send().await.expect(404);
}
