//! Profiles: what members write of themselves, and what staff write of them.

use domain::policy::Reach;
use domain::{Policy, Role};
use serde_json::json;
use support::{App, Tenant};

#[tokio::test]
async fn members_write_their_own_profile_and_nothing_that_staff_decide() {
    let tenant = Tenant::new().await;
    let expert = tenant.member(Role::Expert).await;
    let patch = json!({
        "name": "Ann", "phone": "+44 20 7946 0018", "avatar": "avatars/ann.png", "address": { "city": "London" },
        "expert_profile": { "position": "Roofer", "bio": "Roofs", "products": ["Tiles"] },
    });
    let changed = expert.caller().patch("/v1/profile", patch).send().await.expect(200);
    assert_eq!(
        (&changed.json["phone"], &changed.json["expert_profile"]["position"]),
        (&json!("+442079460018"), &json!("Roofer"))
    );
    assert_eq!(expert.caller().get("/v1/profile").await.expect(200).json, changed.json, "and the session goes on");
    for (patch, pointer, code) in [
        (json!({ "department": "Roofs" }), "/department", "read-only"),
        (json!({ "role": "owner" }), "/role", "read-only"),
        (json!({ "verified": {} }), "/verified", "read-only"),
        (json!({ "policy": "P" }), "/policy", "unknown-field"),
        (json!({ "payout": {} }), "/payout", "unknown-field"),
        (json!({ "vendor_profile": { "type": "agent" } }), "/vendor_profile", "other-role"),
        (json!({ "avatar": "http://example.com/a.png" }), "/avatar", "bad-url"),
        (json!({ "phone": "12" }), "/phone", "bad-phone"),
    ] {
        let refused = expert.caller().patch("/v1/profile", patch).send().await.expect(422);
        assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec![pointer.to_owned()], &json!(code)));
    }
    let stored = App::shared().as_stored("memberships", json!({ "_id": expert.id })).await;
    assert!(!stored[0].to_string().contains("London") && !stored[0].to_string().contains("79460018"), "{}", stored[0]);
    let events = App::shared().stored("events", json!({ "record.id": expert.id, "type": "membership.updated" })).await;
    assert_eq!(events[0]["changes"]["address"], json!({ "before": null, "after": "[personal]" }));
}

#[tokio::test]
async fn staff_write_what_is_the_business_of_the_tenant() {
    let tenant = Tenant::new().await;
    let (owner, vendor, customer) =
        (tenant.caller(Role::Owner).await, tenant.member(Role::Vendor).await, tenant.member(Role::Customer).await);
    let manager = tenant.member(Role::Manager).await;
    let path = format!("/v1/profiles/{}", customer.id);
    let patch = json!({ "vendor": vendor.id, "location": { "region": "North", "territory": "N1" }, "customer_profile": { "industry": "Homes" } });
    let changed = owner.patch(&path, patch).send().await.expect(200);
    assert_eq!((&changed.json["vendor"], &changed.json["location"]["territory"]), (&json!(vendor.id), &json!("N1")));
    assert_eq!(owner.patch(&path, json!({ "vendor": manager.id })).send().await.expect(422).places(), ["/vendor"]);
    assert_eq!(owner.patch(&path, json!({ "in_house": true })).send().await.expect(422).json["errors"][0]["code"], "other-role");
    owner.patch(&path, json!({ "vendor": null })).send().await.expect(200);
    let path = format!("/v1/profiles/{}", manager.id);
    let patch = json!({ "department": "Roofs", "in_house": true, "manager_kind": "sd" });
    let changed = owner.patch(&path, patch).send().await.expect(200);
    assert_eq!((&changed.json["in_house"], &changed.json["manager_kind"]), (&json!(true), &json!("sd")));
    manager.caller().patch(&path, json!({ "department": "Walls" })).send().await.expect(403);
    let found = owner.get("/v1/members?location.territory=N1").await.expect(200);
    assert_eq!(found.json["data"][0]["id"], json!(customer.id));
}

#[tokio::test]
async fn nobody_writes_the_profile_of_whoever_may_do_more() {
    let tenant = Tenant::new().await;
    let (owner, admin) = (tenant.member(Role::Owner).await, tenant.member(Role::Admin).await);
    let path = |id: &str| format!("/v1/profiles/{id}");
    let patch = json!({ "phone": "+44 20 7946 0018" });
    let refused = admin.caller().patch(&path(&owner.id), patch.clone()).send().await.expect(403);
    assert_eq!(refused.code(), "role-not-allowed");
    assert!(owner.caller().get("/v1/profile").await.expect(200).json.get("phone").is_none());
    admin.caller().patch(&path(&admin.id), patch.clone()).send().await.expect(200);
    owner.caller().patch(&path(&admin.id), json!({ "department": "Roofs" })).send().await.expect(200);
    let policy = Policy::custom(Role::Manager, [("membership:update", Reach::All), ("membership:read", Reach::All)], []).unwrap();
    let clerk = tenant.member(Role::Manager).await.with(policy);
    let manager = tenant.member(Role::Manager).await;
    assert_eq!(clerk.caller().patch(&path(&manager.id), patch).send().await.expect(403).code(), "role-not-allowed");
}
