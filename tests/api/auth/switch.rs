//! Switching to another tenant.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

use super::{caller, email, joined, signed_up, string};

#[tokio::test]
async fn a_member_of_two_tenants_goes_from_one_to_the_other() {
    let email = email();
    let home = signed_up(&email).await;
    let elsewhere = signed_up(&super::email()).await;
    let body = json!({ "tenant": elsewhere.json["tenant"]["id"] });
    caller(&home).post("/v1/auth/switch", body.clone()).send().await.expect(404);
    joined(&caller(&elsewhere), &email, "expert").await;
    let switched = caller(&home).post("/v1/auth/switch", body).header("idempotency-key", "s-1").send().await.expect(200);
    assert_eq!(switched.json["tenant"], elsewhere.json["tenant"]);
    assert_eq!(switched.json["member"]["role"], "expert");
    let me = caller(&switched).get("/v1/me").await.expect(200);
    assert_eq!(me.json["tenant"]["id"], elsewhere.json["tenant"]["id"]);
    let refresh = json!({ "refresh_token": string(&switched, "/refresh_token") });
    super::post("/v1/auth/refresh", refresh).send().await.expect(200);
    caller(&home).get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn nobody_switches_to_where_they_are_not() {
    let home = Tenant::new().await;
    let member = home.member(Role::Manager).await;
    let elsewhere = Tenant::new().await;
    elsewhere.member(Role::Manager).await;
    for tenant in [elsewhere.id, id("ten")] {
        let refused = member.caller().post("/v1/auth/switch", json!({ "tenant": tenant })).send().await.expect(404);
        assert_eq!(refused.code(), "not-found");
    }
    let refused = member.caller().post("/v1/auth/switch", json!({ "tenant": "elsewhere" })).send().await.expect(422);
    assert_eq!(refused.places(), ["/tenant"]);
    assert_eq!(App::shared().stored("logins", json!({ "membership": member.id })).await.len(), 0);
}

#[tokio::test]
async fn a_login_by_switching_ends_with_the_one_it_was_made_from() {
    let home = signed_up(&email()).await;
    let body = json!({ "tenant": home.json["tenant"]["id"] });
    let switched = caller(&home).post("/v1/auth/switch", body.clone()).send().await.expect(200);
    let again = caller(&switched).post("/v1/auth/switch", body).send().await.expect(200);
    let refresh = |tokens: support::Answered, days: i64| async move {
        let body = json!({ "refresh_token": string(&tokens, "/refresh_token") });
        super::post("/v1/auth/refresh", body).at(super::now().plus_days(days)).send().await
    };
    let home = refresh(home, 29).await.expect(200);
    for tokens in [switched, again] {
        let tokens = refresh(tokens, 29).await.expect(200);
        assert_eq!(refresh(tokens, 31).await.expect(401).code(), "invalid-refresh-token");
    }
    refresh(home, 31).await.expect(200);
}

#[tokio::test]
async fn a_repeated_switch_is_one_login() {
    let signed_up = signed_up(&email()).await;
    let switch = || {
        let body = json!({ "tenant": signed_up.json["tenant"]["id"] });
        caller(&signed_up).post("/v1/auth/switch", body).header("idempotency-key", "s-1").send()
    };
    let (first, again) = (switch().await.expect(200), switch().await.expect(200));
    assert_eq!(again.json, first.json);
    assert_eq!(App::shared().stored("logins", json!({ "membership": signed_up.json["member"]["id"] })).await.len(), 2);
}
