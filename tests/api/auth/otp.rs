//! Logging in by a code that is mailed.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Cut, Request, id};

use super::totp::{answer, protected};
use super::{address, caller, email, now, post, signed_up, string};

const TEN_MINUTES_MS: i64 = 600_000;

fn ask(email: &str) -> Request {
    post("/v1/auth/otp", json!({ "email": email })).header("cf-connecting-ip", address())
}

fn verify(challenge: &str, code: &str) -> Request {
    let body = json!({ "challenge": challenge, "code": code });
    post("/v1/auth/otp/verify", body).header("cf-connecting-ip", address())
}

/// The jobs that mail codes to an address.
async fn jobs_of(email: &str) -> Vec<Value> {
    let mut jobs = App::shared().stored("jobs", json!({ "kind": "login-code" })).await;
    let vault = &App::shared().vault;
    jobs.retain(|job| store::open_address(vault, job["payload"]["email"].as_str().unwrap()).as_deref() == Some(email));
    jobs
}

/// A challenge and the code for it, as the mail has it.
async fn asked(email: &str, at: Time) -> (String, String) {
    let before = jobs_of(email).await;
    let answered = ask(email).at(at).send().await.expect(202);
    let job = jobs_of(email).await.into_iter().find(|job| before.iter().all(|known| known["_id"] != job["_id"])).unwrap();
    let code = store::login_code(&App::shared().vault, email, job["payload"]["nonce"].as_str().unwrap());
    (string(&answered, "/challenge"), code)
}

