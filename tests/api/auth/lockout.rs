//! Guessing is slowed down, and nobody is shut out by the guesses of others.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Request, id};

use super::{PASSWORD, address, caller, email, neighbour, now, post, signed_up, signup_of, string};

fn login(email: &str, password: &str, ip: &str) -> Request {
    post("/v1/auth/login", json!({ "email": email, "password": password })).header("cf-connecting-ip", ip)
}

fn from_device(email: &str, password: &str, device: &str, ip: &str) -> Request {
    let body = json!({ "email": email, "password": password, "device": device });
    post("/v1/auth/login", body).header("cf-connecting-ip", ip)
}

/// Fails so often that the next attempt comes too early.
async fn fail(email: &str, ip: &str, times: usize, at: Time) {
    for time in 0..times {
        let refused = login(email, "wrong horse", ip).at(at).send().await;
        assert_eq!(refused.status, 401, "{time}: {}", refused.text);
    }
}

#[track_caller]
fn waits(answered: &Answered, seconds: i64) {
    assert_eq!((answered.status, answered.code()), (429, "too-many-attempts"), "{}", answered.text);
    assert_eq!(answered.header("retry-after"), Some(seconds.to_string().as_str()));
}

#[tokio::test]
async fn after_six_failures_even_the_right_password_must_wait() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    fail(&email, &ip, 6, start).await;
    let request_id = id("req");
    let refused = login(&email, PASSWORD, &ip).at(start).header("x-request-id", &request_id).send().await;
    waits(&refused, 10);
    assert_eq!(App::shared().wire.calls(&request_id), 1);
    waits(&login(&email, PASSWORD, &ip).at(start.plus_ms(9_001)).send().await, 1);
    login(&email, PASSWORD, &ip).at(start.plus_ms(10_000)).send().await.expect(200);
}

