//! An invitation that nobody accepts in time is taken back, and its place with it.

use domain::Role;
use domain::plan::Limit;
use serde_json::json;
use support::{App, Tenant, id};

use super::{alone, jobs, now, run_at};

#[tokio::test]
async fn an_invitation_ends_after_seven_days_and_gives_its_place_back() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let invite = || {
        let email = format!("{}@example.com", id("new").to_lowercase().replace('_', "-"));
        owner.post("/v1/members", json!({ "email": email, "name": "New", "role": "vendor" }))
    };
    let (waiting, joined) = (invite().send().await.expect(201).id(), invite().send().await.expect(201).id());
    let join = json!({ "collection": "memberships", "filter": { "_id": joined }, "update": { "$set": { "status": "active" } } });
    app.data("updateOne", join).await;
    app.run_jobs().await;
    let places = async |limit: Limit| {
        app.stored("counters", json!({ "tenant_id": tenant.id, "key": limit.key() })).await[0]["value"].clone()
    };
    assert_eq!((places(Limit::Users).await, places(Limit::MasterVendors).await), (json!(2), json!(2)));
    run_at(now().plus_days(7).plus_ms(60_000)).await;
    assert!(jobs(&tenant, "invite-expiry").await.iter().all(|job| job["status"] == "done"));
    assert_eq!((places(Limit::Users).await, places(Limit::MasterVendors).await), (json!(1), json!(1)));
    let left = app.stored("memberships", json!({ "tenant_id": tenant.id, "role": "vendor", "deleted_at": null })).await;
    assert_eq!((left.len(), &left[0]["_id"]), (1, &json!(joined)));
    let events = app.stored("events", json!({ "tenant_id": tenant.id, "record.id": waiting })).await;
    assert_eq!(events.last().unwrap()["type"], "membership.expired");
}
