//! Custom fields of records that no request makes, and values that go with their field.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Caller, Tenant};

use super::alone;

async fn define(owner: &Caller, fields: Value) -> String {
    let mut body = json!({ "entity": "lead", "label": "A field" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    owner.post("/v1/fields", body).send().await.expect(201).id()
}

#[tokio::test]
async fn a_field_goes_with_all_its_values_when_that_is_asked_for() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let field = define(&owner, json!({ "key": "roof", "type": "text", "searchable": true })).await;
    define(&owner, json!({ "key": "size", "type": "number" })).await;
    define(&owner, json!({ "key": "tax", "type": "text", "personal": true })).await;
    let mut leads = Vec::new();
    for number in 0..60 {
        let custom = json!({ "roof": "straw", "size": number, "tax": "DE" });
        leads.push(owner.post("/v1/leads", json!({ "category": "Roof", "custom": custom })).send().await.expect(201).id());
    }
    owner.delete(&format!("/v1/leads/{}", leads[0])).await.expect(204);
    let path = format!("/v1/fields/{field}");
    assert_eq!(owner.post(&format!("{path}/purge"), json!({})).send().await.expect(409).code(), "field-active");
    owner.patch(&path, json!({ "status": "archived" })).send().await.expect(200);
    assert_eq!(owner.delete(&path).await.expect(409).code(), "field-in-use");
    owner.post(&format!("{path}/purge"), json!({})).send().await.expect(202);
    app.run_jobs().await;
    owner.get(&path).await.expect(404);
    for lead in app.stored("leads", json!({ "tenant_id": tenant.id })).await {
        assert_eq!(
            (&lead["custom"], &lead["custom_personal"]),
            (&json!({ "size": lead["custom"]["size"] }), &json!({ "tax": "DE" }))
        );
        assert!(
            !lead["custom_index"].to_string().contains("roof") && !lead["search_words"].to_string().contains("straw"),
            "{lead}"
        );
    }
    let told =
        app.stored("events", json!({ "tenant_id": tenant.id, "changes.custom.roof.after": null, "type": "lead.updated" })).await;
    assert_eq!(told.len(), 60);
}

#[tokio::test]
async fn a_purge_that_stopped_is_begun_again() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let field = define(&owner, json!({ "key": "roof", "type": "text" })).await;
    owner.post("/v1/leads", json!({ "category": "Roof", "custom": { "roof": "straw" } })).send().await.expect(201);
    let path = format!("/v1/fields/{field}");
    owner.patch(&path, json!({ "status": "archived" })).send().await.expect(200);
    owner.post(&format!("{path}/purge"), json!({})).send().await.expect(202);
    let stopped = json!({ "$set": { "status": "dead" } });
    app.data("updateMany", json!({ "collection": "jobs", "filter": { "tenant_id": tenant.id }, "update": stopped })).await;
    owner.post(&format!("{path}/purge"), json!({})).send().await.expect(202);
    owner.post(&format!("{path}/purge"), json!({})).send().await.expect(202);
    app.run_jobs().await;
    owner.get(&path).await.expect(404);
    let told = app.stored("events", json!({ "tenant_id": tenant.id, "type": "field_definition.deleted" })).await;
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn values_of_any_size_go_with_their_field() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let field = define(&owner, json!({ "key": "gone", "type": "text" })).await;
    let long = "ü".repeat(10_000);
    let mut custom = json!({ "gone": long });
    for kept in ["a", "b", "c", "d"] {
        define(&owner, json!({ "key": kept, "type": "text" })).await;
        custom[kept] = long.as_str().into();
    }
    for _ in 0..50 {
        owner.post("/v1/leads", json!({ "category": "Roof", "custom": custom })).send().await.expect(201);
    }
    let path = format!("/v1/fields/{field}");
    owner.patch(&path, json!({ "status": "archived" })).send().await.expect(200);
    owner.post(&format!("{path}/purge"), json!({})).send().await.expect(202);
    app.run_jobs().await;
    owner.get(&path).await.expect(404);
    let leads = app.stored("leads", json!({ "tenant_id": tenant.id })).await;
    assert!(leads.len() == 50 && leads.iter().all(|lead| lead["custom"]["gone"].is_null() && lead["custom"]["d"] == *long));
}

#[tokio::test]
async fn values_are_searched_as_the_field_says_now() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    let field = define(&owner, json!({ "key": "roof", "type": "text" })).await;
    define(&owner, json!({ "key": "size", "type": "number" })).await;
    let mut leads = Vec::new();
    for at in 0..60 {
        let made = owner.post("/v1/leads", json!({ "category": "Roof", "custom": { "roof": "Straw", "size": at } }));
        leads.push(made.send().await.expect(201));
    }
    let deleted = leads[0].id();
    owner.delete(&format!("/v1/leads/{deleted}")).await.expect(204);
    let found = async || owner.get("/v1/leads?q=straw&count=true").await.expect(200).json["total"].clone();
    let set = async |is: bool| {
        owner.patch(&format!("/v1/fields/{field}"), json!({ "searchable": is })).send().await.expect(200);
        app.run_jobs().await;
    };
    assert_eq!(found().await, 0);
    set(true).await;
    assert_eq!(found().await, 59);
    owner.post(&format!("/v1/leads/{deleted}/restore"), json!({})).send().await.expect(200);
    assert_eq!(found().await, 60, "the trash, too");
    let events = app.stored("events", json!({ "tenant_id": tenant.id, "record.id": leads[1].id() })).await;
    assert_eq!(events.len(), 1, "no value has changed");
    set(false).await;
    assert_eq!(found().await, 0);
}
