//! Changing, forgetting and choosing passwords.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Cut, Request, id};

use super::{PASSWORD, caller, email, events_of, joined, now, post, signed_up, string};

const NEW: &str = "another passphrase";

fn login(email: &str, password: &str) -> Request {
    post("/v1/auth/login", json!({ "email": email, "password": password }))
}

fn change(tokens: &Answered, current: &str, password: &str) -> Request {
    caller(tokens).post("/v1/auth/password", json!({ "current_password": current, "password": password }))
}

async fn refreshed(tokens: &Answered) -> Answered {
    post("/v1/auth/refresh", json!({ "refresh_token": string(tokens, "/refresh_token") })).send().await
}

async fn identity(email: &str) -> Value {
    App::shared().stored("identities", json!({ "email": email })).await.remove(0)
}

/// The token of a link that was asked for at a time, as the mail has it.
async fn link(email: &str, asked_at: Time) -> String {
    let identity = identity(email).await;
    let (id, hash) = (identity["_id"].as_str().unwrap(), identity["password_hash"].as_str().unwrap());
    store::reset_token(&App::shared().vault, id, hash, store::reset_expiry(asked_at))
}

fn reset(token: &str, password: &str) -> Request {
    post("/v1/auth/password/reset", json!({ "token": token, "password": password }))
}

#[tokio::test]
async fn the_current_password_lets_choose_another_and_ends_every_other_login() {
    let email = email();
    let first = signed_up(&email).await;
    let second = login(&email, PASSWORD).send().await.expect(200);
    let elsewhere = signed_up(&super::email()).await;
    let away = joined(&caller(&elsewhere), &email, "expert").await;
    let request_id = id("req");
    change(&first, PASSWORD, NEW).header("x-request-id", &request_id).send().await.expect(204);
    assert_eq!(App::shared().wire.calls(&request_id), 2);
    login(&email, PASSWORD).send().await.expect(401);
    login(&email, NEW).send().await.expect(200);
    for ended in [&second, &away] {
        assert_eq!(refreshed(ended).await.expect(401).code(), "session-ended");
    }
    refreshed(&first).await.expect(200);
    let identity = identity(&email).await["_id"].as_str().unwrap().to_owned();
    assert_eq!(events_of(&identity).await, ["identity.password_changed"]);
    let stored = App::shared().stored("events", json!({ "record.id": identity })).await;
    assert_eq!(stored[0]["tenant_id"], "platform");
    assert!(!stored[0].to_string().contains("argon2"), "{}", stored[0]);
}

#[tokio::test]
async fn a_wrong_current_password_is_named_and_changes_nothing() {
    let email = email();
    let first = signed_up(&email).await;
    let before = identity(&email).await;
    let refused = change(&first, "wrong horse", NEW).send().await.expect(401);
    assert_eq!((refused.code(), refused.places()), ("wrong-password", vec!["/current_password".to_owned()]));
    let refused = change(&first, PASSWORD, "short").send().await.expect(422);
    assert_eq!(refused.places(), ["/password"]);
    assert_eq!(identity(&email).await["password_hash"], before["password_hash"]);
    login(&email, PASSWORD).send().await.expect(200);
}

#[tokio::test]
async fn two_changes_at_once_are_one() {
    let email = email();
    let first = signed_up(&email).await;
    let (one, other) = tokio::join!(change(&first, PASSWORD, NEW).send(), change(&first, PASSWORD, "a third one then").send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && matches!(statuses[1], 401 | 409), "{} {}", one.text, other.text);
    let (right, wrong) = if one.status == 204 { (NEW, "a third one then") } else { ("a third one then", NEW) };
    login(&email, right).send().await.expect(200);
    login(&email, wrong).send().await.expect(401);
}

#[tokio::test]
async fn a_login_with_the_old_password_does_not_survive_the_change_beside_it() {
    for _ in 0..5 {
        let email = email();
        let first = signed_up(&email).await;
        let (login, changed) = tokio::join!(login(&email, PASSWORD).send(), change(&first, PASSWORD, NEW).send());
        changed.expect(204);
        if login.status == 200 {
            assert_eq!(refreshed(&login).await.expect(401).code(), "session-ended");
        }
    }
}

#[tokio::test]
async fn whether_an_address_is_known_cannot_be_told_from_asking_for_a_link() {
    let known = email();
    signed_up(&known).await;
    let mut bodies = Vec::new();
    for email in [known.clone(), email()] {
        let request_id = id("req");
        let asked = post("/v1/auth/password/forgot", json!({ "email": email })).header("x-request-id", &request_id);
        bodies.push(asked.send().await.expect(202).json);
        assert_eq!(App::shared().wire.calls(&request_id), 1);
    }
    assert_eq!(bodies[0], bodies[1]);
    let refused = post("/v1/auth/password/forgot", json!({ "email": "nobody" })).send().await.expect(422);
    assert_eq!(refused.places(), ["/email"]);
}

