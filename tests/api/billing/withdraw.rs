//! Withdrawing quotes, and giving them another day: no lead stays awarded for want of a customer's word.

use serde_json::json;
use support::App;

use super::Deal;
use crate::bids::{get_at, post_at};

#[tokio::test]
async fn an_expired_quote_can_be_given_another_day() {
    let deal = Deal::sent().await;
    let (path, late) = (format!("/v1/quotes/{}", deal.quote), deal.time.plus_days(31));
    let accept = || post_at(&deal.pool.customer, late, &format!("{path}/accept"), json!({})).send();
    assert_eq!(accept().await.expect(409).code(), "quote-expired");
    let caller = deal.pool.manager.caller_at(late);
    let patch = |body| caller.patch(&path, body).at(late).send();
    assert_eq!(patch(json!({ "valid_until": late })).await.expect(422).places(), ["/valid_until"]);
    assert_eq!(patch(json!({ "valid_until": null })).await.expect(422).places(), ["/valid_until"]);
    let both = patch(json!({ "valid_until": late.plus_days(3), "notes": "Dearer" })).await.expect(409);
    assert_eq!(both.code(), "quote-not-draft");
    let renewed = patch(json!({ "valid_until": late.plus_days(3) })).await.expect(200);
    assert_eq!((&renewed.json["status"], &renewed.json["valid_until"]), (&json!("sent"), &json!(late.plus_days(3))));
    assert_eq!(deal.pool.notices("quote.updated").await[0]["payload"]["members"], json!([deal.pool.customer.id]));
    accept().await.expect(200);
    assert_eq!(patch(json!({ "valid_until": late.plus_days(9) })).await.expect(409).code(), "quote-not-draft");
}

#[tokio::test]
async fn a_withdrawn_quote_opens_the_choice_again() {
    let deal = Deal::sent().await;
    let late = deal.time.plus_days(31);
    let withdraw = || post_at(&deal.pool.manager, late, &format!("/v1/quotes/{}/withdraw", deal.quote), json!({})).send();
    let withdrawn = withdraw().await.expect(200);
    assert_eq!((&withdrawn.json["status"], &withdrawn.json["withdrawn_at"]), (&json!("withdrawn"), &json!(late)));
    let lead = &App::shared().stored("leads", json!({ "_id": deal.pool.lead })).await[0];
    assert_eq!((&lead["status"], lead.get("awarded_bid")), (&json!("published"), None));
    assert_eq!(deal.status("bids", withdrawn.json["bid"].as_str().unwrap()).await, "declined");
    assert_eq!(deal.pool.notices("quote.withdrawn").await[0]["payload"]["members"], json!([deal.pool.customer.id]));
    assert_eq!(withdraw().await.expect(409).code(), "quote-not-sent");
    assert_eq!(deal.decides("accept", json!({})).await.expect(409).code(), "quote-not-sent");
    deal.manages("bids", &deal.other, "award").await.expect(200);
}

#[tokio::test]
async fn nobody_but_staff_ever_sees_a_quote_that_was_withdrawn_as_a_draft() {
    let deal = Deal::awarded().await;
    let path = format!("/v1/quotes/{}", deal.quote);
    post_at(&deal.pool.customer, deal.time, &format!("{path}/withdraw"), json!({})).send().await.expect(403);
    deal.manages("quotes", &deal.quote, "withdraw").await.expect(200);
    for party in [&deal.pool.customer, &deal.expert] {
        get_at(party, deal.time, &path).await.expect(404);
    }
    get_at(&deal.pool.manager, deal.time, &path).await.expect(200);
    assert!(deal.pool.notices("quote.withdrawn").await.is_empty());
}
