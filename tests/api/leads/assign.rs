//! Who takes part when a lead changes hands.

use domain::Role;
use serde_json::json;
use support::{App, Member, Tenant};

async fn participants(tenant: &Tenant) -> Vec<String> {
    let found = App::shared().stored("conversations", json!({ "tenant_id": tenant.id })).await;
    found[0]["participants"].as_array().unwrap().iter().map(|member| member.as_str().unwrap().to_owned()).collect()
}

async fn sees(member: &Member, lead: &str, conversation: &str) -> [u16; 2] {
    let caller = member.caller();
    [caller.get(&format!("/v1/leads/{lead}")).await.status, caller.get(&format!("/v1/conversations/{conversation}")).await.status]
}

#[tokio::test]
async fn whoever_is_replaced_sees_neither_the_lead_nor_its_conversation() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let (first, second, third) =
        (tenant.member(Role::Customer).await, tenant.member(Role::Customer).await, tenant.member(Role::Customer).await);
    let lead = manager.post("/v1/leads", json!({ "category": "Roof", "customer": first.id })).send().await.expect(201);
    let conversation = lead.json["conversation"].as_str().unwrap();
    let path = format!("/v1/leads/{}", lead.id());
    manager.post(&format!("{path}/assign"), json!({ "customer": second.id })).send().await.expect(200);
    assert_eq!(participants(&tenant).await, std::slice::from_ref(&second.id));
    assert_eq!(sees(&first, &lead.id(), conversation).await, [404, 404]);
    assert_eq!(sees(&second, &lead.id(), conversation).await, [200, 200]);
    manager.patch(&path, json!({ "customer": third.id })).send().await.expect(200);
    assert_eq!(participants(&tenant).await, std::slice::from_ref(&third.id));
    manager.patch(&path, json!({ "customer": null })).send().await.expect(200);
    assert_eq!(participants(&tenant).await, Vec::<String>::new());
    assert_eq!(sees(&third, &lead.id(), conversation).await, [404, 404]);
}

#[tokio::test]
async fn a_decided_lead_keeps_its_parties_and_may_change_its_manager() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let [customer, vendor, expert] = [Role::Customer, Role::Vendor, Role::Expert].map(|role| tenant.member(role));
    let (customer, vendor, expert) = (customer.await, vendor.await, expert.await);
    let other = [tenant.member(Role::Customer).await, tenant.member(Role::Vendor).await, tenant.member(Role::Manager).await];
    for status in ["awarded", "active", "completed"] {
        let lead = json!({ "category": "Roof", "customer": customer.id, "vendor": vendor.id });
        let path = format!("/v1/leads/{}", manager.post("/v1/leads", lead).send().await.expect(201).id());
        let id = path.rsplit('/').next().unwrap();
        let filter = json!({ "_id": id, "tenant_id": tenant.id });
        let decide = json!({ "collection": "leads", "filter": filter, "update": { "$set": { "status": status } } });
        App::shared().data("updateOne", decide).await;
        let assign = |body| manager.post(&format!("{path}/assign"), body).send();
        for body in [json!({ "customer": other[0].id }), json!({ "vendor": other[1].id }), json!({ "expert": expert.id })] {
            assert_eq!(assign(body.clone()).await.expect(409).code(), "lead-decided", "{status} {body}");
        }
        for body in [json!({ "customer": null }), json!({ "customer": other[0].id }), json!({ "vendor": other[1].id })] {
            let refused = manager.patch(&path, body.clone()).send().await.expect(409);
            assert_eq!(refused.code(), "lead-decided", "{status} {body}");
        }
        let kept = assign(json!({ "manager": other[2].id, "customer": customer.id })).await.expect(200);
        assert_eq!((&kept.json["manager"], &kept.json["customer"]), (&json!(other[2].id), &json!(customer.id)), "{status}");
    }
}

#[tokio::test]
async fn naming_who_is_named_already_writes_nothing() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let customer = tenant.member(Role::Customer).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof", "customer": customer.id })).send().await.expect(201);
    let path = format!("/v1/leads/{}/assign", lead.id());
    let same = manager.post(&path, json!({ "customer": customer.id })).send().await.expect(200);
    assert_eq!(same.json["version"], 1);
    let events = App::shared().stored("events", json!({ "tenant_id": tenant.id, "type": "lead.assigned" })).await;
    assert_eq!(events.len(), 0);
}
