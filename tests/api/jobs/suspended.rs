//! What a suspended tenant's jobs do: those that reach outward wait, and go on as soon as it is over.

use domain::Role;
use serde_json::json;
use support::{App, OPERATOR_SECRET, Tenant, id};

use super::{alone, job, jobs, now, queue, run_at};

async fn set_status(tenant: &Tenant, status: &str) {
    let path = format!("/v1/operator/tenants/{}", tenant.id);
    App::shared().with_token(OPERATOR_SECRET).patch(&path, json!({ "status": status })).send().await.expect(200);
}

#[tokio::test]
async fn what_reaches_outward_waits_until_the_tenant_is_back() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let email = format!("{}@example.com", id("new").to_lowercase().replace('_', "-"));
    owner.post("/v1/members", json!({ "email": email, "name": "New", "role": "expert" })).send().await.expect(201);
    set_status(&tenant, "suspended").await;
    let inward = queue(&tenant, "notify", json!({ "cause": "evt_x", "members": [], "roles": [], "facts": {} })).await;
    app.run_jobs().await;
    assert!(app.standins.mails_to(&email).await.is_empty());
    let waiting = &jobs(&tenant, "invite").await[0];
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("queued"), &json!(0)), "waiting is no attempt");
    assert_eq!(job(&inward).await["status"], "done");
    set_status(&tenant, "active").await;
    run_at(now().plus_ms(901_000)).await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
}
