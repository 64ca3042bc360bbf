//! `/v1/oidc`.

mod keys;
mod token;

use domain::Time;
use serde_json::Value;
use support::{Answered, App, id};

pub use support::oidc::{claims, with};

use crate::auth::now;

/// The answer to a token of a provider.
pub async fn exchange(provider: &str, token: &str) -> Answered {
    exchange_at(now(), provider, token).await
}

/// The answer to a token of a provider at a time: it never costs more than two trips.
pub async fn exchange_at(time: Time, provider: &str, token: &str) -> Answered {
    let (answer, trips) = counted(time, provider, token).await;
    assert!(trips <= 2, "{trips} trips: {}", answer.text);
    answer
}

/// The answer to a token of a provider at a time, and how many trips it cost.
pub async fn counted(time: Time, provider: &str, token: &str) -> (Answered, u32) {
    let (request_id, anyone) = (id("req"), App::shared().anyone());
    let request = support::oidc::exchange(&anyone, provider, token).at(time).header("x-request-id", &request_id);
    let answer = request.send().await;
    (answer, App::shared().wire.calls(&request_id))
}

/// The assertion for what a provider says.
pub async fn asserted(provider: &str, claims: &Value) -> String {
    let token = App::shared().standins.id_token(provider, claims).await;
    let answer = exchange(provider, &token).await.expect(200);
    answer.json["assertion"].as_str().unwrap().to_owned()
}
