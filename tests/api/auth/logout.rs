//! Logging out.

use serde_json::json;

use super::{caller, email, events_of, post, signed_up, string};

#[tokio::test]
async fn logging_out_ends_this_login_and_no_other() {
    let email = email();
    let first = signed_up(&email).await;
    let second = post("/v1/auth/login", json!({ "email": email, "password": super::PASSWORD })).send().await.expect(200);
    for _ in 0..2 {
        let out = caller(&first).post("/v1/auth/logout", json!({})).send().await.expect(204);
        assert_eq!(out.text, "");
    }
    let refresh = |token: String| post("/v1/auth/refresh", json!({ "refresh_token": token })).send();
    let token = string(&first, "/refresh_token");
    assert_eq!(refresh(token.clone()).await.expect(401).code(), "session-ended");
    refresh(string(&second, "/refresh_token")).await.expect(200);
    assert_eq!(events_of(token.split('.').next().unwrap()).await, ["login.created", "login.revoked"]);
}
