//! Verifications end when their time has come, and the code that verifies an address is mailed to it.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Caller, Tenant, id};

use super::{alone, now, run_at};

const PATH: &str = "/v1/verifications";

async fn verified_until(tenant: &Tenant, caller: &Caller, until: domain::Time) -> String {
    let proof = json!([{ "name": "Passport", "url": "proofs/passport.pdf" }]);
    let asked = caller.post(PATH, json!({ "kind": "id_proof", "evidence": proof })).send().await.expect(201).id();
    let body = json!({ "valid_until": until.to_string() });
    tenant.caller(Role::Owner).await.post(&format!("{PATH}/{asked}/verify"), body).send().await.expect(200);
    asked
}

async fn profile(caller: &Caller) -> Value {
    caller.get("/v1/profile").await.expect(200).json
}

#[tokio::test]
async fn what_was_verified_until_a_time_is_not_verified_any_more_and_its_member_is_told() {
    let _alone = alone().await;
    let (tenant, until) = (Tenant::new().await, now().plus_ms(5_000));
    let expert = tenant.caller(Role::Expert).await;
    let ended = verified_until(&tenant, &expert, until).await;
    run_at(until.plus_ms(-1)).await;
    assert!(profile(&expert).await["verified"]["id_proof"].is_string());
    run_at(until).await;
    assert_eq!(profile(&expert).await["verified"], json!({}));
    assert_eq!(expert.get(&format!("{PATH}/{ended}")).await.expect(200).json["status"], "expired");
    run_at(until).await;
    let told = expert.get("/v1/notifications?key=verification.expired").await.expect(200);
    assert_eq!(told.json["data"].as_array().unwrap().len(), 1, "{}", told.text);
    assert_eq!(told.json["data"][0]["message"], "What was verified of you until now has to be verified again: id proof.");
}

#[tokio::test]
async fn what_was_verified_anew_goes_on() {
    let _alone = alone().await;
    let (tenant, until) = (Tenant::new().await, now().plus_ms(5_000));
    let expert = tenant.caller(Role::Expert).await;
    let ended = verified_until(&tenant, &expert, until).await;
    verified_until(&tenant, &expert, until.plus_days(1)).await;
    run_at(until).await;
    assert_eq!(expert.get(&format!("{PATH}/{ended}")).await.expect(200).json["status"], "expired");
    assert!(profile(&expert).await["verified"]["id_proof"].is_string());
}

#[tokio::test]
async fn the_code_in_the_mail_verifies_the_address() {
    let _alone = alone().await;
    let (app, email) = (App::shared(), format!("{}@example.com", id("u").to_lowercase()));
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": "correct horse" });
    let tokens = app.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let person = app.with_token(tokens.json["access_token"].as_str().unwrap());
    let asked = person.request("POST", "/v1/auth/proofs/code").send().await.expect(202);
    app.run_jobs().await;
    let mail = app.standins.mails_to(&email).await.pop().unwrap();
    assert_eq!(mail.subject, "Your code to prove who you are");
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = mail.text.split([' ', '.']).find(digits).unwrap().to_owned();
    let body = json!({ "challenge": asked.json["challenge"], "code": code });
    let proof = person.post("/v1/auth/proofs", body).send().await.expect(200);
    let body = json!({ "kind": "email", "proof": proof.json["proof"] });
    person.post(PATH, body).send().await.expect(201);
    assert!(profile(&person).await["verified"]["email"].is_string());
}
