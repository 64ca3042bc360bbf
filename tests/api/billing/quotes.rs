//! Reading, changing and sending quotes.

use domain::Role;
use serde_json::json;
use support::App;

use super::Deal;
use crate::bids::{get_at, post_at};

#[tokio::test]
async fn a_quote_is_seen_by_those_it_names_once_it_is_sent() {
    let deal = Deal::awarded().await;
    let path = format!("/v1/quotes/{}", deal.quote);
    let parties = [&deal.pool.customer, &deal.expert];
    for party in parties {
        get_at(party, deal.time, &path).await.expect(404);
        assert_eq!(get_at(party, deal.time, "/v1/quotes?count=true").await.expect(200).json["total"], 0);
    }
    let sent = deal.manages("quotes", &deal.quote, "send").await.expect(200);
    assert_eq!((&sent.json["status"], &sent.json["sent_at"]), (&json!("sent"), &json!(deal.time)));
    assert_eq!(sent.json["valid_until"], json!(deal.time.plus_days(30)));
    for party in parties {
        assert_eq!(
            get_at(party, deal.time, &path).await.expect(200).json["total"],
            json!({ "minor": 11_001, "currency": "EUR" })
        );
    }
    get_at(&deal.rival, deal.time, &path).await.expect(404);
    assert_eq!(deal.pool.notices("quote.sent").await[0]["payload"]["members"], json!([deal.pool.customer.id]));
    assert_eq!(deal.jobs("xero.quote").await.len(), 2);
    assert_eq!(deal.manages("quotes", &deal.quote, "send").await.expect(409).code(), "quote-not-draft");
}

#[tokio::test]
async fn a_draft_can_be_worded_and_given_another_day() {
    let deal = Deal::awarded().await;
    let (path, caller) = (format!("/v1/quotes/{}", deal.quote), deal.pool.manager.caller_at(deal.time));
    let patch = |body| caller.patch(&path, body).at(deal.time).send();
    assert_eq!(get_at(&deal.pool.manager, deal.time, "/v1/quotes?q=QU-000001&count=true").await.json["total"], 1);
    let until = deal.time.plus_days(3);
    let changed =
        patch(json!({ "title": "Roof, as agreed", "notes": "Without gutters.", "valid_until": until })).await.expect(200);
    assert_eq!(changed.json["valid_until"], json!(until));
    assert_eq!(get_at(&deal.pool.manager, deal.time, "/v1/quotes?q=agreed&count=true").await.json["total"], 1);
    assert_eq!(get_at(&deal.pool.manager, deal.time, "/v1/quotes?q=000001&count=true").await.json["total"], 1);
    assert_eq!(patch(json!({ "valid_until": deal.time })).await.expect(422).places(), ["/valid_until"]);
    let refused = patch(json!({ "total": { "minor": 1, "currency": "EUR" }, "status": "accepted" })).await.expect(422);
    assert_eq!(refused.places(), ["/total", "/status"]);
    let late = post_at(&deal.pool.manager, until, &format!("{path}/send"), json!({})).send().await.expect(409);
    assert_eq!(late.code(), "quote-expired");
    assert_eq!(deal.manages("quotes", &deal.quote, "send").await.expect(200).json["valid_until"], json!(until));
    assert_eq!(patch(json!({ "title": "Roof" })).await.expect(409).code(), "quote-not-draft");
}

#[tokio::test]
async fn a_quote_goes_to_the_customer_that_the_lead_has_when_it_is_sent() {
    let deal = Deal::awarded().await;
    let (lead, manager) = (format!("/v1/leads/{}", deal.pool.lead), deal.pool.manager.caller_at(deal.time));
    let none = json!({ "collection": "leads", "filter": { "_id": deal.pool.lead }, "update": { "$unset": { "customer": "" } } });
    App::shared().data("updateOne", none).await;
    assert_eq!(deal.manages("quotes", &deal.quote, "send").await.expect(409).code(), "customer-missing");
    let other = deal.pool.tenant.member(Role::Customer).await;
    manager.patch(&lead, json!({ "customer": other.id })).at(deal.time).send().await.expect(200);
    assert_eq!(deal.manages("quotes", &deal.quote, "send").await.expect(200).json["customer"], other.id);
    get_at(&other, deal.time, &format!("/v1/quotes/{}", deal.quote)).await.expect(200);
    get_at(&deal.pool.customer, deal.time, &format!("/v1/quotes/{}", deal.quote)).await.expect(404);
}
