//! `POST /v1/operator/keys/rewrap`: another master key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Time;
use serde_json::json;
use store::{Vault, invite_expiry, invite_token};
use support::{Answered, OPERATOR_SECRET, System};

use super::{MARK, PASSWORD, planted};

async fn entered(system: &System) -> Answered {
    let login = json!({ "email": format!("{MARK}.master@example.com"), "password": PASSWORD });
    system.anyone().post("/v1/auth/login", login).send().await
}

#[tokio::test]
async fn the_old_master_key_can_be_dropped_when_all_is_wrapped_by_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = [7, 8].map(|byte| URL_SAFE_NO_PAD.encode([byte; 32]));
    let system = System::native_with(folder.path(), &old).await;
    let (_, person, _) = planted(&system, "master").await;
    drop(system);
    let both = System::native_with(folder.path(), &format!("b:{new},a:{old}")).await;
    entered(&both).await.expect(200);
    let signup = json!({ "tenant_name": "x", "name": "x", "email": format!("{MARK}.master@example.com"), "password": PASSWORD });
    assert_eq!(both.anyone().post("/v1/auth/signup", signup).send().await.expect(409).code(), "email-taken");
    both.anyone().post("/v1/operator/keys/rewrap", json!({})).send().await.expect(401);
    let operator = both.with_token(OPERATOR_SECRET);
    operator.post("/v1/operator/keys/rewrap", json!({})).send().await.expect(202);
    both.run_jobs().await;
    drop(both);
    let only_old = System::native_with(folder.path(), &old).await;
    assert_eq!(entered(&only_old).await.expect(401).code(), "invalid-credentials");
    drop(only_old);
    let only_new = System::native_with(folder.path(), &new).await;
    let token = entered(&only_new).await.expect(200).json["access_token"].as_str().unwrap().to_owned();
    let path = format!("/v1/people/{}", person["id"].as_str().unwrap());
    let read = only_new.with_token(&token).get(&path).await.expect(200).json;
    assert_eq!(read["email"], person["email"]);
}

/// The token of an invitation that a new tenant sends to the address, as the mail has it that was sent under these master keys.
async fn invited(system: &System, name: &str, email: &str, masters: &str) -> String {
    let owner = format!("{name}.owner@example.com");
    let signup = json!({ "tenant_name": name, "name": name, "email": owner, "password": PASSWORD });
    let token = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201).json["access_token"].clone();
    let owner = system.with_token(token.as_str().unwrap());
    let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].clone();
    let member = owner.post("/v1/members", json!({ "email": email, "name": "Ada", "role": "expert" })).send().await.expect(201);
    let expires = invite_expiry(Time::parse(member.json["invited_at"].as_str().unwrap()).unwrap());
    invite_token(&Vault::parse(masters).unwrap(), &member.id(), tenant.as_str().unwrap(), email, expires)
}

#[tokio::test]
async fn an_invitation_finds_who_is_known_whichever_master_key_either_was_made_under() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = [7, 8].map(|byte| URL_SAFE_NO_PAD.encode([byte; 32]));
    let both = format!("b:{new},a:{old}");
    let email = "ada@example.com";
    let signup = json!({ "tenant_name": "Ada", "name": "Ada", "email": email, "password": PASSWORD });
    let system = System::native_with(folder.path(), &old).await;
    system.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let before = [invited(&system, "one", email, &old).await, invited(&system, "two", email, &old).await];
    drop(system);
    let system = System::native_with(folder.path(), &both).await;
    let between = invited(&system, "three", email, &both).await;
    let accept = async |token: &str, password: &str| {
        system.anyone().post("/v1/auth/accept-invite", json!({ "token": token, "password": password })).send().await
    };
    assert_eq!(accept(&between, "another password").await.expect(401).code(), "invalid-credentials");
    for token in [&before[0], &between] {
        accept(token, PASSWORD).await.expect(200);
    }
    system.with_token(OPERATOR_SECRET).post("/v1/operator/keys/rewrap", json!({})).send().await.expect(202);
    system.run_jobs().await;
    let after = invited(&system, "four", email, &both).await;
    for token in [&before[1], &after] {
        accept(token, PASSWORD).await.expect(200);
    }
    assert_eq!(system.as_stored("identities", json!({})).await.len(), 5, "Ada is one, and so is each owner");
}
