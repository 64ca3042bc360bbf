//! Those who give values at the same time do not wait for one another; whoever changes a definition waits for all of them.

use std::collections::BTreeMap;

use domain::Role;
use serde_json::{Value, json};
use support::{App, Tenant};

use super::define;

/// What writers of values write as well, by its key, and how often.
async fn marks(tenant: &Tenant) -> BTreeMap<String, i64> {
    let counters = App::shared().stored("counters", json!({ "tenant_id": tenant.id })).await;
    let mark = |counter: &Value| Some((counter["key"].as_str()?.to_owned(), counter["value"].as_i64()?));
    counters.iter().filter_map(mark).filter(|(key, _)| key.starts_with("fields.")).collect()
}

#[tokio::test]
async fn writers_of_values_meet_whoever_changes_a_definition_and_seldom_each_other() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let field = define(&owner, json!({ "key": "size", "type": "number" })).await;
    let before = marks(&tenant).await;
    for size in 0..40 {
        owner.post("/v1/leads", json!({ "category": "Roof", "custom": { "size": size } })).send().await.expect(201);
    }
    let after = marks(&tenant).await;
    let by_each: Vec<i64> = after.iter().map(|(key, value)| value - before.get(key).unwrap_or(&0)).collect();
    assert_eq!(by_each.iter().sum::<i64>(), 40, "each writes one mark: {by_each:?}");
    assert!(by_each.iter().filter(|count| **count > 0).count() > 3, "{by_each:?}");
    owner.patch(&format!("/v1/fields/{field}"), json!({ "max": 50 })).send().await.expect(200);
    let changed = marks(&tenant).await;
    assert!(changed.iter().all(|(key, value)| *value == after.get(key).unwrap_or(&0) + 1), "{after:?} {changed:?}");
    let schema = &App::shared().stored("field_schemas", json!({ "tenant_id": tenant.id })).await[0];
    assert_eq!((&schema["version"], schema.get("touched")), (&json!(2), None));
}
