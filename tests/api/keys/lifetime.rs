//! The life of a key: used, changed, ended.

use super::id_of;
use domain::Role;
use serde_json::json;
use support::{App, Tenant};

use crate::auth::now;

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_that_moment_on() {
    let tenant = Tenant::new().await;
    let (manager, owner) = (tenant.member(Role::Manager).await, tenant.caller(Role::Owner).await);
    let made = manager.caller().post("/v1/api-keys", json!({ "name": "A", "scopes": ["lead:read"] })).send().await.expect(201);
    let key = App::shared().with_token(made.json["key"].as_str().unwrap());
    key.get("/v1/leads").await.expect(200);
    let path = format!("/v1/api-keys/{}", id_of(&made));
    tenant.caller(Role::Manager).await.delete(&path).await.expect(404);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(204);
    assert_eq!(key.get("/v1/leads").await.expect(401).code(), "key-ended");
    assert!(owner.get(&path).await.expect(200).json["revoked_at"].is_string());
    assert_eq!(manager.caller().post(&format!("{path}/rotate"), json!({})).send().await.expect(409).code(), "key-revoked");
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    let manager = Tenant::new().await.member(Role::Manager).await;
    let (start, end) = (now(), now().plus_ms(3_600_000));
    let body = json!({ "name": "A", "scopes": ["lead:read"], "expires_at": end });
    let made = manager.caller().post("/v1/api-keys", body).send().await.expect(201);
    let key = App::shared().with_token(made.json["key"].as_str().unwrap());
    key.request("GET", "/v1/leads").at(start).send().await.expect(200);
    assert_eq!(key.request("GET", "/v1/leads").at(end).send().await.expect(401).code(), "key-ended");
}

#[tokio::test]
async fn another_secret_takes_over_at_once_or_after_a_while() {
    let manager = Tenant::new().await.member(Role::Manager).await.caller();
    let made = manager.post("/v1/api-keys", json!({ "name": "A", "scopes": ["lead:read"] })).send().await.expect(201);
    let rotate = format!("/v1/api-keys/{}/rotate", id_of(&made));
    let first = App::shared().with_token(made.json["key"].as_str().unwrap());
    let rotated = manager.post(&rotate, json!({ "overlap_s": 600 })).send().await.expect(200);
    let second = App::shared().with_token(rotated.json["key"].as_str().unwrap());
    first.get("/v1/leads").await.expect(200);
    second.get("/v1/leads").await.expect(200);
    let later = now().plus_ms(601_000);
    assert_eq!(first.request("GET", "/v1/leads").at(later).send().await.expect(401).code(), "invalid-key");
    second.request("GET", "/v1/leads").at(later).send().await.expect(200);
    let third = manager.post(&rotate, json!({})).send().await.expect(200);
    for gone in [first, second] {
        gone.get("/v1/leads").await.expect(401);
    }
    App::shared().with_token(third.json["key"].as_str().unwrap()).get("/v1/leads").await.expect(200);
    assert_eq!(manager.post(&rotate, json!({ "overlap_s": -1 })).send().await.expect(422).places(), ["/overlap_s"]);
}

#[tokio::test]
async fn a_key_can_do_no_more_than_its_holder_by_now() {
    let tenant = Tenant::new().await;
    let (manager, owner) = (tenant.member(Role::Manager).await, tenant.caller(Role::Owner).await);
    let key = App::shared().with_token(&manager.key(&["lead:read", "lead:publish"], json!({})).await);
    key.get("/v1/leads").await.expect(200);
    let member = format!("/v1/members/{}", manager.id);
    owner.patch(&member, json!({ "role": "expert" })).send().await.expect(200);
    let refused = key.post("/v1/leads/lead_01ARZ3NDEKTSV4RRFFQ69G5FAV/publish", json!({})).send().await.expect(403);
    assert_eq!(refused.code(), "forbidden");
    key.get("/v1/leads").await.expect(200);
    owner.patch(&member, json!({ "status": "suspended" })).send().await.expect(200);
    assert_eq!(key.get("/v1/leads").await.expect(401).code(), "invalid-key");
}

#[tokio::test]
async fn a_key_tells_when_it_was_used_to_the_minute() {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await;
    let made = manager.caller().post("/v1/api-keys", json!({ "name": "A", "scopes": ["lead:read"] })).send().await.expect(201);
    let key = App::shared().with_token(made.json["key"].as_str().unwrap());
    let (start, filter) = (now(), json!({ "_id": id_of(&made) }));
    for (after_ms, told_ms) in [(0, 0), (59_000, 0), (60_000, 60_000)] {
        key.request("GET", "/v1/leads").at(start.plus_ms(after_ms)).send().await.expect(200);
        // It is told after the answer.
        let mut told = None;
        for _ in 0..200 {
            let stored = App::shared().stored("api_keys", filter.clone()).await.remove(0);
            told = stored["last_used_at"].as_str().and_then(domain::Time::parse);
            if told == Some(start.plus_ms(told_ms)) {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(told, Some(start.plus_ms(told_ms)), "{after_ms}");
    }
}

#[tokio::test]
async fn events_tell_through_which_key_a_member_acted() {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await;
    let key = App::shared().with_token(&manager.key(&["lead:create"], json!({})).await);
    let lead = key.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let events = App::shared().stored("events", json!({ "record.id": lead.id(), "tenant_id": tenant.id })).await;
    assert_eq!(events[0]["actor"]["id"], manager.id);
    assert!(events[0]["actor"]["key"].as_str().unwrap().starts_with("key_"));
}
