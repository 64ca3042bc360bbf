//! Suspended and cancelled tenants: who still enters, and what comes in meanwhile.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App};

use super::{events, set, signed_up};

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

fn login(signed_up: &Answered) -> support::Request {
    let body = json!({ "email": signed_up.json["member"]["email"], "password": "correct horse battery" });
    App::shared().anyone().post("/v1/auth/login", body)
}

fn refresh(answered: &Answered) -> support::Request {
    App::shared().anyone().post("/v1/auth/refresh", json!({ "refresh_token": answered.json["refresh_token"] }))
}

/// A second member of the tenant, in a role, who has joined.
async fn joined(owner: &support::Caller, tenant: &str) -> Answered {
    let email = format!("{}@example.com", super::word());
    let invited = owner.post("/v1/members", json!({ "email": email, "name": "Bo", "role": "admin" })).send().await.expect(201);
    let expires = store::invite_expiry(now());
    let token = store::invite_token(&App::shared().vault, &invited.id(), tenant, &email, expires);
    let accept = json!({ "token": token, "password": "correct horse battery", "name": "Bo" });
    App::shared().anyone().post("/v1/auth/accept-invite", accept).send().await.expect(200)
}

#[tokio::test]
async fn a_suspended_tenant_is_entered_and_read_and_nobody_joins_it() {
    let (owner, caller) = signed_up().await;
    let tenant = owner.json["tenant"]["id"].as_str().unwrap();
    let email = format!("{}@example.com", super::word());
    let invited = caller.post("/v1/members", json!({ "email": email, "name": "Bo", "role": "expert" }));
    let invited = invited.send().await.expect(201).id();
    set(tenant, json!({ "status": "suspended" })).send().await.expect(200);
    let lead = |token: &Value| {
        let caller = App::shared().with_token(token.as_str().unwrap());
        caller.post("/v1/leads", json!({ "category": "Roof" }))
    };
    assert_eq!(lead(&owner.json["access_token"]).send().await.expect(403).code(), "tenant-suspended", "tokens that are out");
    let again = login(&owner).send().await.expect(200);
    assert_eq!(lead(&again.json["access_token"]).send().await.expect(403).code(), "tenant-suspended");
    let next = refresh(&owner).send().await.expect(200);
    let reader = App::shared().with_token(next.json["access_token"].as_str().unwrap());
    assert_eq!(reader.get("/v1/me").await.expect(200).json["tenant"]["status"], "suspended");
    reader.get("/v1/leads").await.expect(200);
    let token = store::invite_token(&App::shared().vault, &invited, tenant, &email, store::invite_expiry(now()));
    let accept = json!({ "token": token, "password": "correct horse battery", "name": "Bo" });
    App::shared().anyone().post("/v1/auth/accept-invite", accept.clone()).send().await.expect(401);
    set(tenant, json!({ "status": "active" })).send().await.expect(200);
    lead(&next.json["access_token"]).send().await.expect(201);
    App::shared().anyone().post("/v1/auth/accept-invite", accept).send().await.expect(200);
    assert_eq!(events(tenant).await, ["tenant.created", "tenant.suspended", "tenant.active"]);
}

#[tokio::test]
async fn keys_of_a_cancelled_tenant_open_what_their_holders_enter() {
    let (owner, caller) = signed_up().await;
    let tenant = owner.json["tenant"]["id"].as_str().unwrap().to_owned();
    let admin = joined(&caller, &tenant).await;
    let mut keys = Vec::new();
    for holder in [&owner, &admin] {
        let holder = App::shared().with_token(holder.json["access_token"].as_str().unwrap());
        let made = holder.post("/v1/api-keys", json!({ "name": "A", "scopes": ["lead:read"] })).send().await.expect(201);
        keys.push(App::shared().with_token(made.json["key"].as_str().unwrap()));
    }
    let read = |key: usize, at: Time| keys[key].request("GET", "/v1/leads").at(at).send();
    for (status, opened) in [("suspended", [200, 200]), ("cancelled", [200, 401]), ("active", [200, 200])] {
        set(&tenant, json!({ "status": status })).send().await.expect(200);
        let [own, admins] = [read(0, now()).await, read(1, now()).await];
        assert_eq!([own.status, admins.status], opened, "{status}: {} {}", own.text, admins.text);
    }
    set(&tenant, json!({ "status": "cancelled" })).send().await.expect(200);
    assert_eq!(read(1, now()).await.expect(401).code(), "tenant-inactive");
    assert_eq!(read(0, now().plus_days(31)).await.expect(401).code(), "tenant-inactive");
}

#[tokio::test]
async fn what_is_known_of_a_person_is_shown_while_the_tenant_is_suspended_or_cancelled() {
    let (owner, _) = signed_up().await;
    let tenant = owner.json["tenant"]["id"].as_str().unwrap().to_owned();
    for status in ["suspended", "cancelled"] {
        set(&tenant, json!({ "status": status })).send().await.expect(200);
        let entered = login(&owner).send().await.expect(200);
        let caller = App::shared().with_token(entered.json["access_token"].as_str().unwrap());
        let ask = |kind: &str| {
            let body = json!({ "type": kind, "membership": owner.json["member"]["id"] });
            caller.post("/v1/privacy/requests", body).send()
        };
        let export = ask("export").await.expect(201).id();
        caller.get(&format!("/v1/privacy/requests/{export}/export")).await.expect(200);
        assert_eq!(ask("erase").await.expect(403).code(), "tenant-suspended");
    }
}

#[tokio::test]
async fn a_cancelled_tenant_is_for_its_owner_to_read_until_it_is_erased() {
    let (owner, caller) = signed_up().await;
    let tenant = owner.json["tenant"]["id"].as_str().unwrap().to_owned();
    let admin = joined(&caller, &tenant).await;
    let cancelled = set(&tenant, json!({ "status": "cancelled" })).send().await.expect(200);
    assert!(cancelled.json["erase_after"].as_str() > cancelled.json["cancelled_at"].as_str());
    for answered in [&owner, &admin] {
        assert_eq!(refresh(answered).send().await.expect(401).code(), "session-ended");
    }
    assert_eq!(login(&admin).send().await.expect(401).code(), "invalid-credentials");
    let entered = login(&owner).send().await.expect(200);
    let reader = App::shared().with_token(entered.json["access_token"].as_str().unwrap());
    reader.get("/v1/leads").await.expect(200);
    assert_eq!(reader.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(403).code(), "tenant-suspended");
    refresh(&entered).send().await.expect(200);
    assert_eq!(login(&owner).at(now().plus_days(31)).send().await.expect(401).code(), "invalid-credentials");
    let too_late = set(&tenant, json!({ "status": "active" })).at(now().plus_days(31)).send().await.expect(409);
    assert_eq!(too_late.code(), "tenant-ended");
    set(&tenant, json!({ "status": "active" })).send().await.expect(200);
    login(&admin).send().await.expect(200);
}
