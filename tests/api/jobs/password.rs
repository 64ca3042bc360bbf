//! Mails about passwords.

use domain::Time;
use serde_json::json;
use standins::{Fault, Service};
use store::{Assertion, assertion_expiry};
use support::{Answered, App, id};

use super::{alone, now, run_at};

async fn signed_up() -> (String, Answered) {
    let email = format!("{}@example.com", id("u").to_lowercase());
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": "correct horse" });
    let answered = App::shared().anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    (email, answered)
}

async fn asked(email: &str, at: Time) {
    App::shared().anyone().post("/v1/auth/password/forgot", json!({ "email": email })).at(at).send().await.expect(202);
}

#[tokio::test]
async fn the_link_in_the_mail_lets_choose_a_password_once() {
    let _alone = alone().await;
    let (app, (email, _)) = (App::shared(), signed_up().await);
    asked(&email.to_uppercase(), now()).await;
    asked(&email, now()).await;
    app.run_jobs().await;
    let mails = app.standins.mails_to(&email).await;
    assert_eq!(mails.len(), 1);
    let token = mails[0].links[0].strip_prefix("https://app.example/reset-password?token=").unwrap().to_owned();
    let body = json!({ "token": token, "password": "another passphrase" });
    let anyone = app.anyone();
    anyone.post("/v1/auth/password/reset", body.clone()).send().await.expect(204);
    anyone.post("/v1/auth/password/reset", body).send().await.expect(401);
    app.run_jobs().await;
    let mails = app.standins.mails_to(&email).await;
    assert_eq!(mails[1].subject, "Your password was changed");
}

#[tokio::test]
async fn an_address_that_nobody_logs_in_with_gets_no_mail() {
    let _alone = alone().await;
    let email = format!("{}@example.com", id("u").to_lowercase());
    asked(&email, now()).await;
    App::shared().run_jobs().await;
    assert_eq!(App::shared().standins.mails_to(&email).await.len(), 0);
}

#[tokio::test]
async fn a_link_that_was_mailed_and_not_acknowledged_is_mailed_once() {
    let _alone = alone().await;
    let (app, (email, _)) = (App::shared(), signed_up().await);
    let start = now();
    asked(&email, start).await;
    app.standins.fail_next(Service::Mail, 1, Fault::DropAfter).await;
    run_at(now()).await;
    run_at(start.plus_ms(60_000)).await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
}

#[tokio::test]
async fn a_link_that_has_expired_is_not_mailed() {
    let _alone = alone().await;
    let (app, (email, _)) = (App::shared(), signed_up().await);
    let start = now();
    asked(&email, start).await;
    app.standins.fail_next(Service::Mail, 1, Fault::Broken).await;
    run_at(now()).await;
    run_at(start.plus_ms(3_600_000)).await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 0);
}

#[tokio::test]
async fn whoever_a_login_elsewhere_is_linked_to_or_taken_from_is_told() {
    let _alone = alone().await;
    let (app, (email, tokens)) = (App::shared(), signed_up().await);
    let person = app.with_token(tokens.json["access_token"].as_str().unwrap());
    let assertion = Assertion {
        nonce: id("asr"),
        provider: "google".to_owned(),
        subject: id("sub"),
        email: Some(email.clone()),
        is_authoritative: true,
        name: None,
        expires: assertion_expiry(now()),
    };
    let body = json!({ "assertion": assertion.seal(&app.vault, [4; 12]), "password": "correct horse" });
    let linked = person.post("/v1/me/credentials", body).send().await.expect(201);
    app.run_jobs().await;
    person.delete(&format!("/v1/me/credentials/{}", linked.id())).await.expect(204);
    app.run_jobs().await;
    let subjects: Vec<String> = app.standins.mails_to(&email).await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["A login was linked to your account", "A login was taken from your account"]);
}
