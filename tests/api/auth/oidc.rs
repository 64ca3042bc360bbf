//! Logging in, signing up and joining with what an outside provider says.

use serde_json::{Value, json};
use support::{App, Cut, id};

use super::credentials::prove_address;
use super::totp::{answer, protected};
use super::{PASSWORD, caller, email, events_of, invite_token, now, post, signed_up, string};
use crate::oidc::{asserted, claims, with};

/// Somebody whom Google knows by their own address, as who has signed up with it.
async fn signed_up_at_google() -> Value {
    let claims = claims();
    let body = json!({ "tenant_name": "Roofers", "assertion": asserted("google", &claims).await });
    post("/v1/auth/signup", body).send().await.expect(201);
    claims
}

/// What Clerk says of the same address.
fn at_clerk(email: &Value) -> Value {
    with(&claims(), json!({ "iss": "https://clerk.app.example", "azp": "https://app.example", "email": email }))
}

async fn login(assertion: &str) -> support::Request {
    post("/v1/auth/oidc", json!({ "assertion": assertion }))
}

async fn credentials(subject: &Value) -> Vec<Value> {
    App::shared().stored("credentials", json!({ "subject": subject })).await
}

#[tokio::test]
async fn whoever_signed_up_with_a_provider_logs_in_with_it_even_under_another_address() {
    let claims = signed_up_at_google().await;
    let stored = App::shared().stored("identities", json!({ "email": claims["email"] })).await;
    assert!(stored[0]["password_hash"].is_null() && stored[0]["email_verified_at"].is_string());
    for others in [json!({}), json!({ "email": email() }), json!({ "email": null, "email_verified": null })] {
        let request_id = id("req");
        let assertion = asserted("google", &with(&claims, others)).await;
        let entered = login(&assertion).await.header("x-request-id", &request_id).send().await.expect(200);
        assert_eq!(entered.json["member"]["email"], claims["email"]);
        assert_eq!(App::shared().wire.calls(&request_id), 2);
        caller(&entered).get("/v1/me").await.expect(200);
    }
    assert_eq!(credentials(&claims["sub"]).await.len(), 1);
    let nobody = post("/v1/auth/login", json!({ "email": claims["email"], "password": PASSWORD })).send().await.expect(401);
    assert_eq!(nobody.code(), "invalid-credentials");
}

