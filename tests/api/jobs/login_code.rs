//! Mails with a code to log in by.

use serde_json::{Value, json};
use support::{App, id};

use super::{alone, now, run_at};

#[tokio::test]
async fn the_code_in_the_mail_lets_in() {
    let _alone = alone().await;
    let (app, email) = (App::shared(), format!("{}@example.com", id("u").to_lowercase()));
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": "correct horse" });
    app.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let asked = app.anyone().post("/v1/auth/otp", json!({ "email": email })).send().await.expect(202);
    app.run_jobs().await;
    let mails = app.standins.mails_to(&email).await;
    assert_eq!(mails.len(), 1);
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = mails[0].text.split([' ', '.']).find(digits).unwrap().to_owned();
    let body = json!({ "challenge": asked.json["challenge"], "code": code });
    let entered = app.anyone().post("/v1/auth/otp/verify", body).send().await.expect(200);
    assert!(entered.json["access_token"].is_string());
}

#[tokio::test]
async fn an_address_that_nobody_logs_in_with_and_a_code_that_has_ended_are_not_mailed() {
    let _alone = alone().await;
    let (app, start) = (App::shared(), now());
    let emails = ["u", "v"].map(|prefix| format!("{}@example.com", id(prefix).to_lowercase()));
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": emails[1], "password": "correct horse" });
    app.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    app.anyone().post("/v1/auth/otp", json!({ "email": emails[0] })).send().await.expect(202);
    run_at(start.plus_ms(1_000)).await;
    app.anyone().post("/v1/auth/otp", json!({ "email": emails[1] })).at(start).send().await.expect(202);
    run_at(start.plus_ms(600_000)).await;
    for email in &emails {
        assert_eq!(app.standins.mails_to(email).await.len(), 0, "{email}");
    }
    let waiting = app.stored("jobs", json!({ "kind": "login-code", "status": { "$ne": "done" } })).await;
    assert_eq!(waiting, Vec::<Value>::new());
}
