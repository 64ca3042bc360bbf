//! `/v1/oidc`.

mod keys;
mod token;

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, id};

use crate::auth::now;

/// What Google says of somebody whom no other test knows.
pub fn claims() -> Value {
    let subject = id("sub");
    json!({
        "iss": "https://accounts.google.com", "aud": "client-of-the-tests", "sub": subject,
        "email": format!("{}@gmail.com", subject.to_lowercase()), "email_verified": true, "name": "Ada Lovelace",
    })
}

/// The claims with others in their place; `null` leaves one out.
pub fn with(claims: &Value, others: Value) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    claims
}

/// The answer to a token of a provider.
pub async fn exchange(provider: &str, token: &str) -> Answered {
    exchange_at(now(), provider, token).await
}

/// The answer to a token of a provider at a time.
pub async fn exchange_at(time: Time, provider: &str, token: &str) -> Answered {
    let path = format!("/v1/oidc/{provider}");
    App::shared().anyone().post(&path, json!({ "token": token })).at(time).send().await
}

/// The assertion for what a provider says.
pub async fn asserted(provider: &str, claims: &Value) -> String {
    let token = App::shared().standins.id_token(provider, claims).await;
    let answer = exchange(provider, &token).await.expect(200);
    answer.json["assertion"].as_str().unwrap().to_owned()
}
