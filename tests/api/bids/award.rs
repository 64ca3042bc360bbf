//! Awarding.

use domain::Role;
use serde_json::{Value, json};
use support::{Answered, App, Member};

use super::{Pool, post_at};

async fn award(pool: &Pool, member: &Member, bid: &str) -> Answered {
    post_at(member, pool.after(), &format!("/v1/bids/{bid}/award"), json!({})).header("x-request-id", bid).send().await
}

async fn stored(collection: &str, id: &str) -> Value {
    App::shared().stored(collection, json!({ "_id": id })).await[0].clone()
}

#[tokio::test]
async fn an_award_takes_the_lead_out_of_the_pool_and_drafts_a_quote() {
    let pool = Pool::new().await;
    let (expert, rival, hesitant) = (pool.expert().await, pool.expert().await, pool.expert().await);
    let (bid, other) = (pool.submitted(&expert, 12_345).await, pool.submitted(&rival, 9_999).await);
    let draft = pool.draft(&hesitant, 1).await;
    let awarded = award(&pool, &pool.manager, &bid).await.expect(200);
    assert_eq!(App::shared().wire.calls(&bid), 2);
    assert_eq!((&awarded.json["status"], &awarded.json["awarded_at"]), (&json!("awarded"), &json!(pool.after())));
    assert_eq!(stored("bids", &other).await["status"], "declined_pending");
    assert_eq!(stored("bids", &draft).await["status"], "draft");
    let lead = stored("leads", &pool.lead).await;
    assert_eq!((&lead["status"], &lead["bid_pool"], &lead["awarded_bid"]), (&json!("awarded"), &json!(false), &json!(bid)));
    let quote = stored("quotes", awarded.json["quote"].as_str().unwrap()).await;
    assert_eq!(
        (&quote["reference"], &quote["status"], &quote["title"]),
        (&json!("QU-000001"), &json!("draft"), &json!("New roof"))
    );
    let parties = [&quote["lead"], &quote["bid"], &quote["expert"], &quote["customer"], &quote["manager"]];
    assert_eq!(parties, [&pool.lead, &bid, &expert.id, &pool.customer.id, &pool.manager.id]);
    let minor = ["amount", "service_fee", "total"].map(|field| quote[field]["minor"].as_i64().unwrap());
    assert_eq!(minor, [12_345, 1_235, 13_580]);
    for (kind, record) in [
        ("bid.awarded", &bid),
        ("bid.declined_pending", &other),
        ("lead.awarded", &pool.lead),
        ("quote.created", &quote["_id"].as_str().unwrap().to_owned()),
    ] {
        assert!(pool.events_at(pool.after(), record).await.contains(&kind.to_owned()), "{kind}");
    }
    assert_eq!(pool.notices("bid.awarded").await[0]["payload"]["members"], json!([expert.id]));
    assert_eq!(pool.notices("bid.declined_pending").await[0]["payload"]["members"], json!([rival.id]));
    let jobs = App::shared().stored("jobs", json!({ "tenant_id": pool.tenant.id, "kind": "xero.quote" })).await;
    assert_eq!(jobs[0]["payload"], json!({ "quote": quote["_id"] }));
}

#[tokio::test]
async fn a_sealed_bid_cannot_be_awarded() {
    let pool = Pool::new().await;
    let bid = pool.submitted(&pool.expert().await, 100).await;
    let early = pool.manager.caller().post(&format!("/v1/bids/{bid}/award"), json!({})).send().await.expect(409);
    assert_eq!(early.code(), "bids-sealed");
    assert_eq!(stored("bids", &bid).await["status"], "submitted");
}

#[tokio::test]
async fn what_was_never_offered_is_not_there_for_the_manager() {
    let pool = Pool::new().await;
    let (expert, fickle) = (pool.expert().await, pool.expert().await);
    let (draft, withdrawn) = (pool.draft(&expert, 100).await, pool.submitted(&fickle, 100).await);
    fickle.caller().post(&format!("/v1/bids/{withdrawn}/withdraw"), json!({})).send().await.expect(200);
    for bid in [draft, withdrawn, support::id("bid")] {
        award(&pool, &pool.manager, &bid).await.expect(404);
    }
}

#[tokio::test]
async fn awarding_twice_gives_one_award() {
    let pool = Pool::new().await;
    let (bid, other) = (pool.submitted(&pool.expert().await, 1).await, pool.submitted(&pool.expert().await, 2).await);
    award(&pool, &pool.manager, &bid).await.expect(200);
    for bid in [&bid, &other] {
        assert_eq!(award(&pool, &pool.manager, bid).await.expect(409).code(), "already-awarded");
    }
    assert_eq!(App::shared().stored("quotes", json!({ "lead": pool.lead })).await.len(), 1);
}

#[tokio::test]
async fn awarding_at_once_gives_one_award() {
    for _ in 0..5 {
        let pool = Pool::new().await;
        let admin = pool.tenant.member(Role::Admin).await;
        let (bid, other) = (pool.submitted(&pool.expert().await, 1).await, pool.submitted(&pool.expert().await, 2).await);
        let answers = tokio::join!(award(&pool, &pool.manager, &bid), award(&pool, &admin, &other), award(&pool, &admin, &bid));
        let mut statuses = [answers.0.status, answers.1.status, answers.2.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409]);
        for refused in [answers.0, answers.1, answers.2].iter().filter(|answer| answer.status == 409) {
            assert_eq!(refused.code(), "already-awarded");
        }
        assert_eq!(App::shared().stored("quotes", json!({ "lead": pool.lead })).await.len(), 1);
        assert_eq!(App::shared().stored("bids", json!({ "lead": pool.lead, "status": "awarded" })).await.len(), 1);
        assert_eq!(App::shared().stored("events", json!({ "lead": pool.lead, "type": "bid.awarded" })).await.len(), 1);
    }
}

#[tokio::test]
async fn a_repeated_award_gets_the_first_answer() {
    let pool = Pool::new().await;
    let bid = pool.submitted(&pool.expert().await, 1).await;
    let award = || {
        post_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}/award"), json!({}))
            .header("idempotency-key", "award-1")
            .send()
    };
    let (first, again) = (award().await.expect(200), award().await.expect(200));
    assert_eq!(first.json, again.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn the_service_fee_comes_from_the_tenants_setting() {
    let pool = Pool::new().await;
    let setting = json!({
        "_id": support::id("set"), "tenant_id": pool.tenant.id, "key": "billing.service_fee", "value": { "basis_points": 250 }, "version": 1,
    });
    App::shared().data("insertOne", json!({ "collection": "settings", "document": setting })).await;
    let bid = pool.submitted(&pool.expert().await, 10_000).await;
    let awarded = award(&pool, &pool.manager, &bid).await.expect(200);
    let quote = stored("quotes", awarded.json["quote"].as_str().unwrap()).await;
    assert_eq!(quote["service_fee"], json!({ "minor": 250, "currency": "EUR" }));
}