fn flipped(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

fn statuses(one: &Answered, other: &Answered) -> [u16; 2] {
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn the_code_lets_in_without_the_password() {
    let email = email();
    let tokens = signed_up(&email).await;
    let (challenge, code) = asked(&email, now()).await;
    let request_id = id("req");
    let entered = verify(&challenge, &code).header("x-request-id", &request_id).send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&request_id), 2);
    assert_eq!((&entered.json["member"], &entered.json["tenant"]), (&tokens.json["member"], &tokens.json["tenant"]));
    caller(&entered).get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn whether_an_address_is_known_cannot_be_told() {
    let known = email();
    signed_up(&known).await;
    let mut told = Vec::new();
    for email in [known, email()] {
        let request_id = id("req");
        let asked = ask(&email).header("x-request-id", &request_id).send().await.expect(202);
        let challenge = string(&asked, "/challenge");
        let fields: Vec<String> = asked.json.as_object().unwrap().keys().cloned().collect();
        let trips = App::shared().wire.calls(&request_id);
        let job = jobs_of(&email).await.pop().unwrap();
        let code = store::login_code(&App::shared().vault, &email, job["payload"]["nonce"].as_str().unwrap());
        let mut refused = verify(&challenge, &flipped(&code)).send().await.expect(401);
        refused.json["request_id"] = Value::Null;
        told.push((fields, challenge.len() - email.len() * 4 / 3, trips, refused.json));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_code_for_an_address_that_nobody_has_opens_nothing() {
    let (challenge, code) = asked(&email(), now()).await;
    assert_eq!(verify(&challenge, &code).send().await.expect(401).code(), "wrong-code");
}

#[tokio::test]
async fn a_code_is_good_once_even_for_two_at_once() {
    let email = email();
    signed_up(&email).await;
    let (challenge, code) = asked(&email, now()).await;
    let (one, other) = tokio::join!(verify(&challenge, &code).send(), verify(&challenge, &code).send());
    assert_eq!(statuses(&one, &other), [200, 401], "{} {}", one.text, other.text);
    assert_eq!(verify(&challenge, &code).send().await.expect(401).code(), "wrong-code");
}

#[tokio::test]
async fn a_code_may_be_tried_five_times() {
    let email = email();
    signed_up(&email).await;
    let (challenge, code) = asked(&email, now()).await;
    for _ in 0..5 {
        assert_eq!(verify(&challenge, &flipped(&code)).send().await.expect(401).code(), "wrong-code");
    }
    assert_eq!(verify(&challenge, &code).send().await.expect(401).code(), "invalid-challenge");
    let (challenge, code) = asked(&email, now()).await;
    verify(&challenge, &code).send().await.expect(200);
}

#[tokio::test]
async fn many_challenges_give_no_more_guesses_than_an_account_has() {
    let (email, start) = (email(), now());
    signed_up(&email).await;
    let (challenge, code) = asked(&email, start).await;
    let mut slowed = 0;
    for _ in 0..3 {
        let (other, right) = asked(&email, start).await;
        for _ in 0..5 {
            slowed += u32::from(verify(&other, &flipped(&right)).at(start).send().await.status == 429);
        }
    }
    assert_eq!(slowed, 4);
    assert_eq!(verify(&challenge, &code).at(start).send().await.expect(429).code(), "too-many-attempts");
    verify(&challenge, &code).at(start.plus_ms(10_000)).send().await.expect(200);
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_and_is_good_for_its_own_challenge_alone() {
    let (email, start) = (email(), now());
    signed_up(&email).await;
    let (first, old) = asked(&email, start).await;
    let (second, new) = asked(&email, start).await;
    assert_eq!(verify(&first, &new).at(start).send().await.expect(401).code(), "wrong-code");
    let late = verify(&first, &old).at(start.plus_ms(TEN_MINUTES_MS)).send().await.expect(401);
    assert_eq!(late.code(), "invalid-challenge");
    verify(&second, &new).at(start.plus_ms(TEN_MINUTES_MS - 1)).send().await.expect(200);
    let request_id = id("req");
    let forged = verify("forged", &new).header("x-request-id", &request_id).send().await.expect(401);
    assert_eq!((forged.code(), App::shared().wire.calls(&request_id)), ("invalid-challenge", 0));
}

#[tokio::test]
async fn a_code_by_mail_is_no_way_around_the_second_factor() {
    let person = protected().await;
    let later = person.later();
    let (challenge, code) = asked(&person.email, later).await;
    let refused = verify(&challenge, &code).at(later).header("idempotency-key", "k").send().await.expect(401);
    assert_eq!(refused.code(), "second-factor-required");
    let again = verify(&challenge, &code).at(later).header("idempotency-key", "k").send().await.expect(401);
    assert_eq!(again.code(), "wrong-code");
    answer(&string(&refused, "/challenge"), &person.code_at(later)).at(later).send().await.expect(200);
}

#[tokio::test]
async fn one_address_has_few_codes_mailed_and_nobody_uses_up_those_of_a_known_device() {
    let (email, ip, start) = (email(), address(), now());
    let device = string(&signed_up(&email).await, "/device");
    let ask = |body: Value| post("/v1/auth/otp", body).header("cf-connecting-ip", &ip).at(start).send();
    for _ in 0..4 {
        ask(json!({ "email": email })).await.expect(202);
    }
    assert_eq!(ask(json!({ "email": email })).await.expect(429).code(), "too-many-attempts");
    assert_eq!(jobs_of(&email).await.len(), 4);
    ask(json!({ "email": email, "device": device })).await.expect(202);
}

#[tokio::test]
async fn what_was_cut_off_can_be_repeated() {
    for cut in [Cut::Before(1), Cut::After(1)] {
        let (email, request_id) = (email(), id("req"));
        App::shared().wire.cut(&request_id, cut);
        let once = || ask(&email).header("idempotency-key", "once");
        once().header("x-request-id", &request_id).send().await.expect(503);
        once().send().await.expect(202);
        assert_eq!(jobs_of(&email).await.len(), 1, "{cut:?}");
    }
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2)] {
        let (email, request_id) = (email(), id("req"));
        signed_up(&email).await;
        let (challenge, code) = asked(&email, now()).await;
        App::shared().wire.cut(&request_id, cut);
        let once = || verify(&challenge, &code).header("idempotency-key", "once");
        once().header("x-request-id", &request_id).send().await.expect(503);
        once().send().await.expect(200);
    }
}

#[tokio::test]
async fn nothing_that_is_stored_holds_the_code_or_the_challenge() {
    let (email, request) = (email(), id("req"));
    let asked = ask(&email).header("idempotency-key", &request).send().await.expect(202);
    let job = jobs_of(&email).await.pop().unwrap();
    let code = store::login_code(&App::shared().vault, &email, job["payload"]["nonce"].as_str().unwrap());
    assert!(!job["payload"].to_string().contains(&format!("\"{code}\"")) && !job.to_string().contains(&email));
    for collection in ["jobs", "idempotency", "attempts"] {
        let stored = App::shared().stored(collection, json!({ "tenant_id": "platform" })).await;
        assert!(!serde_json::to_string(&stored).unwrap().contains(&string(&asked, "/challenge")), "{collection}");
    }
}