#[tokio::test]
async fn an_assertion_is_good_once_and_for_two_minutes() {
    let claims = signed_up_at_google().await;
    let assertion = asserted("google", &claims).await;
    login(&assertion).await.at(now().plus_ms(121_000)).send().await.expect(401);
    let both = (login(&assertion).await, login(&assertion).await);
    let (one, other) = tokio::join!(both.0.send(), both.1.send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    assert_eq!(login(&assertion).await.send().await.expect(401).code(), "invalid-assertion");
    for forged in ["", "nonsense", &format!("{assertion}A")] {
        let refused = login(forged).await.send().await;
        assert!(matches!(refused.status, 401 | 422), "{forged}: {}", refused.text);
    }
}

#[tokio::test]
async fn whoever_is_not_known_is_told_to_sign_up() {
    let refused = login(&asserted("google", &claims()).await).await.send().await.expect(401);
    assert_eq!(refused.code(), "not-registered");
}

#[tokio::test]
async fn a_login_elsewhere_is_linked_by_itself_where_both_know_whose_the_address_is() {
    let google = signed_up_at_google().await;
    let clerk = at_clerk(&google["email"]);
    let entered = login(&asserted("clerk", &clerk).await).await.send().await.expect(200);
    assert_eq!(entered.json["member"]["email"], google["email"]);
    let linked = credentials(&clerk["sub"]).await;
    assert_eq!(linked.len(), 1);
    assert_eq!(events_of(linked[0]["_id"].as_str().unwrap()).await, ["credential.linked"]);
}

#[tokio::test]
async fn nobody_who_took_an_address_first_shares_the_account_of_its_owner() {
    // Somebody signs up with an address that is not theirs; its owner comes with a provider that knows them.
    let victim = claims();
    signed_up(victim["email"].as_str().unwrap()).await;
    let refused = login(&asserted("google", &victim).await).await.send().await.expect(409);
    assert_eq!(refused.code(), "link-required");
    // Nor does a provider open an account that cannot tell whose an address is today.
    let owner = signed_up_at_google().await;
    let stale = with(&claims(), json!({ "email": email(), "hd": null }));
    let body = json!({ "tenant_name": "Roofers", "assertion": asserted("google", &stale).await });
    post("/v1/auth/signup", body).send().await.expect(201);
    let clerk = at_clerk(&stale["email"]);
    assert_eq!(login(&asserted("clerk", &clerk).await).await.send().await.expect(409).code(), "link-required");
    let unverified = with(&claims(), json!({ "email": owner["email"], "email_verified": false }));
    assert_eq!(login(&asserted("google", &unverified).await).await.send().await.expect(401).code(), "not-registered");
    assert!(credentials(&clerk["sub"]).await.is_empty() && credentials(&unverified["sub"]).await.is_empty());
}

#[tokio::test]
async fn a_new_password_by_mail_shuts_out_whoever_was_there_before_the_address_was_proven() {
    let stale = with(&claims(), json!({ "email": email() }));
    let body = json!({ "tenant_name": "Roofers", "assertion": asserted("google", &stale).await });
    let planted = post("/v1/auth/signup", body).send().await.expect(201);
    let identity = App::shared().stored("identities", json!({ "email": stale["email"] })).await.remove(0);
    let expires = store::reset_expiry(now());
    let token = store::reset_token(&App::shared().vault, identity["_id"].as_str().unwrap(), "", expires);
    post("/v1/auth/password/reset", json!({ "token": token, "password": PASSWORD })).send().await.expect(204);
    assert_eq!(login(&asserted("google", &stale).await).await.send().await.expect(409).code(), "link-required");
    let refresh = json!({ "refresh_token": planted.json["refresh_token"] });
    post("/v1/auth/refresh", refresh).send().await.expect(401);
    // The address is proven now: a provider that knows whose it is opens the account.
    login(&asserted("clerk", &at_clerk(&stale["email"])).await).await.send().await.expect(200);
}

#[tokio::test]
async fn a_login_elsewhere_is_no_way_around_the_second_factor() {
    let person = protected().await;
    let later = person.later();
    prove_address(&person.email).await;
    let clerk = at_clerk(&json!(person.email));
    let refused = login(&asserted("clerk", &clerk).await).await.send().await.expect(409);
    assert_eq!(refused.code(), "link-required", "nothing is linked before the second factor");
    let identity = App::shared().stored("identities", json!({ "email": person.email })).await.remove(0);
    let document = json!({
        "_id": id("crd"), "tenant_id": "platform", "identity": identity["_id"], "provider": "clerk", "subject": clerk["sub"],
    });
    App::shared().data("insertOne", json!({ "collection": "credentials", "document": document })).await;
    let asked = login(&asserted("clerk", &clerk).await).await.send().await.expect(401);
    assert_eq!(asked.code(), "second-factor-required");
    answer(&string(&asked, "/challenge"), &person.code_at(later)).at(later).send().await.expect(200);
}

#[tokio::test]
async fn somebody_invited_joins_with_a_login_elsewhere() {
    let owner = caller(&signed_up(&email()).await);
    let (google, address) = (claims(), email());
    let invited = owner.post("/v1/members", json!({ "email": address, "role": "expert" })).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    let body = json!({ "token": token, "assertion": asserted("google", &google).await });
    let joined = post("/v1/auth/accept-invite", body).send().await.expect(200);
    assert_eq!((&joined.json["member"]["email"], &joined.json["member"]["name"]), (&json!(address), &google["name"]));
    login(&asserted("google", &google).await).await.send().await.expect(200);
    // The same login joins elsewhere under the same address, and under no other.
    for (address, status) in [(address, 200), (email(), 409)] {
        let owner = caller(&signed_up(&email()).await);
        let invited = owner.post("/v1/members", json!({ "email": address, "role": "expert" })).send().await.expect(201);
        let token = invite_token(&invited.id()).await;
        let body = json!({ "token": token, "assertion": asserted("google", &google).await });
        let answer = post("/v1/auth/accept-invite", body).send().await.expect(status);
        assert!(status == 200 || answer.code() == "other-identity", "{}", answer.text);
    }
}

#[tokio::test]
async fn an_invitation_alone_links_nothing_to_the_login_that_is_there() {
    let owner = caller(&signed_up(&email()).await);
    let address = email();
    signed_up(&address).await;
    let invited = owner.post("/v1/members", json!({ "email": address, "role": "expert" })).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    let body = json!({ "token": token, "assertion": asserted("google", &claims()).await });
    let refused = post("/v1/auth/accept-invite", body).send().await.expect(409);
    assert_eq!(refused.code(), "link-required");
}

#[tokio::test]
async fn signing_up_takes_a_password_or_an_assertion_with_an_address() {
    let assertion = asserted("google", &claims()).await;
    let nameless = asserted("google", &with(&claims(), json!({ "email_verified": false }))).await;
    let cases = [
        (json!({ "assertion": assertion, "password": PASSWORD }), "/assertion"),
        (json!({ "assertion": assertion, "email": email() }), "/email"),
        (json!({ "assertion": nameless }), "/assertion"),
        (json!({ "email": email(), "name": "Olga" }), "/password"),
        (json!({ "password": PASSWORD, "name": "Olga" }), "/email"),
        (json!({ "password": PASSWORD, "email": email() }), "/name"),
    ];
    for (body, place) in cases {
        let refused = post("/v1/auth/signup", with(&json!({ "tenant_name": "Roofers" }), body)).send().await.expect(422);
        assert_eq!(refused.places(), [place]);
    }
}

#[tokio::test]
async fn what_was_cut_off_can_be_repeated() {
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2)] {
        let (assertion, request_id) = (asserted("google", &signed_up_at_google().await).await, id("req"));
        App::shared().wire.cut(&request_id, cut);
        let once = login(&assertion).await.header("idempotency-key", "once").header("x-request-id", &request_id);
        once.send().await.expect(503);
        login(&assertion).await.header("idempotency-key", "once").send().await.expect(200);
        assert_eq!(login(&assertion).await.send().await.expect(401).code(), "invalid-assertion");
    }
}
