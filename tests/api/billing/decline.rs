//! Declining quotes.

use serde_json::json;
use support::App;

use super::Deal;
use crate::bids::post_at;

#[tokio::test]
async fn a_declined_quote_opens_the_choice_again() {
    let deal = Deal::sent().await;
    let declined = deal.decides("decline", json!({ "decline_reason": "Too dear" })).await.expect(200);
    assert_eq!(App::shared().wire.calls(&deal.quote), 2);
    assert_eq!((&declined.json["status"], &declined.json["decline_reason"]), (&json!("declined"), &json!("Too dear")));
    let bid = &App::shared().stored("bids", json!({ "_id": declined.json["bid"] })).await[0];
    assert_eq!((&bid["status"], &bid["decline_reason"]), (&json!("declined"), &json!("Too dear")));
    assert_eq!(deal.status("bids", &deal.other).await, "submitted");
    let lead = &App::shared().stored("leads", json!({ "_id": deal.pool.lead })).await[0];
    assert_eq!((&lead["status"], &lead["bid_pool"], lead.get("awarded_bid")), (&json!("published"), &json!(false), None));
    assert_eq!(deal.pool.notices("quote.declined").await[0]["payload"]["members"], json!([deal.pool.manager.id]));
    assert_eq!(deal.pool.notices("bid.declined").await[0]["payload"]["members"], json!([deal.expert.id]));
    assert_eq!(deal.pool.notices("bid.reopened").await[0]["payload"]["members"], json!([deal.rival.id]));
    let again = deal.manages("bids", declined.json["bid"].as_str().unwrap(), "award").await.expect(409);
    assert_eq!(again.code(), "bid-not-submitted");
    let awarded = deal.manages("bids", &deal.other, "award").await.expect(200);
    let quote = awarded.json["quote"].as_str().unwrap();
    let sent = deal.manages("quotes", quote, "send").await.expect(200);
    assert_eq!(sent.json["reference"], "QU-000002");
    let accept = post_at(&deal.pool.customer, deal.time, &format!("/v1/quotes/{quote}/accept"), json!({}));
    accept.send().await.expect(200);
    assert_eq!(deal.status("leads", &deal.pool.lead).await, "active");
    assert_eq!(deal.status("bids", bid["_id"].as_str().unwrap()).await, "declined");
}

#[tokio::test]
async fn a_reason_is_text_of_a_bounded_length() {
    let deal = Deal::sent().await;
    for reason in [json!(5), json!("x".repeat(1_001))] {
        let refused = deal.decides("decline", json!({ "decline_reason": reason })).await.expect(422);
        assert_eq!(refused.places(), ["/decline_reason"]);
    }
    assert_eq!(deal.decides("decline", json!({ "why": "x" })).await.expect(422).places(), ["/why"]);
    assert_eq!(deal.status("quotes", &deal.quote).await, "sent");
}

#[tokio::test]
async fn accepting_and_declining_at_once_is_one_decision() {
    for _ in 0..5 {
        let deal = Deal::sent().await;
        let (yes, no) = tokio::join!(deal.decides("accept", json!({})), deal.decides("decline", json!({})));
        let (expected, projects) = match (yes.status, no.status) {
            (200, 409) => ("accepted", 1),
            (409, 200) => ("declined", 0),
            other => panic!("{other:?}: {} {}", yes.text, no.text),
        };
        assert_eq!(deal.status("quotes", &deal.quote).await, expected);
        let lead = App::shared().stored("leads", json!({ "_id": deal.pool.lead })).await;
        assert_eq!(lead[0]["status"], if projects == 1 { "active" } else { "published" });
        for (collection, count) in [("projects", projects), ("milestones", 2 * projects), ("invoices", 2 * projects)] {
            assert_eq!(App::shared().stored(collection, json!({ "lead": deal.pool.lead })).await.len(), count, "{collection}");
        }
    }
}
