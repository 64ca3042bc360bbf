//! Submitting bids.

use serde_json::json;
use support::App;

use super::{Pool, post_at};

#[tokio::test]
async fn a_bid_is_submitted_in_one_trip_and_announced_at_the_deadline() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.draft(&expert, 100).await;
    let path = format!("/v1/bids/{bid}/submit");
    let request = expert.caller().post(&path, json!({})).header("x-request-id", &bid);
    let submitted = request.send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&bid), 1);
    assert_eq!((&submitted.json["status"], &submitted.json["version"]), (&json!("submitted"), &json!(2)));
    assert!(submitted.json["submitted_at"].is_string());
    let notices = pool.notices("bid.submitted").await;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0]["run_at"], pool.deadline.to_string());
    assert_eq!(notices[0]["payload"]["facts"]["lead"], pool.lead);
    assert_eq!(notices[0]["payload"]["facts"]["reference"], "SU-000001");
    let events = App::shared().stored("events", json!({ "record.id": bid, "type": "bid.submitted" })).await;
    assert_eq!(events[0]["changes"]["status"], json!({ "before": "draft", "after": "submitted" }));
    assert_eq!((&events[0]["lead"], &events[0]["sealed_until"]), (&json!(pool.lead), &json!(pool.deadline)));
    let again = expert.caller().post(&path, json!({})).send().await.expect(409);
    assert_eq!(again.code(), "already-submitted");
}

#[tokio::test]
async fn a_refusal_says_why() {
    let pool = Pool::new().await;
    let (expert, other) = (pool.expert().await, pool.expert().await);
    let bid = expert.caller().post("/v1/bids", json!({ "lead": pool.lead })).send().await.expect(201).id();
    let path = format!("/v1/bids/{bid}/submit");
    let incomplete = expert.caller().post(&path, json!({})).send().await.expect(422);
    assert_eq!(incomplete.places(), ["/title", "/price", "/start_date", "/end_date", "/milestones"]);
    other.caller().post(&path, json!({})).send().await.expect(404);
    let stale = expert.caller().post(&path, json!({})).header("if-match", "\"9\"").send().await.expect(412);
    assert_eq!(stale.code(), "stale");
    let complete = pool.draft(&other, 100).await;
    let late = post_at(&other, pool.after(), &format!("/v1/bids/{complete}/submit"), json!({})).send().await.expect(409);
    assert_eq!(late.code(), "bids-closed");
    assert_eq!(App::shared().stored("events", json!({ "type": "bid.submitted", "lead": pool.lead })).await.len(), 0);
}

#[tokio::test]
async fn a_draft_that_missed_a_longer_deadline_takes_it_over_when_it_is_submitted() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.draft(&expert, 100).await;
    let longer = pool.deadline.plus_days(1);
    let filter = json!({ "_id": pool.lead, "tenant_id": pool.tenant.id });
    let update = json!({ "$set": { "bid_deadline": longer.ejson() } });
    App::shared().data("updateOne", json!({ "collection": "leads", "filter": filter, "update": update })).await;
    let submitted = expert.caller().post(&format!("/v1/bids/{bid}/submit"), json!({})).send().await.expect(200);
    assert_eq!(submitted.json["sealed_until"], longer.to_string());
    assert_eq!(pool.notices("bid.submitted").await[0]["run_at"], longer.to_string());
}

#[tokio::test]
async fn verbs_without_input_take_none() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.draft(&expert, 100).await;
    for (member, verb) in [(&expert, "submit"), (&expert, "withdraw"), (&pool.manager, "award")] {
        let path = format!("/v1/bids/{bid}/{verb}");
        let unknown = member.caller().post(&path, json!({ "price": 1 })).send().await.expect(422);
        assert_eq!(unknown.places(), ["/price"], "{verb}");
        let broken = member.caller().request("POST", &path).body("application/json", "{").send().await.expect(400);
        assert_eq!(broken.code(), "not-json", "{verb}");
    }
    assert_eq!(App::shared().stored("bids", json!({ "_id": bid })).await[0]["version"], 1);
}
