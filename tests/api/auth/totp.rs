//! The second factor: turning it on, logging in with it, and every way around it that is closed.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Cut, Request, id};

use super::{PASSWORD, caller, email, events_of, invite_token, now, post, signed_up, string};

/// A person with a second factor.
pub struct Protected {
    pub email: String,
    pub tokens: Answered,
    secret: Vec<u8>,
    pub codes: Vec<String>,
    /// When it was turned on.
    since: Time,
}

/// The bytes of a secret as it was shown.
fn bytes(secret: &str) -> Vec<u8> {
    let digits: Vec<u64> = secret
        .bytes()
        .map(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == byte).unwrap() as u64)
        .collect();
    let groups = digits.chunks(8).map(|group| group.iter().fold(0, |bits, digit| bits << 5 | digit));
    groups.flat_map(|bits: u64| bits.to_be_bytes()[3..].to_vec()).collect()
}

async fn enrolled(tokens: &Answered) -> (Vec<u8>, Answered) {
    let answered = caller(tokens).post("/v1/auth/totp", json!({ "password": PASSWORD })).send().await.expect(200);
    (bytes(&string(&answered, "/secret")), answered)
}

async fn confirm(tokens: &Answered, code: &str, at: Time) -> Answered {
    caller(tokens).post("/v1/auth/totp/confirm", json!({ "code": code })).at(at).send().await
}

/// Somebody who has just turned it on.
pub async fn protected() -> Protected {
    let (email, since) = (email(), now());
    let tokens = signed_up(&email).await;
    let (secret, _) = enrolled(&tokens).await;
    let confirmed = confirm(&tokens, &auth::totp::code_at(&secret, since), since).await.expect(200);
    let codes: Vec<String> = serde_json::from_value(confirmed.json["recovery_codes"].clone()).unwrap();
    Protected { email, tokens, secret, codes, since }
}

impl Protected {
    pub fn code_at(&self, time: Time) -> String {
        auth::totp::code_at(&self.secret, time)
    }

    /// A minute later the code that turned it on is far behind.
    pub fn later(&self) -> Time {
        self.since.plus_ms(60_000)
    }

    async fn challenge(&self, at: Time) -> String {
        let login = post("/v1/auth/login", json!({ "email": self.email, "password": PASSWORD })).at(at);
        let asked = login.send().await.expect(401);
        assert_eq!(asked.code(), "second-factor-required");
        string(&asked, "/challenge")
    }
}

pub fn answer(challenge: &str, code: &str) -> Request {
    post("/v1/auth/second-factor", json!({ "challenge": challenge, "code": code }))
}

async fn identity(email: &str) -> Value {
    App::shared().stored("identities", json!({ "email": email })).await.remove(0)
}

fn flipped(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test]
async fn a_login_takes_the_code_as_well() {
    let person = protected().await;
    let later = person.later();
    let request_id = id("req");
    let login = post("/v1/auth/login", json!({ "email": person.email, "password": PASSWORD })).at(later);
    let asked = login.header("x-request-id", &request_id).header("idempotency-key", "k").send().await.expect(401);
    assert_eq!((asked.code(), App::shared().wire.calls(&request_id)), ("second-factor-required", 2));
    assert!(!asked.text.contains("_token"), "{}", asked.text);
    let request_id = id("req");
    let entered = answer(&string(&asked, "/challenge"), &person.code_at(later)).at(later).header("x-request-id", &request_id);
    let entered = entered.send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&request_id), 2);
    assert_eq!(
        (&entered.json["member"], &entered.json["tenant"]),
        (&person.tokens.json["member"], &person.tokens.json["tenant"])
    );
    assert_eq!(entered.json["memberships"].as_array().unwrap().len(), 1);
    assert!(entered.json["device"].is_string());
    let subject = App::shared().keys.verify(&string(&entered, "/access_token"), later);
    assert!(subject.is_ok());
}

