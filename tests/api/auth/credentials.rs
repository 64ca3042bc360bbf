//! One's own logins elsewhere.

use serde_json::{Value, json};
use support::{App, Caller};

use super::{PASSWORD, caller, email, now, post, signed_up};
use crate::oidc::{asserted, claims, with};

/// Somebody with a password whose address is proven.
async fn proven() -> Caller {
    let email = email();
    let owner = caller(&signed_up(&email).await);
    prove_address(&email).await;
    owner
}

/// Proves the address of an identity.
pub async fn prove_address(email: &str) {
    let identity = App::shared().stored("identities", json!({ "email": email })).await.remove(0);
    let update = json!({ "$set": { "email_verified_at": { "$date": "2026-01-01T00:00:00Z" } } });
    let filter = json!({ "_id": identity["_id"] });
    App::shared().data("updateOne", json!({ "collection": "identities", "filter": filter, "update": update })).await;
}

/// Somebody without a password.
pub async fn passwordless(claims: &Value) -> Caller {
    let body = json!({ "tenant_name": "Roofers", "assertion": asserted("google", claims).await });
    caller(&post("/v1/auth/signup", body).send().await.expect(201))
}

async fn link(caller: &Caller, claims: &Value) -> support::Request {
    let body = json!({ "assertion": asserted("google", claims).await, "password": PASSWORD });
    caller.post("/v1/me/credentials", body)
}

#[tokio::test]
async fn a_login_elsewhere_is_linked_shown_used_and_taken_away() {
    let (person, claims) = (proven().await, claims());
    let linked = link(&person, &claims).await.send().await.expect(201);
    assert_eq!((&linked.json["provider"], &linked.json["subject"]), (&json!("google"), &claims["sub"]));
    let list = person.get("/v1/me/credentials").await.expect(200);
    assert_eq!(list.json["data"][0]["id"], linked.json["id"]);
    assert!(!list.text.contains("idy_"), "{}", list.text);
    let login = json!({ "assertion": asserted("google", &claims).await });
    post("/v1/auth/oidc", login.clone()).send().await.expect(200);
    let other = proven().await;
    assert_eq!(link(&other, &claims).await.send().await.expect(409).code(), "credential-taken");
    other.delete(&format!("/v1/me/credentials/{}", linked.id())).await.expect(404);
    person.delete(&format!("/v1/me/credentials/{}", linked.id())).await.expect(204);
    person.delete(&format!("/v1/me/credentials/{}", linked.id())).await.expect(404);
    let login = json!({ "assertion": asserted("google", &claims).await });
    post("/v1/auth/oidc", login).send().await.expect(401);
    link(&other, &claims).await.send().await.expect(201);
}

#[tokio::test]
async fn a_session_alone_links_nothing() {
    let person = proven().await;
    for (password, status) in [(Value::Null, 422), (json!("not the password"), 401)] {
        let body = json!({ "assertion": asserted("google", &claims()).await, "password": password });
        let refused = person.post("/v1/me/credentials", body).send().await.expect(status);
        assert_eq!(refused.places(), ["/password"]);
    }
    let google = claims();
    let person = passwordless(&google).await;
    let late = json!({ "assertion": asserted("google", &claims()).await });
    let token = person.post("/v1/me/credentials", late.clone()).at(now().plus_ms(60_000)).send().await;
    token.expect(201);
    // The access token lives longer than the login proves anything.
    let body = json!({ "assertion": sealed_later() });
    let refused = person.post("/v1/me/credentials", body).at(now().plus_ms(601_000)).send().await.expect(401);
    assert_eq!(refused.code(), "login-too-old");
}