#[tokio::test]
async fn waits_grow_up_to_a_quarter_of_an_hour_and_what_comes_early_prolongs_none() {
    let (email, ip) = (email(), address());
    let mut at = now();
    fail(&email, &ip, 5, at).await;
    for seconds in [10, 20, 40, 80, 160, 320, 640, 900, 900] {
        login(&email, "wrong horse", &ip).at(at).send().await.expect(401);
        for _ in 0..3 {
            waits(&login(&email, "wrong horse", &ip).at(at).send().await, seconds);
        }
        at = at.plus_ms(seconds * 1_000);
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_is_counted_like_any_other() {
    let (known, start) = (email(), now());
    signed_up(&known).await;
    let mut told = Vec::new();
    for email in [known, email()] {
        let ip = address();
        fail(&email, &ip, 6, start).await;
        let request_id = id("req");
        let mut refused = login(&email, PASSWORD, &ip).at(start).header("x-request-id", &request_id).send().await;
        refused.json["request_id"] = Value::Null;
        told.push((refused.status, refused.json, App::shared().wire.calls(&request_id)));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn strangers_do_not_shut_out_who_comes_from_elsewhere() {
    let (email, start) = (email(), now());
    signed_up(&email).await;
    let stranger = address();
    fail(&email, &stranger, 6, start).await;
    waits(&login(&email, PASSWORD, &stranger).at(start).send().await, 10);
    login(&email, PASSWORD, &address()).at(start).send().await.expect(200);
}

#[tokio::test]
async fn many_strangers_do_not_shut_out_a_device_that_has_logged_in_before() {
    let (email, start) = (email(), now());
    signed_up(&email).await;
    let device = string(&login(&email, PASSWORD, &address()).at(start).send().await.expect(200), "/device");
    for _ in 0..11 {
        fail(&email, &address(), 1, start).await;
    }
    waits(&login(&email, PASSWORD, &address()).at(start).send().await, 10);
    let again = from_device(&email, PASSWORD, &device, &address()).at(start).send().await.expect(200);
    from_device(&email, PASSWORD, &string(&again, "/device"), &address()).at(start).send().await.expect(200);
    waits(&login(&email, PASSWORD, &address()).at(start).send().await, 10);
}

#[tokio::test]
async fn a_known_device_has_guesses_of_its_own_and_no_more_of_them() {
    let (email, start) = (email(), now());
    let device = string(&signed_up(&email).await, "/device");
    for _ in 0..6 {
        from_device(&email, "wrong horse", &device, &address()).at(start).send().await.expect(401);
    }
    waits(&from_device(&email, PASSWORD, &device, &address()).at(start).send().await, 10);
    login(&email, PASSWORD, &address()).at(start).send().await.expect(200);
    from_device(&email, PASSWORD, &device, &address()).at(start.plus_ms(10_000)).send().await.expect(200);
}

#[tokio::test]
async fn forged_and_foreign_devices_are_strangers() {
    let (email, start, ip) = (email(), now(), address());
    let own = string(&signed_up(&email).await, "/device");
    let foreign = string(&signed_up(&super::email()).await, "/device");
    fail(&email, &ip, 6, start).await;
    for device in [foreign, own.replace("dev_0", "dev_1"), "x".to_owned(), "x".repeat(200)] {
        waits(&from_device(&email, PASSWORD, &device, &ip).at(start).send().await, 10);
    }
    let later = start.plus_days(366);
    fail(&email, &ip, 6, later).await;
    waits(&from_device(&email, PASSWORD, &own, &ip).at(later).send().await, 10);
    from_device(&email, PASSWORD, &own, &ip).at(start).send().await.expect(200);
}

#[tokio::test]
async fn a_success_clears_what_was_mistyped_before() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    for _ in 0..3 {
        fail(&email, &ip, 3, start).await;
        login(&email, PASSWORD, &ip).at(start).send().await.expect(200);
    }
}

#[tokio::test]
async fn many_at_once_guess_no_more_than_one_after_another() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    let guesses = (0..20).map(|_| login(&email, "wrong horse", &ip).at(start).send());
    let answers = futures_util::future::join_all(guesses).await;
    let guessed = answers.iter().filter(|answer| answer.status == 401).count();
    let slowed = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((guessed, slowed), (6, 14), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_address_tries_few_accounts_and_its_successes_do_not_count() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    for _ in 0..52 {
        login(&email, PASSWORD, &ip).at(start).send().await.expect(200);
    }
    for _ in 0..51 {
        fail(&super::email(), &ip, 1, start).await;
    }
    waits(&login(&super::email(), PASSWORD, &ip).at(start).send().await, 10);
    login(&email, PASSWORD, &address()).at(start).send().await.expect(200);
}

#[tokio::test]
async fn failures_are_forgotten_after_a_day_and_tell_nobody_whose_they_were() {
    let (email, ip, start) = (email(), address(), now().plus_days(100));
    fail(&email, &ip, 6, start).await;
    fail(&email, &ip, 6, start.plus_days(1)).await;
    let counted = App::shared().stored("attempts", json!({ "expires_at": { "$gte": { "$date": start } } })).await;
    assert!(counted.iter().all(|counter| counter["tenant_id"] == "platform" && counter["expires_at"].is_string()));
    assert!(counted.len() >= 3 && !serde_json::to_string(&counted).unwrap().contains(&email));
}

#[tokio::test]
async fn a_stolen_session_guesses_the_password_as_slowly() {
    let email = email();
    let (tokens, start) = (signed_up(&email).await, now());
    let change = |current: &str| {
        let body = json!({ "current_password": current, "password": "another passphrase" });
        caller(&tokens).post("/v1/auth/password", body).at(start).send()
    };
    for _ in 0..6 {
        change("wrong horse").await.expect(401);
    }
    waits(&change(PASSWORD).await, 10);
    login(&email, PASSWORD, &address()).send().await.expect(200);
}

#[tokio::test]
async fn a_new_password_by_mail_ends_the_wait() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    fail(&email, &ip, 6, start).await;
    let identity = App::shared().stored("identities", json!({ "email": email })).await.remove(0);
    let (id, hash) = (identity["_id"].as_str().unwrap(), identity["password_hash"].as_str().unwrap());
    let token = store::reset_token(&App::shared().vault, id, hash, store::reset_expiry(start));
    let body = json!({ "token": token, "password": "another passphrase" });
    post("/v1/auth/password/reset", body).header("cf-connecting-ip", &ip).at(start).send().await.expect(204);
    login(&email, "another passphrase", &ip).at(start).send().await.expect(200);
}

#[tokio::test]
async fn one_address_asks_for_few_mails() {
    let (ip, start) = (address(), now());
    let ask = |ip: &str| {
        let asked = post("/v1/auth/password/forgot", json!({ "email": email() })).header("cf-connecting-ip", ip);
        asked.at(start).send()
    };
    for _ in 0..21 {
        ask(&ip).await.expect(202);
    }
    for ip in [&ip, &neighbour(&ip)] {
        assert_eq!(ask(ip).await.expect(429).code(), "too-many-attempts");
    }
    ask(&address()).await.expect(202);
}

#[tokio::test]
async fn one_address_signs_up_slowly_whatever_comes_of_it() {
    let (taken, ip, start) = (email(), address(), now());
    signed_up(&taken).await;
    let sign_up = |email: String, ip: &str| post("/v1/auth/signup", signup_of(&email)).header("cf-connecting-ip", ip).at(start);
    for _ in 0..21 {
        assert_eq!(sign_up(taken.clone(), &ip).send().await.expect(409).code(), "email-taken");
    }
    for (known, ip) in [(taken.clone(), &ip), (email(), &ip), (email(), &neighbour(&ip))] {
        assert_eq!(sign_up(known, ip).send().await.expect(429).code(), "too-many-attempts");
    }
    sign_up(email(), &address()).send().await.expect(201);
}

#[tokio::test]
async fn strangers_are_counted_by_where_they_call_from_and_members_for_their_tenant() {
    let owner = signed_up(&email()).await;
    let partitions = |request: Request| async move {
        let request_id = id("req");
        request.header("x-request-id", &request_id).send().await;
        let mut found = App::shared().wire.partitions(&request_id);
        found.dedup();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    };
    let ip = address();
    let looking = |ip: &str| {
        partitions(App::shared().anyone().request("GET", "/v1/tenant/branding?subdomain=acme").header("cf-connecting-ip", ip))
    };
    let here = looking(&ip).await;
    assert!(here.starts_with("platform/") && !here.contains(ip.get(..9).unwrap()), "{here}");
    assert_eq!(looking(&neighbour(&ip)).await, here);
    assert_eq!(partitions(login(&email(), PASSWORD, &ip)).await, here);
    assert_ne!(looking(&address()).await, here);
    let change = json!({ "current_password": "wrong horse", "password": "another passphrase" });
    let oneself = caller(&owner).post("/v1/auth/password", change).header("cf-connecting-ip", &ip);
    assert_eq!(partitions(oneself).await, string(&owner, "/tenant/id"));
    let secret = json!({ "password": PASSWORD });
    assert_eq!(partitions(caller(&owner).post("/v1/auth/totp", secret)).await, string(&owner, "/tenant/id"));
}

#[tokio::test]
async fn who_need_not_wait_does_not_wait_for_a_clock_that_is_ahead() {
    let (email, ip, start) = (email(), address(), now());
    signed_up(&email).await;
    login(&email, "wrong horse", &ip).at(start.plus_ms(5_000)).send().await.expect(401);
    login(&email, PASSWORD, &ip).at(start).send().await.expect(200);
}