#[tokio::test]
async fn nothing_is_asked_for_until_a_code_was_seen() {
    let email = email();
    let tokens = signed_up(&email).await;
    let (secret, answered) = enrolled(&tokens).await;
    assert_eq!(secret.len(), 20);
    assert!(string(&answered, "/otpauth_url").starts_with("otpauth://totp/Edgewise:"), "{}", answered.text);
    post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await.expect(200);
    let at = now();
    let wrong = confirm(&tokens, &flipped(&auth::totp::code_at(&secret, at)), at).await.expect(401);
    assert_eq!((wrong.code(), wrong.places()), ("wrong-code", vec!["/code".to_owned()]));
    let confirmed = confirm(&tokens, &auth::totp::code_at(&secret, at), at).await.expect(200);
    assert_eq!(confirmed.json["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(confirm(&tokens, &auth::totp::code_at(&secret, at), at).await.expect(409).code(), "totp-not-enrolled");
    let again = caller(&tokens).post("/v1/auth/totp", json!({ "password": PASSWORD })).send().await.expect(409);
    assert_eq!(again.code(), "totp-enabled");
    let id = identity(&email).await["_id"].as_str().unwrap().to_owned();
    assert_eq!(events_of(&id).await, ["identity.totp_enrolled", "identity.totp_enabled"]);
}

#[tokio::test]
async fn a_session_alone_turns_nothing_on_or_off() {
    let person = protected().await;
    let other = signed_up(&email()).await;
    let refused = caller(&other).post("/v1/auth/totp", json!({ "password": "wrong horse" })).send().await.expect(401);
    assert_eq!((refused.code(), refused.places()), ("wrong-password", vec!["/password".to_owned()]));
    let off = |body: Value| caller(&person.tokens).request("DELETE", "/v1/auth/totp").json(&body).at(person.later()).send();
    for body in [json!({}), json!({ "password": null }), json!({ "password": PASSWORD, "code": "1" })] {
        assert_eq!(off(body.clone()).await.expect(422).places(), ["/password"], "{body}");
    }
    assert_eq!(off(json!({ "password": "wrong horse" })).await.expect(401).code(), "wrong-password");
    assert_eq!(off(json!({ "code": flipped(&person.code_at(person.later())) })).await.expect(401).code(), "wrong-code");
    person.challenge(person.later()).await;
    off(json!({ "code": person.code_at(person.later()) })).await.expect(204);
    post("/v1/auth/login", json!({ "email": person.email, "password": PASSWORD })).send().await.expect(200);
    assert_eq!(off(json!({ "password": PASSWORD })).await.expect(409).code(), "totp-not-enabled");
    let stored = identity(&person.email).await;
    assert!(["totp_secret", "totp_pending", "recovery_hashes"].iter().all(|field| stored.get(*field).is_none()), "{stored}");
}

#[tokio::test]
async fn the_password_turns_it_off_as_well() {
    let person = protected().await;
    let off = caller(&person.tokens).request("DELETE", "/v1/auth/totp").json(&json!({ "password": PASSWORD }));
    off.send().await.expect(204);
    post("/v1/auth/login", json!({ "email": person.email, "password": PASSWORD })).send().await.expect(200);
}

#[tokio::test]
async fn a_code_works_once_even_for_two_at_once() {
    let person = protected().await;
    let used = person.challenge(person.since).await;
    let replayed = answer(&used, &person.code_at(person.since)).at(person.since).send().await.expect(401);
    assert_eq!(replayed.code(), "wrong-code");
    let later = person.later();
    let (first, second) = (person.challenge(later).await, person.challenge(later).await);
    let code = person.code_at(later);
    let (one, other) = tokio::join!(answer(&first, &code).at(later).send(), answer(&second, &code).at(later).send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    answer(&first, &code).at(later).send().await.expect(401);
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_written() {
    let person = protected().await;
    let at = now();
    let spelled = person.codes[0].to_lowercase().replace('-', " ");
    let challenge = person.challenge(at).await;
    let (one, other) =
        tokio::join!(answer(&challenge, &spelled).at(at).send(), answer(&challenge, &person.codes[0]).at(at).send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    assert_eq!(answer(&challenge, &person.codes[0]).at(at).send().await.expect(401).code(), "wrong-code");
    answer(&challenge, &person.codes[1]).at(at).send().await.expect(200);
    let stranger = protected().await;
    assert_eq!(answer(&challenge, &stranger.codes[2]).at(at).send().await.expect(401).code(), "wrong-code");
    assert_eq!(identity(&person.email).await["recovery_hashes"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn a_challenge_ends_after_five_minutes_and_with_the_password() {
    let person = protected().await;
    let (at, challenge) = (person.later(), person.challenge(person.later()).await);
    let end = at.plus_ms(300_000);
    let late = answer(&challenge, &person.code_at(end)).at(end).send().await.expect(401);
    assert_eq!(late.code(), "invalid-challenge");
    let stranger = protected().await;
    let theirs = stranger.challenge(at).await;
    answer(&theirs, &person.code_at(at)).at(at).send().await.expect(401);
    for forged in
        ["x".to_owned(), challenge.replace(|letter: char| letter == challenge.chars().last().unwrap(), "_"), theirs + "A"]
    {
        let request_id = id("req");
        let refused = answer(&forged, &person.code_at(at)).at(at).header("x-request-id", &request_id).send().await.expect(401);
        assert_eq!((refused.code(), App::shared().wire.calls(&request_id)), ("invalid-challenge", 0));
    }
    let body = json!({ "current_password": PASSWORD, "password": "another passphrase" });
    caller(&person.tokens).post("/v1/auth/password", body).send().await.expect(204);
    let refused = answer(&challenge, &person.code_at(at)).at(at).send().await.expect(401);
    assert_eq!(refused.code(), "invalid-challenge");
}

#[tokio::test]
async fn codes_are_guessed_slowly_however_many_challenges_there_are() {
    let person = protected().await;
    let (at, right) = (person.later(), person.code_at(person.later()));
    for _ in 0..6 {
        let challenge = person.challenge(at).await;
        answer(&challenge, &flipped(&right)).at(at).send().await.expect(401);
    }
    let slowed = answer(&person.challenge(at).await, &right).at(at).send().await.expect(429);
    assert_eq!((slowed.code(), slowed.header("retry-after")), ("too-many-attempts", Some("10")));
    let after = at.plus_ms(10_000);
    answer(&person.challenge(after).await, &person.code_at(after)).at(after).send().await.expect(200);
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old_for_a_code() {
    let person = protected().await;
    let later = person.later();
    let renew =
        |tokens: &Answered, code: &str| caller(tokens).post("/v1/auth/totp/recovery-codes", json!({ "code": code })).at(later);
    let other = signed_up(&email()).await;
    assert_eq!(renew(&other, "123456").send().await.expect(409).code(), "totp-not-enabled");
    assert_eq!(renew(&person.tokens, "").send().await.expect(422).places(), ["/code"]);
    let wrong = flipped(&person.code_at(later));
    assert_eq!(renew(&person.tokens, &wrong).send().await.expect(401).code(), "wrong-code");
    let code = person.code_at(later);
    let once = || renew(&person.tokens, &code).header("idempotency-key", "r").send();
    let renewed = once().await.expect(200);
    assert_eq!(once().await.expect(200).json, renewed.json);
    assert_eq!(renew(&person.tokens, &code).send().await.expect(401).code(), "wrong-code");
    let codes: Vec<String> = serde_json::from_value(renewed.json["recovery_codes"].clone()).unwrap();
    assert!(codes.len() == 10 && codes.iter().all(|code| !person.codes.contains(code)), "{codes:?}");
    let challenge = person.challenge(later).await;
    assert_eq!(answer(&challenge, &person.codes[0]).at(later).send().await.expect(401).code(), "wrong-code");
    answer(&challenge, &codes[0]).at(later).send().await.expect(200);
    renew(&person.tokens, &codes[1]).send().await.expect(200);
    assert_eq!(identity(&person.email).await["recovery_hashes"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn whoever_has_no_password_turns_it_on_by_a_login_of_just_now() {
    let person = super::credentials::passwordless(&crate::oidc::claims()).await;
    let enrol = |at: Time| person.post("/v1/auth/totp", json!({})).at(at).send();
    assert_eq!(enrol(now().plus_ms(601_000)).await.expect(401).code(), "login-too-old");
    let secret = bytes(&string(&enrol(now()).await.expect(200), "/secret"));
    let at = now();
    let confirm = person.post("/v1/auth/totp/confirm", json!({ "code": auth::totp::code_at(&secret, at) })).at(at);
    confirm.send().await.expect(200);
    let missing = caller(&signed_up(&email()).await).post("/v1/auth/totp", json!({})).send().await.expect(422);
    assert_eq!(missing.places(), ["/password"]);
}

/// Chooses another password by a mailed link.
async fn choose_anew(email: &str) {
    let stored = identity(email).await;
    let (id, hash) = (stored["_id"].as_str().unwrap(), stored["password_hash"].as_str().unwrap());
    let token = store::reset_token(&App::shared().vault, id, hash, store::reset_expiry(now()));
    let body = json!({ "token": token, "password": "another passphrase" });
    post("/v1/auth/password/reset", body).send().await.expect(204);
}

#[tokio::test]
async fn whoever_takes_an_address_first_does_not_shut_its_owner_out_by_a_second_factor() {
    let squatter = protected().await;
    choose_anew(&squatter.email).await;
    let stored = identity(&squatter.email).await;
    assert!(["totp_secret", "totp_step", "recovery_hashes"].iter().all(|field| stored.get(*field).is_none()), "{stored}");
    let login = post("/v1/auth/login", json!({ "email": squatter.email, "password": "another passphrase" }));
    login.send().await.expect(200);
}

#[tokio::test]
async fn a_new_password_by_mail_leaves_the_second_factor_on() {
    let person = protected().await;
    super::credentials::prove_address(&person.email).await;
    choose_anew(&person.email).await;
    let login = post("/v1/auth/login", json!({ "email": person.email, "password": "another passphrase" }));
    assert_eq!(login.send().await.expect(401).code(), "second-factor-required");
}

#[tokio::test]
async fn an_invitation_is_no_way_around_it() {
    let person = protected().await;
    let owner = signed_up(&email()).await;
    let invitation = json!({ "email": person.email, "name": "Ivan", "role": "expert" });
    let invited = caller(&owner).post("/v1/members", invitation).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    let later = person.later();
    let accept = |body: Value| post("/v1/auth/accept-invite", body).at(later).send();
    let asked = accept(json!({ "token": token, "password": PASSWORD })).await.expect(401);
    assert_eq!(asked.code(), "second-factor-required");
    let wrong = flipped(&person.code_at(later));
    let refused = accept(json!({ "token": token, "password": PASSWORD, "code": wrong })).await.expect(401);
    assert_eq!(refused.code(), "wrong-code");
    let right = person.code_at(later);
    accept(json!({ "token": token, "password": PASSWORD, "code": right })).await.expect(200);
    let challenge = person.challenge(later).await;
    assert_eq!(answer(&challenge, &right).at(later).send().await.expect(401).code(), "wrong-code");
}

#[tokio::test]
async fn a_second_factor_that_was_cut_off_can_be_repeated() {
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2)] {
        let person = protected().await;
        let later = person.later();
        let (challenge, code) = (person.challenge(later).await, person.code_at(later));
        let request_id = id("req");
        App::shared().wire.cut(&request_id, cut);
        let once = || answer(&challenge, &code).at(later).header("idempotency-key", "once");
        once().header("x-request-id", &request_id).send().await.expect(503);
        once().send().await.expect(200);
        let logins = App::shared().stored("logins", json!({ "membership": person.tokens.json["member"]["id"] })).await;
        assert_eq!(logins.len(), 2, "{cut:?}");
    }
}

#[tokio::test]
async fn neither_secret_nor_codes_are_stored_as_they_are() {
    let email = email();
    let tokens = signed_up(&email).await;
    let enrol = caller(&tokens).post("/v1/auth/totp", json!({ "password": PASSWORD })).header("idempotency-key", "e");
    let shown = string(&enrol.send().await.expect(200), "/secret");
    let (secret, at) = (bytes(&shown), now());
    let confirm = caller(&tokens).post("/v1/auth/totp/confirm", json!({ "code": auth::totp::code_at(&secret, at) })).at(at);
    let confirmed = confirm.header("idempotency-key", "c").send().await.expect(200);
    let mut secrets: Vec<String> = serde_json::from_value(confirmed.json["recovery_codes"].clone()).unwrap();
    secrets.extend([shown, base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, &secret)]);
    for entity in domain::entities::ALL {
        let ours = json!({ "tenant_id": { "$in": [tokens.json["tenant"]["id"], "platform"] } });
        let stored = serde_json::to_string(&App::shared().stored(entity.collection, ours).await).unwrap();
        for secret in &secrets {
            assert!(!stored.contains(secret.as_str()), "{} holds {secret}", entity.collection);
        }
    }
}
