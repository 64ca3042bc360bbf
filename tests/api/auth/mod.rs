//! `/v1/auth`, `/v1/me`, `/v1/members` and `/v1/sessions`.

mod credentials;
mod cut_off;
mod invite;
mod lockout;
mod login;
mod logout;
mod me;
mod oidc;
mod otp;
mod password;
mod proofs;
mod refresh;
mod roles;
mod secrets;
mod sessions;
mod signup;
mod switch;
mod told;
mod totp;

use serde_json::{Value, json};
use support::{Answered, App, Caller, Request, id};

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse";

/// An e-mail address that no other test has.
pub fn email() -> String {
    format!("{}@example.com", id("u").to_lowercase())
}

/// A request without a session.
pub fn post(path: &str, body: Value) -> Request {
    App::shared().anyone().post(path, body)
}

/// What signing up sends.
pub fn signup_of(email: &str) -> Value {
    json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": PASSWORD })
}

/// A new tenant's owner, who has just signed up.
pub async fn signed_up(email: &str) -> Answered {
    post("/v1/auth/signup", signup_of(email)).send().await.expect(201)
}

/// The caller whom an answer with tokens is for.
pub fn caller(tokens: &Answered) -> Caller {
    App::shared().with_token(tokens.json["access_token"].as_str().unwrap())
}

/// A string in an answer.
pub fn string(answered: &Answered, pointer: &str) -> String {
    answered.json.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", answered.text)).to_owned()
}

/// The token of the invitation of a membership, as the mail has it.
pub async fn invite_token(membership: &str) -> String {
    let found = App::shared().stored("memberships", json!({ "_id": membership })).await;
    let invited_at = domain::Time::parse(found[0]["invited_at"].as_str().unwrap()).unwrap();
    let tenant = found[0]["tenant_id"].as_str().unwrap();
    let email = found[0]["email"].as_str().unwrap();
    store::invite_token(&App::shared().vault, membership, tenant, email, store::invite_expiry(invited_at))
}

/// Somebody who was invited by the owner and has joined.
pub async fn joined(owner: &Caller, email: &str, role: &str) -> Answered {
    let body = json!({ "email": email, "name": "Ivan", "role": role });
    let invited = owner.post("/v1/members", body).send().await.expect(201);
    let body = json!({ "token": invite_token(&invited.id()).await, "password": PASSWORD });
    post("/v1/auth/accept-invite", body).send().await.expect(200)
}

/// The types of the events of a record, in order.
pub async fn events_of(record: &str) -> Vec<String> {
    let events = App::shared().stored("events", json!({ "record.id": record })).await;
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// Now.
pub fn now() -> domain::Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    domain::Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// An address of a network that no other test has.
pub fn address() -> String {
    let id = id("ip");
    let network: Vec<String> =
        id.as_bytes()[id.len() - 8..].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
    format!("{}::1", network.join(":"))
}

/// Another address of the same network.
pub fn neighbour(address: &str) -> String {
    address.replace("::1", ":0123:4567:89ab:cdef")
}
