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
