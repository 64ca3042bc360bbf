//! What an outside provider says of somebody, and the request that brings it here.

use serde_json::{Value, json};

use crate::{Caller, Request, id};

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

/// The exchange of a provider's token.
pub fn exchange(caller: &Caller, provider: &str, token: &str) -> Request {
    caller.post(&format!("/v1/oidc/{provider}"), json!({ "token": token }))
}
