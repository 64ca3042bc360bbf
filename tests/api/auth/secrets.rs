//! Nothing of passwords and tokens is kept where it could be read.

use domain::entities;
use serde_json::json;
use support::App;

use super::{caller, email, invite_token, post, string};

#[tokio::test]
async fn no_collection_holds_a_password_or_a_token() {
    let (password, email) = ("a quite unusual passphrase", email());
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": password });
    let owner = post("/v1/auth/signup", signup).header("idempotency-key", "k").send().await.expect(201);
    let login = json!({ "email": email, "password": password });
    let logged_in = post("/v1/auth/login", login).header("idempotency-key", "k").send().await.expect(200);
    let refresh = json!({ "refresh_token": string(&logged_in, "/refresh_token") });
    let refreshed = post("/v1/auth/refresh", refresh).header("idempotency-key", "k").send().await.expect(200);
    let invitation = json!({ "email": super::email(), "name": "Ivan", "role": "expert" });
    let invited = caller(&owner).post("/v1/members", invitation).send().await.expect(201);
    let invite = invite_token(&invited.id()).await;
    let body = json!({ "token": invite, "password": password });
    let joined = post("/v1/auth/accept-invite", body).header("idempotency-key", "k").send().await.expect(200);
    let mut secrets = vec![password.to_owned(), invite];
    secrets.extend([&owner, &logged_in, &joined].map(|answered| string(answered, "/device")));
    for answered in [&owner, &logged_in, &refreshed, &joined] {
        secrets.extend(["/access_token", "/refresh_token"].map(|pointer| string(answered, pointer)));
    }
    let tenant = App::shared().stored("tenants", json!({ "_id": owner.json["tenant"]["id"] })).await;
    let since = json!({ "$date": tenant[0]["created_at"] });
    for entity in entities::ALL {
        let ours = json!({ "tenant_id": { "$in": [owner.json["tenant"]["id"], "platform"] }, "created_at": { "$gte": since } });
        let stored = App::shared().stored(entity.collection, ours).await;
        let stored = serde_json::to_string(&stored).unwrap();
        if entity.name == "idempotency" {
            assert!(stored.matches("\"sealed\":").count() >= 3, "the answers are kept");
        }
        for secret in &secrets {
            assert!(!stored.contains(secret.as_str()), "{} holds {secret}", entity.collection);
        }
    }
    let identity = &App::shared().stored("identities", json!({ "email": email })).await[0];
    assert!(identity["password_hash"].as_str().unwrap().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}
