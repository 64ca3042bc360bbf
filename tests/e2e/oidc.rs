//! Logging in with an outside provider, with the functions as they are built for the edge.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use standins::Forgery;
use support::oidc::{self, claims, with};
use support::{Answered, System};
use xtask::runtime::Kind;

/// Longer than a provider is left in peace after it was asked.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn oidc_workerd() {
    log_in(&System::deployed(Kind::Workerd).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_wasi() {
    log_in(&System::deployed(Kind::Wasi).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_native() {
    log_in(&System::native().await).await;
}

async fn log_in(system: &System) {
    let retired = first_of_a_provider_that_rotates(system).await;
    forged_tokens_are_refused(system).await;
    tokens_for_others_or_another_time_are_refused(system).await;
    a_good_one_signs_up_and_logs_in(system).await;
    only_the_new_key_is_believed(system, &retired).await;
}

async fn exchange(system: &System, provider: &str, token: &str) -> Answered {
    oidc::exchange(&system.anyone(), provider, token).send().await
}

/// The provider's first key is fetched, then it signs with another; returns what the first one signed.
async fn first_of_a_provider_that_rotates(system: &System) -> String {
    let first = system.standins.id_token("rotating", &claims()).await;
    exchange(system, "rotating", &first).await.expect(200);
    system.standins.retire_oidc_key("rotating").await;
    first
}

async fn forged_tokens_are_refused(system: &System) {
    for &forgery in Forgery::ALL {
        let token = system.standins.forged_token("google", &claims(), forgery).await;
        let answer = exchange(system, "google", &token).await;
        assert_eq!((answer.status, answer.code()), (401, "invalid-token"), "{forgery:?}: {}", answer.text);
    }
}

async fn tokens_for_others_or_another_time_are_refused(system: &System) {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let clerk = json!({ "iss": "https://clerk.app.example", "aud": null, "azp": "https://evil.example" });
    let wrong = [
        ("google", json!({ "aud": "client-of-somebody-else" })),
        ("google", json!({ "iss": "https://accounts.google.com.evil.example" })),
        ("google", json!({ "exp": now - 60 })),
        ("google", json!({ "iat": now + 600 })),
        ("google", json!({ "nbf": now + 600 })),
        ("google", json!({ "nonce": "of another request" })),
        ("clerk", clerk),
    ];
    for (provider, others) in wrong {
        let token = system.standins.id_token(provider, &with(&claims(), others.clone())).await;
        let answer = exchange(system, provider, &token).await;
        assert_eq!((answer.status, answer.code()), (401, "invalid-token"), "{others}: {}", answer.text);
    }
}

async fn a_good_one_signs_up_and_logs_in(system: &System) {
    let (ada, mut assertions) = (claims(), Vec::new());
    for _ in 0..2 {
        let token = system.standins.id_token("google", &ada).await;
        let answer = exchange(system, "google", &token).await.expect(200);
        assertions.push(answer.json["assertion"].as_str().unwrap().to_owned());
    }
    let body = json!({ "tenant_name": "Roofs Ltd", "assertion": assertions[0] });
    system.anyone().post("/v1/auth/signup", body).send().await.expect(201);
    let login = json!({ "assertion": assertions[1] });
    let entered = system.anyone().post("/v1/auth/oidc", login.clone()).send().await.expect(200);
    let me = system.with_token(entered.json["access_token"].as_str().unwrap()).get("/v1/me").await.expect(200);
    assert_eq!(me.json["member"]["email"], ada["email"]);
    assert_eq!(system.anyone().post("/v1/auth/oidc", login).send().await.expect(401).code(), "invalid-assertion");
}

/// The provider is asked again once it has been left in peace; from then on its first key is worth nothing.
async fn only_the_new_key_is_believed(system: &System, retired: &str) {
    let new = system.standins.id_token("rotating", &claims()).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while exchange(system, "rotating", &new).await.status != 200 {
        assert!(tokio::time::Instant::now() < deadline, "the new key is never fetched");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    exchange(system, "rotating", retired).await.expect(401);
    assert_eq!(system.standins.oidc_fetches("rotating").await, 2);
}
