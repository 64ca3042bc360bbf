//! What the jobs of a suspended or cancelled tenant do: those that reach outward, or cannot be taken back, wait, and go on as
//! soon as it is over; when the tenant has come to its end, so have they.

use domain::{Role, Time};
use serde_json::{Value, json};
use support::{App, OPERATOR_SECRET, Tenant, id};

use super::{alone, job, jobs, now, queue, run_at};

async fn set_status(tenant: &Tenant, status: &str) {
    set_status_at(tenant, status, now()).await;
}

async fn set_status_at(tenant: &Tenant, status: &str, time: Time) {
    let path = format!("/v1/operator/tenants/{}", tenant.id);
    App::shared().with_token(OPERATOR_SECRET).patch(&path, json!({ "status": status })).at(time).send().await.expect(200);
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

/// A tenant in which somebody has just been invited.
async fn inviting() -> (Tenant, String) {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let email = format!("{}@example.com", id("new").to_lowercase().replace('_', "-"));
    owner.post("/v1/members", json!({ "email": email, "name": "New", "role": "expert" })).send().await.expect(201);
    (tenant, email)
}

async fn erase_after(tenant: &Tenant) -> Value {
    App::shared().stored("tenants", json!({ "_id": tenant.id })).await[0]["erase_after"].clone()
}

#[tokio::test]
async fn the_jobs_of_a_cancelled_tenant_wait_until_it_ends_and_end_with_it() {
    let _alone = alone().await;
    let (app, (tenant, email)) = (App::shared(), inviting().await);
    set_status(&tenant, "cancelled").await;
    app.run_jobs().await;
    let end = erase_after(&tenant).await;
    let waiting = &jobs(&tenant, "invite").await[0];
    assert_eq!((&waiting["status"], &waiting["run_at"], &waiting["attempts"]), (&json!("queued"), &end, &json!(0)));
    run_at(Time::parse(end.as_str().unwrap()).unwrap().plus_ms(1_000)).await;
    assert_eq!(jobs(&tenant, "invite").await[0]["status"], "done");
    assert!(app.standins.mails_to(&email).await.is_empty());
}

#[tokio::test]
async fn the_jobs_of_a_tenant_that_comes_back_go_on_at_once() {
    let _alone = alone().await;
    let (app, (tenant, email)) = (App::shared(), inviting().await);
    set_status(&tenant, "cancelled").await;
    app.run_jobs().await;
    set_status(&tenant, "active").await;
    app.run_jobs().await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
}

#[tokio::test]
async fn the_trash_of_a_tenant_that_can_restore_nothing_is_kept() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let person = owner.post("/v1/people", json!({ "name": "Ada", "email": "ada@example.com" })).send().await.expect(201).id();
    owner.delete(&format!("/v1/people/{person}")).await.expect(204);
    set_status(&tenant, "suspended").await;
    let late = now().plus_days(31);
    run_at(late).await;
    let status = async || jobs(&tenant, "erase").await[0]["status"].clone();
    assert_eq!(status().await, "queued");
    set_status_at(&tenant, "active", late).await;
    run_at(late.plus_days(6)).await;
    assert_eq!((status().await, app.stored("people", json!({ "_id": person })).await.len()), (json!("queued"), 1));
    run_at(late.plus_days(8)).await;
    assert_eq!((status().await, app.stored("people", json!({ "_id": person })).await.len()), (json!("done"), 0));
}