#[tokio::test]
async fn a_session_that_switches_is_no_younger_for_it() {
    let person = passwordless(&claims()).await;
    let tenant = person.get("/v1/me").await.expect(200).json["tenant"]["id"].clone();
    let late = now().plus_ms(601_000);
    let switched = person.post("/v1/auth/switch", json!({ "tenant": tenant })).at(late).send().await.expect(200);
    for (path, body) in [("/v1/me/credentials", json!({ "assertion": sealed_later() })), ("/v1/auth/totp", json!({}))] {
        let refused = caller(&switched).post(path, body).at(late).send().await.expect(401);
        assert_eq!(refused.code(), "login-too-old", "{path}");
    }
    let early = person.post("/v1/auth/switch", json!({ "tenant": tenant })).send().await.expect(200);
    link(&caller(&early), &claims()).await.send().await.expect(201);
}

#[tokio::test]
async fn nobody_has_more_logins_elsewhere_than_are_shown() {
    let person = proven().await;
    let insert = |number: u32| {
        let (id, subject) = (support::id("crd"), format!("{number} {}", support::id("sub")));
        let identity = person.clone();
        async move {
            let identity = identity.get("/v1/me").await.expect(200).json["member"]["id"].clone();
            let member = App::shared().stored("memberships", json!({ "_id": identity })).await.remove(0);
            let document = json!({
                "_id": id, "tenant_id": "platform", "identity": member["identity"], "provider": "google", "subject": subject,
                "version": 1,
            });
            App::shared().data("insertOne", json!({ "collection": "credentials", "document": document })).await;
            id
        }
    };
    for number in 0..19 {
        insert(number).await;
    }
    link(&person, &claims()).await.send().await.expect(201);
    assert_eq!(link(&person, &claims()).await.send().await.expect(409).code(), "too-many-credentials");
    // What came by before there was a bound can still be taken away.
    let beyond = insert(20).await;
    person.delete(&format!("/v1/me/credentials/{beyond}")).await.expect(204);
    person.delete(&format!("/v1/me/credentials/{beyond}")).await.expect(404);
}

/// An assertion that is good in ten minutes.
fn sealed_later() -> String {
    let text = str::to_owned;
    let assertion = store::Assertion {
        nonce: support::id("asr"),
        provider: text("google"),
        subject: support::id("sub"),
        email: None,
        is_authoritative: false,
        name: None,
        expires: store::assertion_expiry(now().plus_ms(600_000)),
    };
    assertion.seal(&App::shared().vault, [6; 12])
}

#[tokio::test]
async fn nothing_is_linked_where_the_address_is_not_proven_but_what_proves_it() {
    let claims = claims();
    let person = caller(&signed_up(claims["email"].as_str().unwrap()).await);
    let other = crate::oidc::claims();
    assert_eq!(link(&person, &other).await.send().await.expect(409).code(), "email-unproven");
    let verified = with(&other, json!({ "email": claims["email"], "email_verified": false }));
    assert_eq!(link(&person, &verified).await.send().await.expect(409).code(), "email-unproven");
    link(&person, &claims).await.send().await.expect(201);
    link(&person, &other).await.send().await.expect(201);
}

#[tokio::test]
async fn the_last_way_in_stays_even_of_two_that_go_at_once() {
    let google = claims();
    let person = passwordless(&google).await;
    let list = person.get("/v1/me/credentials").await.expect(200);
    let first = format!("/v1/me/credentials/{}", list.json["data"][0]["id"].as_str().unwrap());
    assert_eq!(person.delete(&first).await.expect(409).code(), "last-credential");
    let body = json!({ "assertion": asserted("google", &claims()).await });
    let second = person.post("/v1/me/credentials", body).send().await.expect(201);
    let second = format!("/v1/me/credentials/{}", second.id());
    let (one, other) = tokio::join!(person.delete(&first), person.delete(&second));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "{} {}", one.text, other.text);
    assert!(matches!(statuses[1], 409 | 503), "{} {}", one.text, other.text);
    let left = person.get("/v1/me/credentials").await.expect(200);
    assert_eq!(left.json["data"].as_array().unwrap().len(), 1);
}
