//! Logging in.

use serde_json::{Value, json};
use support::{Answered, App, Request, id};

use super::{PASSWORD, caller, email, joined, post, signed_up, string};

fn login(email: &str, password: &str) -> Request {
    post("/v1/auth/login", json!({ "email": email, "password": password }))
}

#[tokio::test]
async fn the_password_lets_in() {
    let email = email();
    let signed_up = signed_up(&email).await;
    let answered = login(&email.to_uppercase(), PASSWORD).send().await.expect(200);
    assert_eq!(answered.json["member"], signed_up.json["member"]);
    assert_eq!(answered.json["memberships"], json!([{ "tenant": signed_up.json["tenant"], "member": signed_up.json["member"] }]));
    caller(&answered).get("/v1/me").await.expect(200);
    let logins = App::shared().stored("logins", json!({ "membership": signed_up.json["member"]["id"] })).await;
    assert_eq!(logins.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let email = email();
    let tenant = string(&signed_up(&email).await, "/tenant/id");
    let mut bodies = Vec::new();
    for (email, password, tenant) in [
        (email.as_str(), "wrong horse", None),
        (email.as_str(), "x", None),
        ("nobody-at-all@example.com", PASSWORD, None),
        (email.as_str(), PASSWORD, Some(id("ten"))),
        ("nobody-at-all@example.com", PASSWORD, Some(tenant)),
    ] {
        let mut body = json!({ "email": email, "password": password });
        if let Some(tenant) = tenant {
            body["tenant"] = tenant.into();
        }
        let mut refused = post("/v1/auth/login", body).send().await.expect(401);
        assert_eq!(refused.code(), "invalid-credentials");
        refused.json["request_id"] = Value::Null;
        bodies.push(refused.json);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test]
async fn a_refused_login_makes_as_many_trips_whoever_it_is_for() {
    let email = email();
    signed_up(&email).await;
    for (email, password) in [(email.as_str(), "wrong horse"), ("nobody-at-all@example.com", PASSWORD)] {
        let request_id = id("req");
        let request = login(email, password).header("x-request-id", &request_id).header("idempotency-key", &request_id);
        request.send().await.expect(401);
        assert_eq!(App::shared().wire.calls(&request_id), 1, "{email}");
    }
}

#[tokio::test]
async fn one_login_reaches_many_tenants_and_enters_the_one_used_last() {
    let (first, second) = (signed_up(&email()).await, signed_up(&email()).await);
    let email = email();
    joined(&caller(&first), &email, "expert").await;
    joined(&caller(&second), &email, "customer").await;
    let entered = |answered: &Answered| answered.json["tenant"]["id"].clone();
    let answered = login(&email, PASSWORD).send().await.expect(200);
    assert_eq!(entered(&answered), second.json["tenant"]["id"]);
    assert_eq!(answered.json["memberships"].as_array().unwrap().len(), 2);
    let body = json!({ "email": email, "password": PASSWORD, "tenant": first.json["tenant"]["id"] });
    let answered = post("/v1/auth/login", body).send().await.expect(200);
    assert_eq!((entered(&answered), &answered.json["member"]["role"]), (first.json["tenant"]["id"].clone(), &json!("expert")));
    assert_eq!(entered(&login(&email, PASSWORD).send().await.expect(200)), first.json["tenant"]["id"]);
}

#[tokio::test]
async fn suspended_members_and_closed_tenants_are_not_entered() {
    let email = email();
    let signed_up = signed_up(&email).await;
    for (collection, id) in [("memberships", &signed_up.json["member"]["id"]), ("tenants", &signed_up.json["tenant"]["id"])] {
        let closed = if collection == "tenants" { "cancelled" } else { "suspended" };
        let set = |status: &str| json!({ "collection": collection, "filter": { "_id": id }, "update": { "$set": { "status": status } } });
        App::shared().data("updateOne", set(closed)).await;
        assert_eq!(login(&email, PASSWORD).send().await.expect(401).code(), "invalid-credentials", "{collection}");
        App::shared().data("updateOne", set("active")).await;
        login(&email, PASSWORD).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_repeated_login_is_one_login() {
    let email = email();
    let member = string(&signed_up(&email).await, "/member/id");
    let first = login(&email, PASSWORD).header("idempotency-key", "login-1").send().await.expect(200);
    let again = login(&email, PASSWORD).header("idempotency-key", "login-1").send().await.expect(200);
    assert_eq!(again.json, first.json);
    assert_eq!(App::shared().stored("logins", json!({ "membership": member })).await.len(), 2);
}
