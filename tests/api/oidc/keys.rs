//! The keys of providers: how often they are fetched, how long they are believed.

use standins::Forgery;
use support::{App, id};

use super::{claims, counted, exchange_at as at, with};
use crate::auth::now;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A token that lasts for days.
async fn lasting(provider: &str) -> String {
    let claims = with(&claims(), serde_json::json!({ "exp": now().seconds() + 10 * 86_400 }));
    App::shared().standins.id_token(provider, &claims).await
}

#[tokio::test]
async fn a_new_key_is_fetched_and_a_withdrawn_one_is_believed_until_the_keys_are_old() {
    let (standins, start) = (&App::shared().standins, now());
    let old = lasting("rotating").await;
    at(start, "rotating", &old).await.expect(200);
    at(start, "rotating", &old).await.expect(200);
    assert_eq!(standins.oidc_fetches("rotating").await, 1, "keys are remembered");
    standins.add_oidc_key("rotating").await;
    let new = lasting("rotating").await;
    at(start.plus_ms(MINUTE_MS), "rotating", &new).await.expect(200);
    assert_eq!(standins.oidc_fetches("rotating").await, 2, "the unknown key is fetched");
    at(start.plus_ms(MINUTE_MS), "rotating", &old).await.expect(200);
    standins.retire_oidc_key("rotating").await;
    // The provider says five minutes.
    at(start.plus_ms(4 * MINUTE_MS), "rotating", &old).await.expect(200);
    let retired = at(start.plus_ms(7 * MINUTE_MS), "rotating", &old).await.expect(401);
    assert_eq!(retired.code(), "invalid-token");
    at(start.plus_ms(7 * MINUTE_MS), "rotating", &new).await.expect(200);
    assert_eq!(standins.oidc_fetches("rotating").await, 3);
}

#[tokio::test]
async fn of_many_who_come_at_once_one_fetches_and_all_are_believed() {
    let (good, start) = (lasting("crowded").await, now());
    let all = (0..10).map(|_| at(start, "crowded", &good));
    for answer in futures_util::future::join_all(all).await {
        answer.expect(200);
    }
    assert_eq!(App::shared().standins.oidc_fetches("crowded").await, 1);
}

#[tokio::test]
async fn whoever_comes_while_another_fetches_looks_twice_and_no_more() {
    let (good, start, first) = (lasting("slow").await, now(), id("req"));
    let held = App::shared().wire.hold(&first, 2);
    let anyone = App::shared().anyone();
    let fetching = support::oidc::exchange(&anyone, "slow", &good).at(start).header("x-request-id", &first).send();
    let meanwhile = async {
        tokio::time::timeout(std::time::Duration::from_secs(20), held.arrived()).await.expect("nothing is fetched");
        let (refused, trips) = counted(start, "slow", &good).await;
        assert_eq!((refused.status, refused.header("retry-after"), trips), (503, Some("1"), 2), "{}", refused.text);
        held.let_go();
    };
    tokio::join!(fetching, meanwhile).0.expect(200);
    assert_eq!(App::shared().wire.calls(&first), 2, "who fetches looks and writes");
    let (again, trips) = counted(start, "slow", &good).await;
    assert_eq!((again.status, trips), (200, 1));
    let forged = App::shared().standins.forged_token("slow", &claims(), Forgery::UnknownKid).await;
    let (missing, trips) = counted(start, "slow", &forged).await;
    assert_eq!((missing.status, trips), (401, 1));
    assert_eq!(App::shared().standins.oidc_fetches("slow").await, 1);
}

#[tokio::test]
async fn however_long_a_provider_says_a_withdrawn_key_is_not_believed_after_an_hour() {
    let (standins, start) = (&App::shared().standins, now());
    standins.set_oidc_max_age("withdrawn", 31_536_000).await;
    let old = lasting("withdrawn").await;
    at(start, "withdrawn", &old).await.expect(200);
    standins.retire_oidc_key("withdrawn").await;
    at(start.plus_ms(59 * MINUTE_MS), "withdrawn", &old).await.expect(200);
    at(start.plus_ms(61 * MINUTE_MS), "withdrawn", &old).await.expect(401);
}

#[tokio::test]
async fn strangers_cannot_make_us_ask_the_provider_again_and_again() {
    let (standins, start) = (&App::shared().standins, now());
    at(start, "flooded", &lasting("flooded").await).await.expect(200);
    let forged = standins.forged_token("flooded", &claims(), Forgery::UnknownKid).await;
    for _ in 0..20 {
        at(start, "flooded", &forged).await.expect(401);
    }
    assert_eq!(standins.oidc_fetches("flooded").await, 1);
    let later = start.plus_ms(31_000);
    let all = (0..20).map(|_| at(later, "flooded", &forged));
    for answer in futures_util::future::join_all(all).await {
        answer.expect(401);
    }
    assert_eq!(standins.oidc_fetches("flooded").await, 2);
    // A token that says nothing right costs not even a trip.
    let request_id = id("req");
    let wrong = standins.id_token("flooded", &with(&claims(), serde_json::json!({ "aud": "another" }))).await;
    let body = serde_json::json!({ "token": wrong });
    let refused = App::shared().anyone().post("/v1/oidc/flooded", body).header("x-request-id", &request_id).send().await;
    assert_eq!((refused.status, App::shared().wire.calls(&request_id)), (401, 0));
}

#[tokio::test]
async fn remembered_keys_outlast_a_provider_that_does_not_answer_for_a_day() {
    let (standins, start) = (&App::shared().standins, now());
    standins.set_oidc_down("down", true).await;
    let good = lasting("down").await;
    assert_eq!(at(start, "down", &good).await.expect(503).code(), "unavailable");
    standins.set_oidc_down("down", false).await;
    assert_eq!(at(start, "down", &good).await.expect(503).code(), "unavailable", "not asked again at once");
    at(start.plus_ms(MINUTE_MS), "down", &good).await.expect(200);
    standins.set_oidc_down("down", true).await;
    at(start.plus_ms(20 * MINUTE_MS), "down", &good).await.expect(200);
    at(start.plus_ms(DAY_MS), "down", &good).await.expect(200);
    at(start.plus_ms(2 * DAY_MS), "down", &good).await.expect(503);
    assert_eq!(standins.oidc_fetches("down").await, 5);
}
