//! Without its keys a tenant's personal values are noise, in the data and in every copy of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use store::proof::Hook;
use store::{TenantKeys, Vault};
use support::{Caller, OPERATOR_SECRET, System};

use super::{DAY_MS, MARK, PASSWORD, SECRET, connected, deliver, now, planted, run_jobs_at, with_keys};

async fn entered(system: &System, name: &str) -> support::Answered {
    let login = json!({ "email": format!("{MARK}.{name}@example.com"), "password": PASSWORD });
    system.anyone().post("/v1/auth/login", login).send().await
}

/// The proof of whoever has just shown again who they are.
async fn proven(owner: &Caller) -> String {
    let proved = owner.post("/v1/auth/proofs", json!({ "password": PASSWORD })).send().await.expect(200);
    proved.json["proof"].as_str().unwrap().to_owned()
}

/// The statuses and bodies of what a member reads.
async fn reads(caller: &Caller, person: &Value) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for path in [
        format!("/v1/people/{}", person["id"].as_str().unwrap()),
        "/v1/people".to_owned(),
        "/v1/members".to_owned(),
        "/v1/integrations".to_owned(),
        "/v1/leads".to_owned(),
    ] {
        let answered = caller.get(&path).await;
        answers.push((answered.status, answered.text));
    }
    answers
}

#[tokio::test]
async fn a_restored_copy_of_the_data_cannot_be_read_without_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (owner, person, token) = planted(&system, "copied").await;
    // A token that is out carries the wrapped keys for some minutes more.
    let token = with_keys(&token, None, now());
    let (kept, ..) = planted(&system, "kept").await;
    let lead = owner.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201).id();
    assert!(reads(&owner, &person).await.iter().all(|(status, _)| *status == 200));
    let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].clone();
    let restored_folder = tempfile::tempdir().unwrap();
    gateway::back_up(&folder.path().join("data.sqlite"), &restored_folder.path().join("data.sqlite")).unwrap();
    let proof = proven(&owner).await;
    for (proof, code) in [(Value::Null, "proof-required"), (json!("made up"), "invalid-proof")] {
        let body = json!({ "tenant": tenant, "proof": proof });
        assert_eq!(owner.post("/v1/policy/keys/destroy", body).send().await.expect(401).code(), code);
    }
    owner.post("/v1/policy/keys/destroy", json!({ "tenant": tenant, "proof": proof })).send().await.expect(204);
    gateway::back_up(&folder.path().join("keys.sqlite"), &restored_folder.path().join("keys.sqlite")).unwrap();
    let restored = System::native_in(restored_folder.path()).await;
    for place in [&system, &restored] {
        let answered = entered(place, "copied").await;
        assert!(matches!(answered.status, 401 | 410), "{}", answered.text);
        assert!(!answered.text.contains("Roofers"), "{}", answered.text);
        let caller = place.with_token(&token);
        for (status, text) in reads(&caller, &person).await {
            assert!(matches!(status, 200 | 404 | 410) && !text.contains(MARK), "{status} {text}");
        }
        assert_eq!(caller.get(&format!("/v1/people/{}", person["id"].as_str().unwrap())).await.code(), "keys-gone");
        let written = caller.post("/v1/people", json!({ "name": "New", "email": "new@example.com" })).send().await;
        assert!(matches!(written.status, 401 | 410), "{}", written.text);
        assert_eq!(caller.get(&format!("/v1/leads/{lead}")).await.expect(200).json["category"], "Roof");
        place.run_jobs().await;
        // Other tenants do not notice.
        let other = entered(place, "kept").await.expect(200);
        assert_eq!(other.json["member"]["name"], format!("{MARK} owner"));
    }
    assert!(kept.get("/v1/people").await.expect(200).text.contains(MARK));
}

/// The records of keys that hold some; of others no more is known than that they were destroyed.
async fn kept_keys(system: &System) -> Vec<Value> {
    system.as_stored("keys", json!({ "sealed": { "$exists": true } })).await
}

