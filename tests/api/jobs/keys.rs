//! Replacing a tenant's keys: records of any size are sealed anew, and a replacement that stopped goes on.

use domain::Role;
use domain::entities::RECEIPT;
use domain::json::doc;
use serde_json::{Value, json};
use store::keys::TOKENS_OUT_MS;
use store::{Nonces, Rings};
use support::{App, Caller, Tenant, id};

use super::{alone, jobs, now, run_at};

/// A receipt with a body of so many letters, sealed with the tenant's first key.
async fn receipt(tenant: &Tenant, letters: usize) {
    let rings = Rings::new(App::shared().vault.clone());
    rings.learn(&tenant.id, App::shared().as_stored("keys", json!({ "_id": tenant.id })).await[0]["sealed"].as_str().unwrap());
    let fields = [("_id", id("rec")), ("tenant_id", tenant.id.clone()), ("event_id", id("evt")), ("body", "x".repeat(letters))];
    let mut record = doc(fields.map(|(name, text)| (name, text.into())).to_vec());
    record.insert("version".to_owned(), 1.into());
    rings.sealed(&RECEIPT, &tenant.id, &mut record, &mut Nonces::new([3; 12])).unwrap();
    App::shared().data("insertOne", json!({ "collection": "receipts", "document": record })).await;
}

async fn rotate(owner: &Caller) -> (u16, Value) {
    let answered = owner.post("/v1/policy/keys/rotate", json!({})).send().await;
    (answered.status, if answered.status == 202 { answered.json["status"].clone() } else { answered.json["code"].clone() })
}

/// The steps that wait.
async fn waiting(tenant: &Tenant) -> Vec<Value> {
    let steps = jobs(tenant, "keys").await;
    steps.iter().filter(|job| job["status"] == "queued").map(|job| job["payload"]["step"].clone()).collect()
}

/// Runs the steps of a replacement up to the one that waits for three days.
async fn seal_all_anew() {
    for turn in [1, 2] {
        let time = now().plus_ms(turn * (TOKENS_OUT_MS + 1_000));
        while run_at(time).await.taken > 0 {}
    }
}

#[tokio::test]
async fn records_of_any_size_are_sealed_anew() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    receipt(&tenant, 1_048_576).await;
    for _ in 0..110 {
        receipt(&tenant, 20_000).await;
    }
    receipt(&tenant, 1_048_576).await;
    assert_eq!(rotate(&owner).await, (202, json!("rotating")));
    seal_all_anew().await;
    let receipts = app.as_stored("receipts", json!({ "tenant_id": tenant.id })).await;
    assert_eq!(receipts.len(), 112);
    assert!(receipts.iter().all(|receipt| receipt["body"].as_str().unwrap().starts_with("~1.2.")), "some are left");
    assert_eq!(waiting(&tenant).await, ["retire"]);
}

#[tokio::test]
async fn what_is_plain_at_rest_is_sealed_and_found() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let person = json!({
        "_id": id("per"), "tenant_id": tenant.id, "name": "Ada", "email": "ada@example.com", "phone": "+442079460958", "version": 1,
    });
    app.data("insertOne", json!({ "collection": "people", "document": person })).await;
    rotate(&owner).await;
    seal_all_anew().await;
    let stored = &app.as_stored("people", json!({ "tenant_id": tenant.id })).await[0];
    for field in ["name", "email", "phone"] {
        assert!(stored[field].as_str().unwrap().starts_with("~1.2."), "{field}: {stored}");
    }
    assert!(stored["email_blind"].is_string(), "{stored}");
    assert_eq!(stored["version"], 1);
}

#[tokio::test]
async fn a_replacement_that_stopped_goes_on_when_it_is_asked_for_again() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    assert_eq!(rotate(&owner).await, (202, json!("rotating")));
    assert_eq!(rotate(&owner).await, (409, json!("rotation-in-progress")));
    let stopped = json!({ "$set": { "status": "dead", "attempts": 10, "last_error": "internal" } });
    let filter = json!({ "tenant_id": tenant.id, "kind": "keys" });
    app.data("updateOne", json!({ "collection": "jobs", "filter": filter, "update": stopped })).await;
    assert_eq!(rotate(&owner).await, (202, json!("rotating")));
    let going = &jobs(&tenant, "keys").await[0];
    assert_eq!(
        (&going["status"], &going["attempts"], &going["payload"]["step"]),
        (&json!("queued"), &json!(0), &json!("activate"))
    );
    assert_eq!(rotate(&owner).await, (409, json!("rotation-in-progress")));
    app.data("deleteMany", json!({ "collection": "jobs", "filter": filter })).await;
    assert_eq!(rotate(&owner).await, (202, json!("rotating")), "a job that was lost");
    assert_eq!(rotate(&owner).await, (409, json!("rotation-in-progress")));
    seal_all_anew().await;
    assert_eq!(waiting(&tenant).await, ["retire"]);
}
