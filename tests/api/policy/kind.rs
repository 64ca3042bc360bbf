//! Who is staff and who is not.

use serde_json::json;
use support::Answered;

use crate::auth::{caller, email, signed_up};

#[tokio::test]
async fn who_is_staff_and_who_is_not_follows_from_the_role() {
    let owner = caller(&signed_up(&email()).await);
    let invite = |role: &str| owner.post("/v1/members", json!({ "email": email(), "name": "Ivan", "role": role })).send();
    let (manager, customer) = (invite("manager").await.expect(201), invite("customer").await.expect(201));
    assert_eq!((&manager.json["kind"], &customer.json["kind"]), (&json!("staff"), &json!("portal")));
    let ids = |answered: Answered| {
        let members = answered.json["data"].as_array().unwrap().clone();
        members.iter().map(|member| member["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(owner.get("/v1/members?kind=portal").await.expect(200)), [customer.id()]);
    let path = format!("/v1/members/{}", customer.id());
    let changed = owner.patch(&path, json!({ "role": "manager" })).send().await.expect(200);
    assert_eq!(changed.json["kind"], "staff");
    assert_eq!(ids(owner.get("/v1/members?kind=staff").await.expect(200)).len(), 3);
    let role = json!({ "name": "Guest", "based_on": "customer", "permissions": { "lead:read": "all" } });
    assert_eq!(owner.post("/v1/roles", role).send().await.expect(422).places(), ["/permissions/lead:read"]);
    let role = json!({ "name": "Guest", "based_on": "customer", "permissions": { "lead:read": "team" } });
    let guest = owner.post("/v1/roles", role).send().await.expect(201);
    let changed = owner.patch(&path, json!({ "custom_role": guest.id() })).send().await.expect(200);
    assert_eq!(changed.json["kind"], "portal");
}