#[tokio::test]
async fn an_address_that_outsiders_hold_opens_nothing_and_ends_with_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (owner, ..) = planted(&system, "hooked").await;
    let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].as_str().unwrap().to_owned();
    let hook = connected(&system, &owner).await;
    let other = json!({ "kind": "typeform", "credentials": { "signing_secret": SECRET } });
    let other = owner.post("/v1/integrations", other).send().await.expect(201).json;
    let other = other["hook_url"].as_str().unwrap().strip_prefix(&system.url).unwrap().to_owned();
    // What is worked has the tenant's own key; what waits has one of its own, beside the others.
    let waiting = deliver(&system, &other).await.expect(200);
    assert_eq!(deliver(&system, &other).await.expect(200).json, waiting.json);
    let sealed_with = async || {
        let receipts = system.as_stored("receipts", json!({})).await;
        receipts.iter().map(|receipt| receipt["body"].as_str().unwrap().chars().take(5).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!((sealed_with().await, kept_keys(&system).await.len()), (vec!["~1.1.".to_owned(), "~1.0.".to_owned()], 3));
    // The whole of what the address holds, for whoever has the master key, too.
    let vault = Vault::parse(&URL_SAFE_NO_PAD.encode([7; 32])).unwrap();
    let held = vault.open("hook", "hook", other.rsplit('/').next().unwrap()).unwrap();
    let held: Value = serde_json::from_str(&held).unwrap();
    assert_eq!((held["t"].as_str(), held.as_object().unwrap().len()), (Some(tenant.as_str()), 4), "{held}");
    assert!(texts(&held).iter().all(|text| TenantKeys::unwrap(&vault, &tenant, text).is_none()), "{held}");
    let body = json!({ "tenant": tenant, "proof": proven(&owner).await });
    owner.post("/v1/policy/keys/destroy", body).send().await.expect(204);
    assert_eq!(kept_keys(&system).await, Vec::<Value>::new());
    for address in [hook, other] {
        assert_eq!(deliver(&system, &address).await.expect(410).code(), "keys-gone");
    }
    assert_eq!((sealed_with().await.len(), kept_keys(&system).await.len()), (2, 0), "nothing came in");
}

#[tokio::test]
async fn a_delivery_that_was_worked_leaves_no_key_behind() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    // A form's response comes in.
    let (owner, ..) = planted(&system, "worked").await;
    let receipts = system.as_stored("receipts", json!({})).await;
    assert_eq!((receipts.len(), &receipts[0]["status"], kept_keys(&system).await.len()), (1, &json!("worked"), 1));
    // One that comes twice before it is worked.
    let other = json!({ "kind": "typeform", "credentials": { "signing_secret": SECRET } });
    let other = owner.post("/v1/integrations", other).send().await.expect(201).json;
    let other = other["hook_url"].as_str().unwrap().strip_prefix(&system.url).unwrap().to_owned();
    for _ in 0..2 {
        deliver(&system, &other).await.expect(200);
    }
    assert_eq!(kept_keys(&system).await.len(), 3);
    system.run_jobs().await;
    assert_eq!(kept_keys(&system).await.len(), 1);
    let receipts = system.as_stored("receipts", json!({})).await;
    assert!(receipts.iter().all(|receipt| receipt["body"].as_str().unwrap().starts_with("~1.1.")), "{receipts:?}");
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn nothing_in_the_data_holds_keys_for_whoever_has_the_master_key() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (owner, ..) = planted(&system, "held").await;
    let login = json!({ "email": format!("{MARK}.held@example.com"), "password": PASSWORD });
    system.anyone().post("/v1/auth/login", login).header("idempotency-key", "l").send().await.expect(200);
    let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].as_str().unwrap().to_owned();
    let vault = Vault::parse(&URL_SAFE_NO_PAD.encode([7; 32])).unwrap();
    let wrapped = system.as_stored("keys", json!({})).await;
    assert!(
        texts(&wrapped[0]).iter().any(|text| TenantKeys::unwrap(&vault, &tenant, text).is_some()),
        "keys are known when seen"
    );
    let mut seen = 0;
    for entity in domain::entities::ALL {
        let stored = Value::from(system.as_stored(entity.collection, json!({})).await);
        for text in texts(&stored) {
            seen += 1;
            let is_hook = ["typeform", "xero"].iter().any(|kind| Hook::open(&vault, text, kind).is_some());
            let is_token = text.split('.').count() == 3 && text.starts_with("ey");
            let opens = TenantKeys::unwrap(&vault, &tenant, text).is_some() || is_hook || is_token;
            assert!(!opens, "{} holds keys: {text}", entity.collection);
        }
    }
    assert!(seen > 200, "{seen} texts were looked at");
}

#[tokio::test]
async fn the_keys_of_a_cancelled_tenant_end_unless_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (operator, start) = (system.with_token(OPERATOR_SECRET), now());
    let mut tenants = Vec::new();
    for name in ["ended", "back"] {
        let (owner, ..) = planted(&system, name).await;
        let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].as_str().unwrap().to_owned();
        let agent = "operator/1.0";
        let cancelled = operator.patch(&format!("/v1/operator/tenants/{tenant}"), json!({ "status": "cancelled" }));
        cancelled.header("user-agent", agent).send().await.expect(200);
        tenants.push(tenant);
    }
    operator.patch(&format!("/v1/operator/tenants/{}", tenants[1]), json!({ "status": "active" })).send().await.expect(200);
    for (days, left) in [(29, 2), (31, 1)] {
        run_jobs_at(&system, start.plus_ms(days * DAY_MS)).await;
        assert_eq!(kept_keys(&system).await.len(), left, "after {days} days");
    }
    assert_eq!(kept_keys(&system).await[0]["_id"], tenants[1].as_str());
}
