//! Refreshing.

use serde_json::json;
use support::{Answered, App, Cut, Request, id};

use super::{caller, email, events_of, now, post, signed_up, string};

fn refresh(tokens: &Answered) -> Request {
    post("/v1/auth/refresh", json!({ "refresh_token": string(tokens, "/refresh_token") }))
}

/// The login that a refresh token belongs to.
fn login_of(tokens: &Answered) -> String {
    string(tokens, "/refresh_token").split('.').next().unwrap().to_owned()
}

async fn set(collection: &str, id: &str, fields: serde_json::Value) {
    let update = json!({ "collection": collection, "filter": { "_id": id }, "update": { "$set": fields } });
    App::shared().data("updateOne", update).await;
}

#[tokio::test]
async fn each_refresh_gives_a_new_pair_of_the_same_login() {
    let first = signed_up(&email()).await;
    let second = refresh(&first).send().await.expect(200);
    assert_ne!(second.json["refresh_token"], first.json["refresh_token"]);
    assert_eq!((&second.json["tenant"], &second.json["member"]), (&first.json["tenant"], &first.json["member"]));
    let third = refresh(&second).send().await.expect(200);
    assert_eq!(login_of(&third), login_of(&first));
    caller(&third).get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_used_token_ends_the_login_for_everybody_who_has_it() {
    let first = signed_up(&email()).await;
    let second = refresh(&first).send().await.expect(200);
    assert_eq!(refresh(&first).send().await.expect(401).code(), "refresh-token-reused");
    assert_eq!(refresh(&second).send().await.expect(401).code(), "session-ended");
    let stored = App::shared().stored("logins", json!({ "_id": login_of(&first) })).await;
    assert_eq!(stored[0]["revoked_reason"], "refresh-token-reused");
    assert_eq!(events_of(&login_of(&first)).await, ["login.created", "login.revoked"]);
}

#[tokio::test]
async fn the_same_key_gets_the_same_pair_for_thirty_seconds() {
    let first = signed_up(&email()).await;
    let start = now();
    let at = |after_ms: i64| refresh(&first).header("idempotency-key", "r-1").at(start.plus_ms(after_ms));
    let second = at(0).send().await.expect(200);
    let again = at(30_000).send().await.expect(200);
    assert_eq!(again.json, second.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    refresh(&second).at(start.plus_ms(30_001)).send().await.expect(200);
    assert_eq!(at(30_002).send().await.expect(401).code(), "refresh-token-reused");
}

#[tokio::test]
async fn a_late_repeat_and_another_key_are_reuse() {
    for (key, after_ms) in [("r-1", 30_001), ("r-2", 1)] {
        let first = signed_up(&email()).await;
        let start = now();
        refresh(&first).header("idempotency-key", "r-1").at(start).send().await.expect(200);
        let again = refresh(&first).header("idempotency-key", key).at(start.plus_ms(after_ms)).send().await.expect(401);
        assert_eq!(again.code(), "refresh-token-reused", "{key} {after_ms}");
    }
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated() {
    let first = signed_up(&email()).await;
    for cut in [Cut::Before(1), Cut::After(1)] {
        let request_id = id("req");
        App::shared().wire.cut(&request_id, cut);
        let lost = refresh(&first).header("idempotency-key", "r-1").header("x-request-id", &request_id).send().await;
        assert_eq!(lost.status, 503, "{}", lost.text);
    }
    let second = refresh(&first).header("idempotency-key", "r-1").send().await.expect(200);
    refresh(&second).send().await.expect(200);
    let stored = App::shared().stored("logins", json!({ "_id": login_of(&first) })).await;
    assert_eq!(stored[0]["generation"], 3);
}

#[tokio::test]
async fn only_one_of_two_at_once_is_let_through() {
    let first = signed_up(&email()).await;
    let (one, other) = tokio::join!(refresh(&first).send(), refresh(&first).send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
}

#[tokio::test]
async fn a_login_ends_thirty_days_after_its_last_use() {
    let first = signed_up(&email()).await;
    let start = now();
    let second = refresh(&first).at(start.plus_days(29)).send().await.expect(200);
    let third = refresh(&second).at(start.plus_days(58)).send().await.expect(200);
    assert_eq!(refresh(&third).at(start.plus_days(89)).send().await.expect(401).code(), "invalid-refresh-token");
}

#[tokio::test]
async fn whoever_was_suspended_gets_no_new_pair_until_they_are_back() {
    let first = signed_up(&email()).await;
    for (collection, pointer, closed) in [("memberships", "/member/id", "suspended"), ("tenants", "/tenant/id", "cancelled")] {
        let record = string(&first, pointer);
        set(collection, &record, json!({ "status": closed })).await;
        assert_eq!(refresh(&first).send().await.expect(401).code(), "session-ended", "{collection}");
        set(collection, &record, json!({ "status": "active" })).await;
    }
    refresh(&first).send().await.expect(200);
}

#[tokio::test]
async fn a_new_role_is_in_the_next_access_token() {
    let first = signed_up(&email()).await;
    set("memberships", &string(&first, "/member/id"), json!({ "role": "customer", "policy_version": 2 })).await;
    let create = json!({ "category": "Roof" });
    let outdated = caller(&first).post("/v1/leads", create.clone()).send().await.expect(401);
    assert_eq!(outdated.code(), "session-outdated");
    let second = refresh(&first).send().await.expect(200);
    assert_eq!(second.json["member"]["role"], "customer");
    caller(&second).post("/v1/leads", create).send().await.expect(201);
    caller(&second).get("/v1/members").await.expect(403);
}

#[tokio::test]
async fn forged_tokens_cost_no_trip() {
    let token = string(&signed_up(&email()).await, "/refresh_token");
    let parts: Vec<&str> = token.split('.').collect();
    let other_generation = [parts[0], parts[1], "2", parts[3]].join(".");
    for forged in ["x", "a.b.1.c", &other_generation, &format!("{token}.x")] {
        let request_id = id("req");
        let request = post("/v1/auth/refresh", json!({ "refresh_token": forged })).header("x-request-id", &request_id);
        assert_eq!(request.send().await.expect(401).code(), "invalid-refresh-token", "{forged}");
        assert_eq!(App::shared().wire.calls(&request_id), 0, "{forged}");
    }
}
