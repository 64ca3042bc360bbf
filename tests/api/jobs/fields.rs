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
