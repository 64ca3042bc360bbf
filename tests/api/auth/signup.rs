//! Signing up.

use serde_json::json;
use support::App;

use super::{caller, email, events_of, post, signed_up, signup_of, string};

#[tokio::test]
async fn signing_up_makes_a_tenant_with_its_owner_and_its_settings() {
    let email = email();
    let answered = signed_up(&email.to_uppercase()).await;
    assert_eq!((&answered.json["token_type"], &answered.json["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(answered.json["member"]["email"], email);
    assert_eq!(answered.json["member"]["role"], "owner");
    assert_eq!(answered.json["tenant"]["name"], "Roofers");
    let tenant = string(&answered, "/tenant/id");
    let member = caller(&answered).get(&format!("/v1/members/{}", string(&answered, "/member/id"))).await.expect(200);
    assert_eq!(member.json["status"], "active");
    let code = string(&member, "/personal_code");
    assert!(code.len() == 6 && !code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
    assert_eq!(events_of(&tenant).await, ["tenant.created"]);
    let settings = App::shared().stored("settings", json!({ "tenant_id": tenant })).await;
    assert_eq!((&settings[0]["key"], &settings[0]["value"]), (&json!("billing.service_fee"), &json!({ "basis_points": 1000 })));
    caller(&answered).post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
}

#[tokio::test]
async fn an_email_address_signs_up_once() {
    let email = email();
    signed_up(&email).await;
    let again = post("/v1/auth/signup", signup_of(&email)).send().await.expect(409);
    assert_eq!(again.code(), "email-taken");
    assert_eq!(App::shared().stored("memberships", json!({ "email": email })).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_sign_up_gets_the_first_answer() {
    let email = email();
    let signup = || post("/v1/auth/signup", signup_of(&email)).header("idempotency-key", "signup-1");
    let first = signup().send().await.expect(201);
    let again = signup().send().await.expect(201);
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(App::shared().stored("identities", json!({ "email": email })).await.len(), 1);
    let mut other = signup_of(&email);
    other["password"] = "another password".into();
    let other = post("/v1/auth/signup", other).header("idempotency-key", "signup-1").send().await.expect(422);
    assert_eq!(other.code(), "idempotency-key-reused");
}

#[tokio::test]
async fn the_key_of_one_caller_is_nothing_to_another() {
    for _ in 0..2 {
        let (first, signup) = (email(), signup_of(&email()));
        post("/v1/auth/signup", signup_of(&first)).header("idempotency-key", "everybodys").send().await.expect(201);
        post("/v1/auth/signup", signup).header("idempotency-key", "everybodys").send().await.expect(201);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_pointer() {
    let cases = [
        ("password", json!("too short"), "/password"),
        ("password", json!("x".repeat(201)), "/password"),
        ("password", json!(1_234_567_890), "/password"),
        ("email", json!("nobody"), "/email"),
        ("tenant_name", json!(""), "/tenant_name"),
        ("name", json!(null), "/name"),
        ("role", json!("admin"), "/role"),
    ];
    for (field, value, pointer) in cases {
        let mut body = signup_of(&email());
        body[field] = value;
        let refused = post("/v1/auth/signup", body).send().await.expect(422);
        assert_eq!(refused.places(), [pointer], "{}", refused.text);
    }
}
