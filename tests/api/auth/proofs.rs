//! `/v1/auth/proofs`: proving again, within a session, who one is.

use domain::Time;
use serde_json::{Value, json};
use store::StepUp;
use support::{Answered, App, Caller, Request};

use super::credentials::passwordless;
use super::totp::protected;
use super::{PASSWORD, caller, email, now, post, signed_up, string};
use crate::oidc::claims;

const PATH: &str = "/v1/auth/proofs";

/// What a proof says in the session of an access token.
fn opened(proof: &Answered, token: &str, at: Time) -> Option<StepUp> {
    let app = App::shared();
    let login = app.keys.verify(token, at).unwrap().login().to_owned();
    StepUp::open(&app.vault, &login, &string(proof, "/proof"), at)
}

/// A code as it is mailed: the challenge and the digits.
async fn mailed(person: &Caller, email: &str, at: Time) -> (String, String) {
    let nonces = || async {
        let jobs = App::shared().stored("jobs", json!({ "kind": "login-code", "payload.purpose": "step-up-challenge" })).await;
        let is_theirs = |job: &Value| {
            let sealed = job["payload"]["email"].as_str().unwrap();
            store::open_address(&App::shared().vault, sealed).as_deref() == Some(email)
        };
        let nonce = |job: &Value| job["payload"]["nonce"].as_str().unwrap().to_owned();
        jobs.iter().filter(|job| is_theirs(job)).map(nonce).collect::<Vec<_>>()
    };
    let before = nonces().await;
    let asked = person.request("POST", "/v1/auth/proofs/code").at(at).send().await.expect(202);
    let nonce = nonces().await.into_iter().find(|nonce| !before.contains(nonce)).unwrap();
    (string(&asked, "/challenge"), store::login_code(&App::shared().vault, email, &nonce))
}

fn answer(person: &Caller, challenge: &str, code: &str) -> Request {
    person.post(PATH, json!({ "challenge": challenge, "code": code }))
}

fn flipped(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn the_password_proves_who_asks_in_this_session() {
    let email = email();
    let (here, there) = (signed_up(&email).await, {
        post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await.expect(200)
    });
    let proof = caller(&here).post(PATH, json!({ "password": PASSWORD })).send().await.expect(200);
    assert_eq!(proof.json["expires_in"], 300);
    let full = StepUp { is_full: true, address: None };
    assert_eq!(opened(&proof, &string(&here, "/access_token"), now()), Some(full));
    assert_eq!(opened(&proof, &string(&there, "/access_token"), now()), None);
    for body in [json!({}), json!({ "password": PASSWORD, "code": "123456" })] {
        assert_eq!(caller(&here).post(PATH, body).send().await.expect(422).places(), ["/password"]);
    }
    let code = caller(&here).post(PATH, json!({ "code": "123456" })).send().await.expect(409);
    assert_eq!(code.code(), "totp-not-enabled");
}

#[tokio::test]
async fn failed_tries_slow_down_as_they_do_at_logins() {
    let person = caller(&signed_up(&email()).await);
    let at = now();
    let prove = |password: &str| person.post(PATH, json!({ "password": password })).at(at).send();
    for _ in 0..6 {
        let refused = prove("wrong horse").await.expect(401);
        assert_eq!((refused.code(), refused.places()), ("wrong-password", vec!["/password".to_owned()]));
    }
    assert_eq!(prove(PASSWORD).await.expect(429).code(), "too-many-attempts");
    person.post(PATH, json!({ "password": PASSWORD })).at(at.plus_ms(10_000)).send().await.expect(200);
    prove(PASSWORD).await.expect(200);
}

#[tokio::test]
async fn whoever_has_a_second_factor_proves_it_and_not_the_password() {
    let person = protected().await;
    let (session, later) = (caller(&person.tokens), person.later());
    let prove = |body: Value| session.post(PATH, body).at(later).send();
    assert_eq!(prove(json!({ "password": PASSWORD })).await.expect(401).code(), "second-factor-required");
    let code = json!({ "code": person.code_at(later) });
    assert_eq!(prove(json!({ "code": flipped(&person.code_at(later)) })).await.expect(401).code(), "wrong-code");
    let proof = prove(code.clone()).await.expect(200);
    assert!(opened(&proof, &string(&person.tokens, "/access_token"), later).unwrap().is_full);
    assert_eq!(prove(code).await.expect(401).code(), "wrong-code", "a code is good once");
    prove(json!({ "code": person.codes[0] })).await.expect(200);
    assert_eq!(prove(json!({ "code": person.codes[0] })).await.expect(401).code(), "wrong-code");
    let (challenge, code) = mailed(&session, &person.email, later).await;
    let proof = answer(&session, &challenge, &code).at(later).send().await.expect(200);
    assert!(!opened(&proof, &string(&person.tokens, "/access_token"), later).unwrap().is_full, "a mailbox is not enough");
}

#[tokio::test]
async fn a_mailed_code_proves_the_mailbox_and_who_asks_where_there_is_no_password() {
    let claims = claims();
    let address = claims["email"].as_str().unwrap();
    let person = passwordless(&claims).await;
    let (challenge, code) = mailed(&person, address, now()).await;
    assert_eq!(answer(&person, &challenge, &flipped(&code)).send().await.expect(401).code(), "wrong-code");
    let (one, other) = tokio::join!(answer(&person, &challenge, &code).send(), answer(&person, &challenge, &code).send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    let email = email();
    let tokens = signed_up(&email).await;
    let (challenge, code) = mailed(&caller(&tokens), &email, now()).await;
    let proof = answer(&caller(&tokens), &challenge, &code).send().await.expect(200);
    let mailbox = StepUp { is_full: false, address: Some(email) };
    assert_eq!(opened(&proof, &string(&tokens, "/access_token"), now()), Some(mailbox));
}

#[tokio::test]
async fn a_mailed_code_is_for_its_own_purpose_session_and_ten_minutes() {
    let (email, at) = (email(), now());
    let tokens = signed_up(&email).await;
    let person = caller(&tokens);
    let (challenge, code) = mailed(&person, &email, at).await;
    let login = post("/v1/auth/otp/verify", json!({ "challenge": challenge, "code": code })).send().await.expect(401);
    assert_eq!(login.code(), "invalid-challenge", "nobody logs in by it");
    let there = post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await.expect(200);
    assert_eq!(answer(&caller(&there), &challenge, &code).at(at).send().await.expect(401).code(), "wrong-code");
    let late = answer(&person, &challenge, &code).at(at.plus_ms(600_000)).send().await.expect(401);
    assert_eq!(late.code(), "invalid-challenge");
    for _ in 0..4 {
        answer(&person, &challenge, &flipped(&code)).at(at).send().await.expect(401);
    }
    let tried = answer(&person, &challenge, &code).at(at).send().await.expect(401);
    assert_eq!(tried.code(), "invalid-challenge", "five tries are enough");
}
