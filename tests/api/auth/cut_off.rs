//! What is called without a session: how many trips it makes, and that it has one effect however often it is cut off.

use serde_json::{Value, json};
use support::{Answered, App, Caller, Cut, Request, id};

use super::{PASSWORD, caller, email, invite_token, post, signed_up, signup_of};

/// A command, what it is called with, and how many trips it makes.
struct Case {
    path: &'static str,
    body: Value,
    email: String,
    trips: u32,
}

impl Case {
    fn request(&self) -> Request {
        post(self.path, self.body.clone()).header("idempotency-key", "once")
    }

    /// How many identities, memberships, logins and events there are of the e-mail address.
    async fn effects(&self) -> [usize; 4] {
        let app = App::shared();
        let identities = app.stored("identities", json!({ "email": self.email })).await.len();
        let members = app.stored("memberships", json!({ "email": self.email })).await;
        let ids: Vec<&Value> = members.iter().map(|member| &member["_id"]).collect();
        let logins = app.stored("logins", json!({ "membership": { "$in": ids } })).await.len();
        let events = app.stored("events", json!({ "record.id": { "$in": ids } })).await.len();
        [identities, members.len(), logins, events]
    }
}

async fn signup() -> Case {
    let email = email();
    Case { path: "/v1/auth/signup", body: signup_of(&email), email, trips: 1 }
}

async fn login() -> Case {
    let email = email();
    signed_up(&email).await;
    Case { path: "/v1/auth/login", body: json!({ "email": email, "password": PASSWORD }), email, trips: 2 }
}

async fn acceptance(owner: &Caller, email: String) -> Case {
    let invited = owner.post("/v1/members", json!({ "email": email, "name": "Ivan", "role": "expert" })).send().await.expect(201);
    let body = json!({ "token": invite_token(&invited.id()).await, "password": PASSWORD });
    Case { path: "/v1/auth/accept-invite", body, email, trips: 2 }
}

/// A new case of each kind.
async fn case(kind: usize, owner: &Caller) -> Case {
    match kind {
        0 => signup().await,
        1 => login().await,
        2 => acceptance(owner, email()).await,
        _ => {
            let email = email();
            signed_up(&email).await;
            acceptance(owner, email).await
        }
    }
}

#[tokio::test]
async fn cut_off_before_a_session() {
    let owner = caller(&signed_up(&email()).await);
    for kind in 0..4 {
        let clean = case(kind, &owner).await;
        let request_id = id("req");
        let answer = clean.request().header("x-request-id", &request_id).send().await;
        assert!(answer.status < 300, "{}: {}", clean.path, answer.text);
        assert_eq!(App::shared().wire.calls(&request_id), clean.trips, "{}", clean.path);
        let expected = clean.effects().await;
        for call in 1..=clean.trips {
            for cut in [Cut::Before(call), Cut::After(call)] {
                let case = case(kind, &owner).await;
                let answer = repeated(&case, cut).await;
                assert_eq!(case.effects().await, expected, "{} cut {cut:?}", case.path);
                caller(&answer).get("/v1/me").await.expect(200);
            }
        }
    }
}

async fn repeated(case: &Case, cut: Cut) -> Answered {
    let request_id = id("req");
    App::shared().wire.cut(&request_id, cut);
    let lost = case.request().header("x-request-id", &request_id).send().await;
    assert_eq!(lost.status, 503, "{} cut {cut:?}: {}", case.path, lost.text);
    let answer = case.request().send().await;
    assert!(answer.status < 300, "{} cut {cut:?}: {}", case.path, answer.text);
    answer
}
