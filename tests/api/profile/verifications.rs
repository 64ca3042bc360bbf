//! `/v1/verifications`: claims, their reviewers, and what ends them.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Role, Time};
use serde_json::{Value, json};
use store::StepUp;
use support::{Answered, App, Caller, Tenant};

const PATH: &str = "/v1/verifications";

async fn asked(caller: &Caller, kind: &str) -> Answered {
    let proof = json!([{ "name": "Passport", "url": "proofs/passport.pdf" }]);
    caller.post(PATH, json!({ "kind": kind, "evidence": proof })).send().await
}

async fn decided(caller: &Caller, id: &str, verb: &str, body: Value) -> Answered {
    caller.post(&format!("{PATH}/{id}/{verb}"), body).send().await
}

#[tokio::test]
async fn a_claim_is_verified_by_somebody_else_and_shown_in_the_membership() {
    let tenant = Tenant::new().await;
    let (owner, expert, manager) =
        (tenant.caller(Role::Owner).await, tenant.member(Role::Expert).await, tenant.member(Role::Manager).await);
    let caller = expert.caller();
    assert_eq!(asked(&caller, "phone").await.expect(422).json["errors"][0]["code"], "nothing-to-verify");
    let refused = caller.post(PATH, json!({ "kind": "id_proof" })).send().await.expect(422);
    assert_eq!(refused.places(), ["/evidence"]);
    let asked_for = asked(&caller, "id_proof").await.expect(201);
    assert_eq!((&asked_for.json["status"], asked_for.json.get("claim")), (&json!("pending"), None));
    assert_eq!(asked(&caller, "id_proof").await.expect(409).code(), "already-pending");
    decided(&caller, &asked_for.id(), "verify", json!({})).await.expect(403);
    decided(&manager.caller(), &asked_for.id(), "verify", json!({})).await.expect(200);
    assert_eq!(
        decided(&owner, &asked_for.id(), "reject", json!({ "reason": "x" })).await.expect(409).code(),
        "verification-decided"
    );
    let member = owner.get(&format!("/v1/members/{}", expert.id)).await.expect(200);
    assert!(member.json["verified"]["id_proof"].is_string(), "{}", member.text);
    let own = asked(&manager.caller(), "id_proof").await.expect(201);
    assert_eq!(decided(&manager.caller(), &own.id(), "verify", json!({})).await.expect(403).code(), "not-by-oneself");
    caller.patch("/v1/profile", json!({ "name": "Somebody else" })).send().await.expect(200);
    let member = owner.get(&format!("/v1/members/{}", expert.id)).await.expect(200);
    assert!(member.json["verified"].get("id_proof").is_none(), "{}", member.text);
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_verified_and_a_refusal_says_why() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.caller(Role::Owner).await, tenant.caller(Role::Expert).await);
    expert.patch("/v1/profile", json!({ "phone": "+44 20 7946 0018" })).send().await.expect(200);
    let claim = asked(&expert, "phone").await.expect(201);
    expert.patch("/v1/profile", json!({ "phone": "+44 20 7946 0019" })).send().await.expect(200);
    assert_eq!(decided(&owner, &claim.id(), "verify", json!({})).await.expect(409).code(), "claim-changed");
    assert_eq!(decided(&owner, &claim.id(), "reject", json!({})).await.expect(422).places(), ["/reason"]);
    let rejected = decided(&owner, &claim.id(), "reject", json!({ "reason": "Nobody answers" })).await.expect(200);
    assert_eq!((&rejected.json["status"], &rejected.json["reason"]), (&json!("rejected"), &json!("Nobody answers")));
    asked(&expert, "phone").await.expect(201);
}

