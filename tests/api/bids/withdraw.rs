//! Withdrawing bids.

use serde_json::json;

use super::{Pool, get_at, post_at};

#[tokio::test]
async fn before_the_deadline_nobody_ever_learns_of_a_bid_that_was_withdrawn() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.submitted(&expert, 100).await;
    let withdrawn = expert.caller().post(&format!("/v1/bids/{bid}/withdraw"), json!({})).send().await.expect(200);
    assert_eq!(withdrawn.json["status"], "withdrawn");
    assert_eq!(pool.notices("bid.submitted").await.len(), 0);
    assert_eq!(pool.notices("bid.withdrawn").await.len(), 0);
    assert_eq!(pool.events_at(pool.after(), &bid).await, Vec::<String>::new());
    get_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}")).await.expect(404);
    expert.caller().post(&format!("/v1/bids/{bid}/submit"), json!({})).send().await.expect(200);
    assert_eq!(pool.notices("bid.submitted").await.len(), 1);
    get_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}")).await.expect(200);
}

#[tokio::test]
async fn after_the_deadline_the_staff_are_told() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let bid = pool.submitted(&expert, 100).await;
    let path = format!("/v1/bids/{bid}/withdraw");
    post_at(&expert, pool.after(), &path, json!({})).send().await.expect(200);
    let notices = pool.notices("bid.withdrawn").await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0]["payload"]["facts"]["reference"].as_str().unwrap().starts_with("SU-"));
    assert!(pool.events_at(pool.after(), &bid).await.contains(&"bid.withdrawn".to_owned()));
    get_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}")).await.expect(404);
    let again = post_at(&expert, pool.after(), &path, json!({})).send().await.expect(409);
    assert_eq!(again.code(), "bid-not-submitted");
}

#[tokio::test]
async fn a_draft_and_an_awarded_bid_cannot_be_withdrawn() {
    let pool = Pool::new().await;
    let (expert, other) = (pool.expert().await, pool.expert().await);
    let draft = pool.draft(&other, 100).await;
    let refused = other.caller().post(&format!("/v1/bids/{draft}/withdraw"), json!({})).send().await.expect(409);
    assert_eq!(refused.code(), "bid-not-submitted");
    let bid = pool.submitted(&expert, 100).await;
    post_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}/award"), json!({})).send().await.expect(200);
    let refused = post_at(&expert, pool.after(), &format!("/v1/bids/{bid}/withdraw"), json!({})).send().await.expect(409);
    assert_eq!(refused.code(), "bid-not-submitted");
}
