//! Listing leads: cursors, sorts and words.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Role;
use serde_json::{Value, json};
use support::Tenant;

#[tokio::test]
async fn a_cursor_that_no_list_gave_is_refused_by_name() {
    let manager = Tenant::new().await.caller(Role::Manager).await;
    for values in [json!(["created_at", ["soon"], "x"]), json!(["created_at", [5], "x"]), json!(["created_at", [true], "x"])] {
        let cursor = URL_SAFE_NO_PAD.encode(values.to_string());
        let refused = manager.get(&format!("/v1/leads?sort=created_at&cursor={cursor}")).await.expect(400);
        assert_eq!(refused.places(), ["cursor"], "{values}");
    }
}

#[tokio::test]
async fn a_list_is_sorted_by_no_field_twice() {
    let manager = Tenant::new().await.caller(Role::Manager).await;
    for sort in ["id,-id", "category,-category", "-id,category,id"] {
        assert_eq!(manager.get(&format!("/v1/leads?sort={sort}")).await.expect(400).places(), ["sort"], "{sort}");
    }
}

#[tokio::test]
async fn a_new_lead_is_found_by_its_reference() {
    let manager = Tenant::new().await.caller(Role::Manager).await;
    for category in ["Roof", "Floor"] {
        manager.post("/v1/leads", json!({ "category": category })).send().await.expect(201);
    }
    for q in ["SU-000002", "su-000002", "000002", "floor%20000002", "SU-00000"] {
        let found = manager.get(&format!("/v1/leads?q={q}")).await.expect(200);
        let references: Vec<&Value> = found.json["data"].as_array().unwrap().iter().map(|lead| &lead["reference"]).collect();
        let expected = if q == "SU-00000" { vec!["SU-000002", "SU-000001"] } else { vec!["SU-000002"] };
        assert_eq!(references, expected, "{q}");
    }
}

#[tokio::test]
async fn members_that_are_not_visible_stay_ids_in_an_expanded_list() {
    let tenant = Tenant::new().await;
    let (customer, manager) = (tenant.member(Role::Customer).await, tenant.member(Role::Manager).await);
    let lead = json!({ "category": "Roof", "customer": customer.id, "manager": manager.id });
    let lead = manager.caller().post("/v1/leads", lead).send().await.expect(201);
    let path = format!("/v1/conversations/{}?expand=participants", lead.json["conversation"].as_str().unwrap());
    let seen = customer.caller().get(&path).await.expect(200);
    assert_eq!(seen.json["participants"], json!([customer.id, manager.id]));
    let seen = manager.caller().get(&format!("{path}&fields=title")).await.expect(200);
    assert_eq!(
        (&seen.json["participants"][0]["id"], &seen.json["participants"][1]["id"]),
        (&json!(customer.id), &json!(manager.id))
    );
}
