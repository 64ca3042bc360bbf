//! The tenant as those who run it see and change it.

use domain::Role::{Customer, Manager, Vendor};
use serde_json::json;
use support::App;

use super::{events, on_plan, set, signed_up, word};

#[tokio::test]
async fn a_new_tenant_has_a_plan_limits_and_a_name_of_its_own() {
    let (answered, owner) = signed_up().await;
    let tenant = owner.get("/v1/tenant").await.expect(200);
    assert_eq!(tenant.json["id"], answered.json["tenant"]["id"]);
    assert!(tenant.json["subdomain"].as_str().unwrap().starts_with("acme-sons-"));
    assert_eq!((&tenant.json["plan"], &tenant.json["status"]), (&json!("basic"), &json!("active")));
    assert_eq!((&tenant.json["max_users"], &tenant.json["max_leads"]), (&json!(25), &json!(10_000)));
    assert!(tenant.json["subscription_start"].is_string());
    let usage = owner.get("/v1/tenant/usage").await.expect(200);
    assert_eq!(usage.json["users"], json!({ "used": 1, "max": 25 }));
    assert_eq!(usage.json["leads"], json!({ "used": 0, "max": 10_000 }));
    assert_eq!(usage.json["staff_vendors"], json!({ "used": 0, "max": 10_000 }));
    owner.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    assert_eq!(owner.get("/v1/tenant/usage").await.json["leads"]["used"], 1);
}

#[tokio::test]
async fn a_subdomain_belongs_to_one_tenant_until_it_lets_go() {
    let ((_, first), (_, second)) = (signed_up().await, signed_up().await);
    let name = word();
    let take = |who: &support::Caller| who.patch("/v1/tenant", json!({ "subdomain": name }));
    take(&first).send().await.expect(200);
    assert_eq!(take(&second).send().await.expect(409).code(), "subdomain-taken");
    let signup = json!({ "tenant_name": "B", "subdomain": name, "name": "B", "email": format!("{}@example.com", word()), "password": "correct horse battery" });
    assert_eq!(App::shared().anyone().post("/v1/auth/signup", signup).send().await.expect(409).code(), "subdomain-taken");
    first.patch("/v1/tenant", json!({ "subdomain": word() })).send().await.expect(200);
    take(&second).send().await.expect(200);
    for bad in ["admin", "no_way", "-a-b", "a"] {
        let refused = first.patch("/v1/tenant", json!({ "subdomain": bad })).send().await.expect(422);
        assert_eq!(refused.places(), ["/subdomain"], "{bad}");
    }
}

#[tokio::test]
async fn a_feature_is_turned_on_where_the_plan_has_it() {
    let (tenant, owner) = on_plan("basic").await;
    let turn = |feature: &str, on: bool| owner.patch("/v1/tenant", json!({ "features": { feature: on } }));
    let refused = turn("sms_enabled", true).send().await.expect(403);
    assert_eq!((refused.code(), &refused.json["feature"]), ("feature-not-in-plan", &json!("sms_enabled")));
    let branding = owner.patch("/v1/tenant", json!({ "branding": { "from_name": "Acme" } })).send().await.expect(403);
    assert_eq!(branding.json["feature"], "custom_branding");
    let off = turn("auto_tagging", false).send().await.expect(200);
    assert_eq!(off.json["features_enabled"], json!(["automation_enabled"]));
    set(&tenant.id, json!({ "plan": "professional" })).send().await.expect(200);
    let features = owner.get("/v1/tenant/features").await.expect(200);
    assert_eq!(features.json["sms_enabled"], json!({ "is_enabled": true, "is_available": true }));
    assert_eq!(features.json["auto_tagging"], json!({ "is_enabled": false, "is_available": true }));
    assert_eq!(features.json["ai_lead_scoring"], json!({ "is_enabled": false, "is_available": false }));
    turn("sms_enabled", true).send().await.expect(200);
    set(&tenant.id, json!({ "plan": "basic", "extra_features": ["ai_lead_scoring"] })).send().await.expect(200);
    owner.patch("/v1/tenant", json!({ "name": "What was on before stands in nobody's way" })).send().await.expect(200);
    assert_eq!(owner.get("/v1/tenant").await.json["features_enabled"], json!(["automation_enabled", "ai_lead_scoring"]));
}

#[tokio::test]
async fn a_feature_that_is_switched_off_is_not_used() {
    let (_, owner) = on_plan("professional").await;
    let change = |tenant: serde_json::Value| owner.patch("/v1/tenant", tenant).send();
    let branding = json!({ "from_name": "Acme" });
    change(json!({ "branding": branding, "features": { "custom_branding": true } })).await.expect(200);
    change(json!({ "features": { "custom_branding": false } })).await.expect(200);
    let refused = change(json!({ "branding": { "from_name": "Other" } })).await.expect(403);
    assert_eq!((refused.code(), &refused.json["feature"]), ("feature-off", &json!("custom_branding")));
    change(json!({ "name": "What was there stays", "branding": branding })).await.expect(200);
    change(json!({ "branding": null })).await.expect(200);
    change(json!({ "branding": branding, "features": { "custom_branding": true } })).await.expect(200);
}

#[tokio::test]
async fn whom_to_bill_is_for_those_who_run_the_tenant_and_holds_no_card() {
    let (tenant, owner) = on_plan("enterprise").await;
    let method = json!({ "token": "pm_1", "brand": "visa", "last4": "4242", "expiry": "12/2030" });
    let billing = json!({ "contact_name": "Ada", "contact_email": "Ada@Acme.example", "payment_method": method });
    let changed = owner.patch("/v1/tenant", json!({ "billing_info": billing })).send().await.expect(200);
    assert_eq!(changed.json["billing_info"]["contact_email"], "ada@acme.example");
    for (bad, place) in [
        (json!({ "payment_method": { "token": "4111 1111 1111 1111" } }), "/billing_info/payment_method/token"),
        (json!({ "payment_method": { "cvv": "123" } }), "/billing_info/payment_method/cvv"),
        (json!({ "card_number": "4111111111111111" }), "/billing_info/card_number"),
    ] {
        let refused = owner.patch("/v1/tenant", json!({ "billing_info": bad })).send().await.expect(422);
        assert!(refused.places().contains(&place.to_owned()), "{}", refused.text);
    }
    for role in [Manager, Customer] {
        let caller = tenant.caller(role).await;
        caller.get("/v1/tenant").await.expect(403);
        assert!(!caller.get("/v1/me").await.text.contains("billing"));
    }
    assert!(!set(&tenant.id, json!({ "max_users": 5 })).send().await.expect(200).text.contains("billing"));
    assert_eq!(events(&tenant.id).await, ["tenant.updated", "tenant.updated"]);
}

#[tokio::test]
async fn a_recount_mends_what_was_counted_wrong() {
    let (tenant, owner) = on_plan("professional").await;
    for role in [Manager, Vendor] {
        tenant.member(role).await;
    }
    let wrong = json!({ "collection": "counters", "filter": { "tenant_id": tenant.id }, "update": { "$set": { "value": 77 } } });
    App::shared().data("updateMany", wrong).await;
    owner.post("/v1/tenant/usage/recount", json!({})).send().await.expect(204);
    let usage = owner.get("/v1/tenant/usage").await.expect(200);
    assert_eq!((&usage.json["users"]["used"], &usage.json["leads"]["used"]), (&json!(3), &json!(0)));
    assert_eq!((&usage.json["master_vendors"]["used"], &usage.json["staff_vendors"]["used"]), (&json!(1), &json!(0)));
}