#[tokio::test]
async fn an_address_gets_few_mails_an_hour_and_its_jobs_do_not_name_it() {
    let email = email();
    let start = Time::from_ms(now().plus_days(400).ms() / 3_600_000 * 3_600_000);
    let asked = |minute: i64| {
        let asked = post("/v1/auth/password/forgot", json!({ "email": email }));
        asked.at(start.plus_ms(minute * 60_000)).send()
    };
    for minute in 0..60 {
        asked(minute).await.expect(202);
    }
    let during = json!({ "$gte": { "$date": start }, "$lt": { "$date": start.plus_ms(3_600_000) } });
    let filter = json!({ "kind": "password-reset", "run_at": during });
    let jobs = App::shared().stored("jobs", filter).await;
    let ours: Vec<&Value> = jobs
        .iter()
        .filter(|job| {
            let sealed = job["payload"]["email"].as_str().unwrap();
            store::open_address(&App::shared().vault, sealed).as_deref() == Some(email.as_str())
        })
        .collect();
    assert_eq!(ours.len(), 4);
    assert!(ours.iter().all(|job| job["tenant_id"] == "platform" && !job.to_string().contains(&email)));
}

#[tokio::test]
async fn a_link_works_once_and_ends_every_login() {
    let email = email();
    let first = signed_up(&email).await;
    let token = link(&email, now()).await;
    let request_id = id("req");
    reset(&token, NEW).header("x-request-id", &request_id).send().await.expect(204);
    assert_eq!(App::shared().wire.calls(&request_id), 2);
    assert_eq!(refreshed(&first).await.expect(401).code(), "session-ended");
    assert_eq!(caller(&first).post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(401).code(), "session-ended");
    login(&email, PASSWORD).send().await.expect(401);
    login(&email, NEW).send().await.expect(200);
    assert_eq!(reset(&token, "a third one then").send().await.expect(401).code(), "invalid-reset-token");
    login(&email, NEW).send().await.expect(200);
}

#[tokio::test]
async fn only_one_of_two_who_use_a_link_at_once_gets_through() {
    let email = email();
    signed_up(&email).await;
    let token = link(&email, now()).await;
    let (one, other) = tokio::join!(reset(&token, NEW).send(), reset(&token, "a third one then").send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401], "{} {}", one.text, other.text);
}

#[tokio::test]
async fn a_link_ends_after_an_hour_and_with_the_password_it_replaces() {
    let email = email();
    let first = signed_up(&email).await;
    let asked_at = now();
    let token = link(&email, asked_at).await;
    let late = reset(&token, NEW).at(asked_at.plus_ms(3_600_000)).send().await.expect(401);
    assert_eq!(late.code(), "reset-expired");
    let other = link(&email, asked_at.plus_ms(1)).await;
    change(&first, PASSWORD, NEW).send().await.expect(204);
    for token in [token, other] {
        assert_eq!(reset(&token, "a third one then").send().await.expect(401).code(), "invalid-reset-token");
    }
    reset(&link(&email, asked_at).await, "a third one then").at(asked_at.plus_ms(3_599_999)).send().await.expect(204);
}

#[tokio::test]
async fn forged_links_and_short_passwords_cost_no_trip() {
    let (ours, theirs) = (email(), email());
    signed_up(&ours).await;
    signed_up(&theirs).await;
    let token = link(&ours, now()).await;
    let other = identity(&theirs).await["_id"].as_str().unwrap().to_owned();
    let own = identity(&ours).await["_id"].as_str().unwrap().to_owned();
    for (token, password, status) in [
        ("x".to_owned(), NEW, 401),
        (token.replace(&own, &other), NEW, 401),
        (format!("{token}.x"), NEW, 401),
        (token.clone(), "short", 422),
    ] {
        let request_id = id("req");
        reset(&token, password).header("x-request-id", &request_id).send().await.expect(status);
        assert_eq!(App::shared().wire.calls(&request_id), 0, "{token}");
    }
    reset(&token, NEW).send().await.expect(204);
}

#[tokio::test]
async fn a_reset_that_was_cut_off_can_be_repeated() {
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2)] {
        let email = email();
        signed_up(&email).await;
        let token = link(&email, now()).await;
        let request_id = id("req");
        App::shared().wire.cut(&request_id, cut);
        let once = || reset(&token, NEW).header("idempotency-key", "once");
        once().header("x-request-id", &request_id).send().await.expect(503);
        once().send().await.expect(204);
        login(&email, NEW).send().await.expect(200);
        let identity = identity(&email).await["_id"].as_str().unwrap().to_owned();
        assert_eq!(events_of(&identity).await, ["identity.password_changed"], "{cut:?}");
    }
}
