//! Settings: what a tenant chooses, within the bounds of each.

use domain::Role::{Manager, Owner};
use serde_json::{Value, json};
use support::{Answered, App, Tenant};

fn setting<'a>(answered: &'a Answered, key: &str) -> &'a Value {
    answered.json["data"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap()
}

#[tokio::test]
async fn a_setting_is_its_default_until_somebody_chooses() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    let all = owner.get("/v1/settings").await.expect(200);
    let expected = json!({ "key": "vendors.max_staff", "type": "integer", "value": 10_000, "default": 10_000 });
    assert_eq!(setting(&all, "vendors.max_staff"), &expected);
    assert_eq!(setting(&all, "billing.service_fee")["value"], json!({ "basis_points": 1_000 }));
    let chosen = owner.patch("/v1/settings", json!({ "vendors.max_staff": 3, "billing.service_fee": { "basis_points": 250 } }));
    let chosen = chosen.send().await.expect(200);
    assert_eq!(setting(&chosen, "vendors.max_staff")["value"], 3);
    assert_eq!(owner.get("/v1/settings").await.json, chosen.json);
    assert_eq!(owner.get("/v1/tenant/usage").await.json["staff_vendors"], json!({ "used": 0, "max": 3 }));
    let back = owner.patch("/v1/settings", json!({ "vendors.max_staff": null })).send().await.expect(200);
    assert_eq!(setting(&back, "vendors.max_staff"), &expected);
    let events = App::shared().stored("events", json!({ "tenant_id": tenant.id, "record.type": "setting" })).await;
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["setting.created", "setting.created", "setting.updated"]);
    assert_eq!(events[2]["changes"]["value"], json!({ "before": 3, "after": 10_000 }));
    let manager = tenant.caller(Manager).await;
    manager.get("/v1/settings").await.expect(403);
}

#[tokio::test]
async fn a_setting_keeps_to_its_type_and_bounds() {
    let owner = Tenant::new().await.caller(Owner).await;
    for (bad, place) in [
        (json!({ "vendors.max_staff": "many" }), "/vendors.max_staff"),
        (json!({ "vendors.max_masters": -1 }), "/vendors.max_masters"),
        (json!({ "vendors.max_masters": 1.5 }), "/vendors.max_masters"),
        (json!({ "billing.service_fee": { "basis_points": 10_001 } }), "/billing.service_fee/basis_points"),
        (json!({ "billing.service_fee": {} }), "/billing.service_fee/basis_points"),
        (json!({ "nobody.knows": 1 }), "/nobody.knows"),
        (json!({ "nobody.knows": null }), "/nobody.knows"),
    ] {
        assert_eq!(owner.patch("/v1/settings", bad).send().await.expect(422).places(), [place]);
    }
    assert!(
        owner.get("/v1/settings").await.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|setting| setting["value"] == setting["default"])
    );
}
