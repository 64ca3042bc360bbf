//! Creating and deleting drafts.

use domain::Role;
use serde_json::json;
use support::App;

use super::{Pool, post_at};

#[tokio::test]
async fn a_draft_is_sealed_until_the_deadline_of_its_lead() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let made = expert.caller().post("/v1/bids", json!({ "lead": pool.lead })).send().await.expect(201);
    assert_eq!(made.json["sealed_until"], pool.deadline.to_string());
    assert_eq!((&made.json["status"], &made.json["is_complete"]), (&json!("draft"), &json!(false)));
    assert_eq!(made.json["expert"], expert.id);
    let read = expert.caller().get(&format!("/v1/bids/{}", made.id())).await.expect(200);
    assert_eq!(read.json, made.json);
    let complete = pool.expert().await.caller().post("/v1/bids", pool.offer(100)).send().await.expect(201);
    assert_eq!(complete.json["is_complete"], true);
}

#[tokio::test]
async fn an_expert_has_one_bid_on_a_lead_and_a_new_one_once_the_draft_is_deleted() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.draft(&expert, 100).await;
    let again = expert.caller().post("/v1/bids", pool.offer(200)).send().await.expect(409);
    assert_eq!(again.code(), "bid-exists");
    let path = format!("/v1/bids/{bid}");
    pool.expert().await.caller().delete(&path).await.expect(404);
    expert.caller().request("DELETE", &path).header("if-match", "\"7\"").send().await.expect(412);
    expert.caller().delete(&path).await.expect(204);
    expert.caller().get(&path).await.expect(404);
    assert_eq!(pool.events_at(pool.after(), &bid).await, Vec::<String>::new());
    let other = pool.submitted(&expert, 300).await;
    let refused = expert.caller().delete(&format!("/v1/bids/{other}")).await.expect(409);
    assert_eq!(refused.code(), "bid-not-draft");
}

#[tokio::test]
async fn only_a_lead_that_is_open_to_bids_and_visible_takes_them() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let manager = pool.manager.caller();
    let late = post_at(&expert, pool.after(), "/v1/bids", pool.offer(1)).send().await.expect(409);
    assert_eq!(late.code(), "bids-closed");
    let hidden = manager.post("/v1/leads", json!({ "category": "Floor" })).send().await.expect(201).id();
    let bid = json!({ "lead": hidden });
    let unseen = expert.caller().post("/v1/bids", bid.clone()).send().await.expect(422);
    assert_eq!(unseen.places(), ["/lead"]);
    manager.post(&format!("/v1/leads/{hidden}/assign"), json!({ "expert": expert.id })).send().await.expect(200);
    assert_eq!(expert.caller().post("/v1/bids", bid).send().await.expect(409).code(), "bids-closed");
    assert_eq!(App::shared().stored("bids", json!({ "tenant_id": pool.tenant.id })).await.len(), 0);
}

#[tokio::test]
async fn nobody_bids_in_an_experts_place() {
    let pool = Pool::new().await;
    for role in [Role::Owner, Role::Admin, Role::Manager, Role::Vendor, Role::Customer] {
        let caller = pool.tenant.caller(role).await;
        caller.post("/v1/bids", pool.offer(1)).send().await.expect(403);
    }
    let named = json!({ "lead": pool.lead, "expert": pool.manager.id, "status": "submitted", "is_complete": true });
    let refused = pool.expert().await.caller().post("/v1/bids", named).send().await.expect(422);
    assert_eq!(refused.places(), ["/expert", "/status", "/is_complete"]);
}
