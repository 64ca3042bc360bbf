//! Until the deadline nobody but its author can read a bid, in any way.

use domain::Role;
use serde_json::json;

use super::{Pool, get_at};

#[tokio::test]
async fn a_sealed_bid_is_neither_read_nor_listed_nor_counted_nor_told_of() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.submitted(&expert, 12_345).await;
    let before = pool.deadline.plus_ms(-1);
    let nosy =
        [pool.manager.clone(), pool.tenant.member(Role::Owner).await, pool.tenant.member(Role::Admin).await, pool.expert().await];
    for member in &nosy {
        get_at(member, before, &format!("/v1/bids/{bid}")).await.expect(404);
        for query in ["count=true", "count=true&price=12345&sort=price", "count=true&status=submitted&fields=price"] {
            let page = get_at(member, before, &format!("/v1/bids?{query}&lead={}", pool.lead)).await.expect(200);
            assert_eq!((&page.json["data"], &page.json["total"]), (&json!([]), &json!(0)), "{query}");
        }
    }
    assert_eq!(pool.events_at(before, &bid).await, Vec::<String>::new());
    assert_eq!(get_at(&expert, before, "/v1/bids?count=true").await.json["total"], 1);
    for role in [Role::Customer, Role::Vendor] {
        pool.tenant.caller(role).await.get("/v1/bids").await.expect(403);
    }
}

#[tokio::test]
async fn after_the_deadline_the_staff_see_what_was_offered_and_nothing_else() {
    let pool = Pool::new().await;
    let (expert, hesitant) = (pool.expert().await, pool.expert().await);
    let (offered, draft) = (pool.submitted(&expert, 12_345).await, pool.draft(&hesitant, 1).await);
    hesitant.caller().patch(&format!("/v1/bids/{draft}"), json!({ "remarks": "too cheap?" })).send().await.expect(200);
    let page = get_at(&pool.manager, pool.after(), "/v1/bids?count=true").await.expect(200);
    assert_eq!((&page.json["data"][0]["id"], &page.json["total"]), (&json!(offered), &json!(1)));
    assert_eq!(pool.events_at(pool.after(), &offered).await.len(), 2);
    assert_eq!(pool.events_at(pool.after(), &draft).await, Vec::<String>::new());
    get_at(&hesitant, pool.after(), &format!("/v1/bids/{offered}")).await.expect(404);
}

#[tokio::test]
async fn a_longer_deadline_holds_back_bids_events_and_notices() {
    let pool = Pool::new().await;
    let (expert, hesitant) = (pool.expert().await, pool.expert().await);
    let (offered, draft) = (pool.submitted(&expert, 100).await, pool.draft(&hesitant, 100).await);
    let longer = pool.deadline.plus_days(1);
    let path = format!("/v1/leads/{}", pool.lead);
    pool.manager.caller().patch(&path, json!({ "bid_deadline": longer })).send().await.expect(200);
    get_at(&pool.manager, pool.after(), &format!("/v1/bids/{offered}")).await.expect(404);
    assert_eq!(pool.events_at(pool.after(), &offered).await, Vec::<String>::new());
    assert_eq!(pool.notices("bid.submitted").await[0]["run_at"], longer.to_string());
    get_at(&pool.manager, longer, &format!("/v1/bids/{offered}")).await.expect(200);
    assert_eq!(pool.events_at(longer, &offered).await.len(), 2);
    assert_eq!(pool.events_at(longer, &draft).await, Vec::<String>::new());
}
