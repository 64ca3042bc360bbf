//! `POST /v1/operator/keys/rewrap`: another master key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
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
