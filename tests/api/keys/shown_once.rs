//! Making keys: the secret is shown once and stored nowhere.

use super::id_of;
use domain::Role;
use serde_json::{Value, json};
use support::{App, Tenant, id};

fn wanted() -> Value {
    json!({ "name": "Export", "scopes": ["lead:read"] })
}

#[tokio::test]
async fn a_key_is_shown_once_and_acts_as_its_holder_within_its_scopes() {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await;
    let made = manager.caller().post("/v1/api-keys", wanted()).send().await.expect(201);
    assert_eq!(made.header("location"), Some(format!("/v1/api-keys/{}", id_of(&made)).as_str()));
    let text = made.json["key"].as_str().unwrap();
    let key = App::shared().with_token(text);
    key.get("/v1/leads").await.expect(200);
    for refused in [key.post("/v1/leads", json!({ "category": "Roof" })).send().await, key.get("/v1/members").await] {
        assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{}", refused.text);
    }
    let shown = manager.caller().get(&format!("/v1/api-keys/{}", id_of(&made))).await.expect(200);
    assert_eq!(shown.json["member"], manager.id);
    assert!(text.starts_with(shown.json["prefix"].as_str().unwrap()));
    let listed = manager.caller().get("/v1/api-keys").await.expect(200);
    let secret: String = text.chars().skip(61).collect();
    for answer in [&shown, &listed] {
        assert!(!answer.text.contains(&secret) && !answer.text.contains("hash"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_repeat_shows_the_same_key_and_nothing_stored_holds_the_secret() {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await.caller();
    let repeat = id("req");
    let once = || manager.post("/v1/api-keys", wanted()).header("idempotency-key", &repeat);
    let (first, second) = (once().send().await.expect(201), once().send().await.expect(201));
    assert_eq!(first.json, second.json);
    let secret: String = first.json["key"].as_str().unwrap().chars().skip(61).collect();
    for entity in domain::entities::ALL {
        let stored = App::shared().as_stored(entity.collection, json!({ "tenant_id": tenant.id })).await;
        assert!(!serde_json::to_string(&stored).unwrap().contains(&secret), "{}", entity.collection);
    }
}

#[tokio::test]
async fn a_mistyped_key_and_one_of_the_test_mode_cost_no_trip() {
    let manager = Tenant::new().await.member(Role::Manager).await.caller();
    let made = manager.post("/v1/api-keys", wanted()).send().await.expect(201);
    let text = made.json["key"].as_str().unwrap();
    let last = if text.ends_with('0') { '1' } else { '0' };
    let mistyped: String = text.chars().take(text.len() - 1).chain([last]).collect();
    let stranger = store::Vault::parse(&"M".repeat(43)).unwrap();
    let made_up = store::proof::ApiKey::new(&id_of(&made), &id("ten"), [7; 32]).text(&stranger);
    for bad in [mistyped, made_up, text.replace("ewk_live_", "ewk_test_"), "ewk_live_".to_owned(), format!("{text}0")] {
        let request_id = id("req");
        let request = App::shared().with_token(&bad).request("GET", "/v1/leads").header("x-request-id", &request_id);
        let refused = request.send().await.expect(401);
        assert_eq!((refused.code(), App::shared().wire.calls(&request_id)), ("invalid-key", 0), "{bad}");
    }
    // A right checksum proves nothing.
    let forged = store::proof::ApiKey::new(&id_of(&made), &id("ten"), [9; 32]).text(&App::shared().vault);
    let refused = App::shared().with_token(&forged).get("/v1/leads").await.expect(401);
    assert_eq!(refused.code(), "invalid-key");
}

#[tokio::test]
async fn what_a_key_asks_for_is_checked() {
    let manager = Tenant::new().await.member(Role::Manager).await;
    let cases = [
        (json!({ "scopes": ["lead:paint"] }), "/scopes/0"),
        (json!({ "scopes": ["lead:read", "api_key:create"] }), "/scopes/1"),
        (json!({ "scopes": ["membership:create"] }), "/scopes/0"),
        (json!({ "scopes": ["lead:read", "role:create"] }), "/scopes/1"),
        (json!({ "scopes": [] }), "/scopes"),
        (json!({ "allowed_ips": ["192.0.2.0/33"] }), "/allowed_ips/0"),
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "member": manager.id }), "/member"),
        (json!({ "hash": "x" }), "/hash"),
    ];
    for (other, place) in cases {
        let mut body = wanted();
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let refused = manager.caller().post("/v1/api-keys", body).send().await.expect(422);
        assert_eq!(refused.places(), [place], "{}", refused.text);
    }
}
