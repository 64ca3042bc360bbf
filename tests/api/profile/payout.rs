//! Payouts: an account is checked, sealed and masked.

use domain::{Role, Time};
use serde_json::{Value, json};
use store::{STEP_UP_TTL_S, StepUp};
use support::{App, Tenant};

const PATH: &str = "/v1/profile/payout";

#[tokio::test]
async fn an_account_is_masked_for_its_holder_and_whole_for_who_pays() {
    let tenant = Tenant::new().await;
    let (expert, owner, manager) =
        (tenant.member(Role::Expert).await, tenant.caller(Role::Owner).await, tenant.caller(Role::Manager).await);
    let caller = expert.caller();
    assert_eq!(caller.get(PATH).await.expect(200).json, json!({ "payout": null }));
    let account = json!({
        "account_holder": "Ann Zqholder", "account_number": "GB29 NWBK 6016 1331 9268 19", "tax_number": "DE136695976",
        "proof": expert.proof(),
    });
    let set = caller.post(PATH, account.clone()).header("idempotency-key", "once").send().await.expect(200);
    let again = caller.post(PATH, account).header("idempotency-key", "once").send().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.json), (Some("true"), &set.json));
    let masked = json!({ "account_holder": "Ann Zqholder", "account_number": "•••• 6819", "tax_number": "•••• 5976" });
    assert_eq!(set.json["payout"], masked);
    assert_eq!(caller.get(PATH).await.expect(200).json["payout"], masked);
    let whole = format!("/v1/profiles/{}/payout", expert.id);
    assert_eq!(owner.get(&whole).await.expect(200).json["payout"]["account_number"], "GB29NWBK60161331926819");
    manager.get(&whole).await.expect(403);
    let member = owner.get(&format!("/v1/members/{}", expert.id)).await.expect(200);
    assert!(!member.text.contains("6819") && !member.text.contains("payout"), "{}", member.text);
    assert_eq!(App::shared().stored("jobs", json!({ "tenant_id": tenant.id, "kind": "payout-changed" })).await.len(), 1);
    for collection in ["memberships", "events", "jobs", "idempotency"] {
        for stored in App::shared().as_stored(collection, json!({ "tenant_id": tenant.id })).await {
            let text = stored.to_string();
            assert!(!text.contains("60161331926819") && !text.contains("Zqholder"), "{text}");
        }
    }
    caller.request("DELETE", PATH).json(&json!({ "proof": expert.proof() })).send().await.expect(204);
    assert_eq!(owner.get(&whole).await.expect(200).json, json!({ "payout": null }));
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused() {
    let tenant = Tenant::new().await;
    let expert = tenant.caller(Role::Expert).await;
    let account = |number: &str| json!({ "account_holder": "Ann", "account_number": number });
    for (body, pointer) in [
        (account("GB29 NWBK 6016 1331 9268 18"), "/account_number"),
        (account("12345678"), "/bank_code"),
        (json!({ "account_number": "GB29 NWBK 6016 1331 9268 19" }), "/account_holder"),
    ] {
        assert_eq!(expert.post(PATH, body).send().await.expect(422).places(), [pointer]);
    }
    let customer = tenant.member(Role::Customer).await;
    let body = with(account("GB29 NWBK 6016 1331 9268 19"), &customer.proof());
    assert_eq!(customer.caller().post(PATH, body).send().await.expect(409).code(), "not-paid");
}

#[tokio::test]
async fn a_session_alone_changes_no_account() {
    let tenant = Tenant::new().await;
    let (expert, other) = (tenant.member(Role::Expert).await, tenant.member(Role::Expert).await);
    let caller = expert.caller();
    let account = json!({ "account_holder": "Ann", "account_number": "GB29 NWBK 6016 1331 9268 19" });
    let set = |body: Value| caller.post(PATH, body).send();
    set(with(account.clone(), &expert.proof())).await.expect(200);
    let refused = set(account.clone()).await.expect(401);
    assert_eq!((refused.code(), refused.places()), ("proof-required", vec!["/proof".to_owned()]));
    assert_eq!(caller.delete(PATH).await.expect(401).code(), "proof-required");
    let mailbox = expert.proof_of(StepUp { is_full: false, address: Some(expert.email.clone()) }, Time::from_ms(now_ms()));
    for proof in ["nonsense", &other.proof(), &mailbox] {
        assert_eq!(set(with(account.clone(), proof)).await.expect(401).code(), "invalid-proof", "{proof}");
        let removal = caller.request("DELETE", PATH).json(&json!({ "proof": proof })).send().await.expect(401);
        assert_eq!(removal.code(), "invalid-proof");
    }
    assert_eq!(set(with(account.clone(), "")).await.expect(422).places(), ["/proof"]);
    let late = Time::from_ms(now_ms() + STEP_UP_TTL_S * 1_000 + 1_000);
    let late = caller.post(PATH, with(account, &expert.proof())).at(late).send().await.expect(401);
    assert_eq!(late.code(), "invalid-proof");
    assert!(caller.get(PATH).await.expect(200).json["payout"].is_object());
}

fn with(mut account: Value, proof: &str) -> Value {
    account["proof"] = proof.into();
    account
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