#[tokio::test]
async fn where_two_reviewers_are_asked_for_the_second_is_another() {
    let tenant = Tenant::new().await;
    let (owner, manager, expert) =
        (tenant.caller(Role::Owner).await, tenant.caller(Role::Manager).await, tenant.member(Role::Expert).await);
    owner.patch("/v1/settings", json!({ "verification.reviewers": 2 })).send().await.expect(200);
    let claim = asked(&expert.caller(), "email").await.expect(201);
    assert_eq!(decided(&manager, &claim.id(), "verify", json!({})).await.expect(200).json["status"], "pending");
    assert_eq!(decided(&manager, &claim.id(), "verify", json!({})).await.expect(409).code(), "already-reviewed");
    assert!(owner.get(&format!("/v1/members/{}", expert.id)).await.expect(200).json.get("verified").is_none());
    let past = decided(&owner, &claim.id(), "verify", json!({ "valid_until": "2001-01-01T00:00:00Z" })).await.expect(422);
    assert_eq!(past.places(), ["/valid_until"]);
    let verified = decided(&owner, &claim.id(), "verify", json!({ "valid_until": "2999-01-01T00:00:00Z" })).await.expect(200);
    assert_eq!((&verified.json["status"], verified.json["reviewers"].as_array().unwrap().len()), (&json!("verified"), 2));
}

#[tokio::test]
async fn of_many_that_ask_at_once_one_waits() {
    let tenant = Tenant::new().await;
    let caller = tenant.caller(Role::Expert).await;
    let asking = (0..8).map(|_| asked(&caller, "id_proof"));
    let answers = futures_util::future::join_all(asking).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.code() == "already-pending"), "{answers:#?}");
    let waiting = json!({ "tenant_id": tenant.id, "status": "pending" });
    assert_eq!(App::shared().stored("verifications", waiting).await.len(), 1);
}

#[tokio::test]
async fn nobody_decides_on_whoever_may_do_more() {
    let tenant = Tenant::new().await;
    let (owner, admin) = (tenant.member(Role::Owner).await, tenant.caller(Role::Admin).await);
    let proof = json!([{ "name": "Passport", "url": "proofs/passport.pdf" }]);
    let body = json!({ "kind": "id_proof", "member": owner.id, "evidence": proof });
    assert_eq!(admin.post(PATH, body).send().await.expect(403).code(), "role-not-allowed");
    let claim = asked(&owner.caller(), "id_proof").await.expect(201);
    for (verb, body) in [("verify", json!({})), ("reject", json!({ "reason": "Blurred" }))] {
        assert_eq!(decided(&admin, &claim.id(), verb, body).await.expect(403).code(), "role-not-allowed");
    }
    decided(&tenant.caller(Role::Owner).await, &claim.id(), "verify", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_code_that_was_mailed_verifies_ones_own_address_without_a_reviewer() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.caller(Role::Owner).await, tenant.member(Role::Expert).await);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = Time::from_ms(i64::try_from(now).unwrap());
    let mailbox = |address: &str| expert.proof_of(StepUp { is_full: false, address: Some(address.to_owned()) }, now);
    let post = |body: Value| expert.caller().post(PATH, body).send();
    let proof = mailbox(&expert.email);
    for proof in [expert.proof(), mailbox("else@example.com"), "nonsense".to_owned()] {
        assert_eq!(post(json!({ "kind": "email", "proof": proof })).await.expect(401).code(), "invalid-proof");
    }
    for body in [
        json!({ "kind": "phone", "proof": proof }),
        json!({ "kind": "email", "proof": proof, "member": tenant.id.replace("ten", "mem") }),
    ] {
        assert_eq!(post(body).await.expect(422).json["errors"][0]["code"], "not-by-code");
    }
    let verified = post(json!({ "kind": "email", "proof": proof })).await.expect(201);
    assert_eq!((&verified.json["status"], &verified.json["method"]), (&json!("verified"), &json!("code")));
    let member = owner.get(&format!("/v1/members/{}", expert.id)).await.expect(200);
    assert_eq!(member.json["verified"]["email"], verified.json["decided_at"]);
    let waiting = asked(&expert.caller(), "email").await.expect(201);
    let decided = post(json!({ "kind": "email", "proof": proof })).await.expect(200);
    assert_eq!((decided.id(), &decided.json["status"]), (waiting.id(), &json!("verified")));
    let other = tenant.member(Role::Expert).await;
    let stolen = other.caller().post(PATH, json!({ "kind": "email", "proof": proof })).send().await.expect(401);
    assert_eq!(stolen.code(), "invalid-proof");
    let key = App::shared().with_token(&expert.key(&["verification:create"], json!({})).await);
    assert_eq!(key.post(PATH, json!({ "kind": "email", "proof": proof })).send().await.expect(401).code(), "invalid-proof");
}
