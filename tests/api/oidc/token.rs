//! Which tokens of a provider are believed.

use serde_json::{Value, json};
use standins::Forgery;
use support::{App, id};

use super::{claims, exchange, exchange_at, with};
use crate::auth::now;

#[tokio::test]
async fn a_good_token_is_exchanged_for_an_assertion_that_shows_nothing() {
    let claims = with(&claims(), json!({ "picture": "https://example.com/ada.png" }));
    let token = App::shared().standins.id_token("google", &claims).await;
    let answer = exchange("google", &token).await.expect(200);
    assert_eq!((&answer.json["email"], &answer.json["name"]), (&claims["email"], &claims["name"]));
    assert_eq!(answer.json["avatar"], "https://example.com/ada.png");
    let assertion = answer.json["assertion"].as_str().unwrap();
    assert!(!assertion.contains(claims["sub"].as_str().unwrap()));
}

#[tokio::test]
async fn forged_tokens_are_refused_in_the_same_words() {
    let claims = claims();
    let mut told = Vec::new();
    for &forgery in Forgery::ALL {
        let token = App::shared().standins.forged_token("google", &claims, forgery).await;
        let mut refused = exchange("google", &token).await;
        assert_eq!((refused.status, refused.code()), (401, "invalid-token"), "{forgery:?}: {}", refused.text);
        refused.json["request_id"] = Value::Null;
        told.push(refused.json);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    let good = App::shared().standins.id_token("google", &claims).await;
    let cut: String = good.chars().take(good.len() - 20).collect();
    for broken in ["nonsense", "a.b.c", "..", &cut, &format!("{good}.x")] {
        assert_eq!(exchange("google", broken).await.expect(401).code(), "invalid-token", "{broken}");
    }
}

#[tokio::test]
async fn a_token_is_for_us_for_now_and_from_the_provider_alone() {
    let now = now();
    let seconds = |from_now: i64| now.seconds() + from_now;
    let cases = [
        (json!({}), true),
        (json!({ "iss": "accounts.google.com" }), true),
        (json!({ "iss": "https://accounts.google.com.evil.example" }), false),
        (json!({ "iss": "https://clerk.app.example" }), false),
        (json!({ "iss": null }), false),
        (json!({ "aud": "client-of-somebody-else" }), false),
        (json!({ "aud": null }), false),
        (json!({ "aud": ["client-of-the-tests"] }), true),
        (json!({ "aud": ["client-of-the-tests", "other"], "azp": "client-of-the-tests" }), true),
        (json!({ "aud": ["client-of-the-tests", "other"], "azp": "other" }), false),
        (json!({ "aud": ["client-of-the-tests", "other"] }), false),
        (json!({ "exp": seconds(-2) }), true),
        (json!({ "exp": seconds(-30) }), false),
        (json!({ "exp": null }), false),
        (json!({ "iat": seconds(3) }), true),
        (json!({ "iat": seconds(60) }), false),
        (json!({ "iat": null }), false),
        (json!({ "nbf": seconds(3) }), true),
        (json!({ "nbf": seconds(60) }), false),
        (json!({ "nbf": "soon" }), false),
        (json!({ "sub": null }), false),
        (json!({ "sub": "" }), false),
        (json!({ "sub": "x".repeat(256) }), false),
        (json!({ "nonce": "one that was not asked for" }), false),
    ];
    let claims = with(&claims(), json!({ "iat": seconds(0) }));
    for (others, is_good) in cases {
        let token = App::shared().standins.id_token("google", &with(&claims, others.clone())).await;
        let answer = exchange_at(now, "google", &token).await;
        assert_eq!(answer.status, if is_good { 200 } else { 401 }, "{others}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_nonce_must_be_the_one_in_the_token() {
    let standins = &App::shared().standins;
    for (said, sent, status) in [("n1", Some("n1"), 200), ("n1", Some("n2"), 401), ("n1", None, 401)] {
        let token = standins.id_token("google", &with(&claims(), json!({ "nonce": said }))).await;
        let mut body = json!({ "token": token });
        body.as_object_mut().unwrap().extend(sent.map(|nonce| ("nonce".to_owned(), nonce.into())));
        App::shared().anyone().post("/v1/oidc/google", body).send().await.expect(status);
    }
    let without = standins.id_token("google", &claims()).await;
    let body = json!({ "token": without, "nonce": "n1" });
    App::shared().anyone().post("/v1/oidc/google", body).send().await.expect(401);
}

#[tokio::test]
async fn a_provider_without_audience_goes_by_the_authorised_party() {
    let clerk = with(&claims(), json!({ "iss": "https://clerk.app.example", "aud": null, "azp": "https://app.example" }));
    for (others, status) in [
        (json!({}), 200),
        (json!({ "azp": "https://evil.example" }), 401),
        (json!({ "azp": null }), 401),
        (json!({ "iss": "https://accounts.google.com" }), 401),
    ] {
        let token = App::shared().standins.id_token("clerk", &with(&clerk, others.clone())).await;
        assert_eq!(exchange("clerk", &token).await.status, status, "{others}");
    }
}

#[tokio::test]
async fn a_provider_may_be_for_some_workspaces_alone() {
    for (others, status) in [(json!({ "hd": "roofs.example" }), 200), (json!({ "hd": "other.example" }), 401), (json!({}), 401)] {
        let token = App::shared().standins.id_token("workspace", &with(&claims(), others.clone())).await;
        assert_eq!(exchange("workspace", &token).await.status, status, "{others}");
    }
}

#[tokio::test]
async fn only_verified_addresses_are_passed_on() {
    for (verified, is_passed) in [(json!(true), true), (json!("true"), true), (json!(false), false), (json!(null), false)] {
        let claims = with(&claims(), json!({ "email_verified": verified }));
        let token = App::shared().standins.id_token("google", &claims).await;
        let answer = exchange("google", &token).await.expect(200);
        assert_eq!(answer.json["email"].is_string(), is_passed, "{verified}");
    }
}

#[tokio::test]
async fn bad_requests_are_named_and_an_unknown_provider_is_not_there() {
    let anyone = App::shared().anyone();
    assert_eq!(exchange("nobody", "a.b.c").await.expect(404).code(), "no-provider");
    let refused = anyone.post("/v1/oidc/google", json!({ "nonce": 1 })).send().await.expect(422);
    assert_eq!(refused.places(), ["/token", "/nonce"]);
    let request_id = id("req");
    let long = json!({ "token": "x".repeat(9_000) });
    anyone.post("/v1/oidc/google", long).header("x-request-id", &request_id).send().await.expect(422);
    assert_eq!(App::shared().wire.calls(&request_id), 0);
}
