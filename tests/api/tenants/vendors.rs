//! Vendors under vendors: no circles, no more than the settings allow, and a line that moves as one.

use domain::Role::{Expert, Owner, Vendor};
use futures_util::future::join;
use serde_json::{Value, json};
use support::{Answered, App, Caller, Request, Tenant, id};

async fn invite(owner: &Caller, master: Option<&str>) -> Answered {
    let email = format!("{}@example.com", id("new").to_lowercase().replace('_', "-"));
    let mut body = json!({ "email": email, "name": "V", "role": "vendor" });
    if let Some(master) = master {
        body["master"] = master.into();
    }
    owner.post("/v1/members", body).send().await
}

fn put(owner: &Caller, vendor: &str, master: impl Into<Value>) -> Request {
    owner.patch(&format!("/v1/members/{vendor}"), json!({ "master": master.into() }))
}

async fn line(owner: &Caller, vendor: &str) -> Value {
    owner.get(&format!("/v1/members/{vendor}")).await.expect(200).json["ancestors"].clone()
}

/// Vendors each under the one before.
async fn chain(owner: &Caller, length: usize) -> Vec<String> {
    let mut vendors: Vec<String> = Vec::new();
    for _ in 0..length {
        vendors.push(invite(owner, vendors.last().map(String::as_str)).await.expect(201).id());
    }
    vendors
}

#[tokio::test]
async fn a_line_of_vendors_moves_as_one_and_never_in_a_circle() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    let vendors = chain(&owner, 3).await;
    let [a, b, c] = [&vendors[0], &vendors[1], &vendors[2]];
    let top = owner.get(&format!("/v1/members/{a}")).await.expect(200);
    assert_eq!((&top.json["is_master"], &top.json["ancestors"]), (&json!(true), &json!([])));
    assert_eq!(line(&owner, c).await, json!([a, b]));
    for under in [a, b, c] {
        let refused = put(&owner, a, under.as_str()).send().await.expect(422);
        assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec!["/master".to_owned()], &json!("cycle")));
    }
    let other = invite(&owner, None).await.expect(201).id();
    put(&owner, b, other.as_str()).send().await.expect(200);
    assert_eq!((line(&owner, b).await, line(&owner, c).await), (json!([other]), json!([other, b])));
    let freed = put(&owner, b, Value::Null).send().await.expect(200);
    assert_eq!((&freed.json["is_master"], freed.json.get("master")), (&json!(true), None));
    assert_eq!(line(&owner, c).await, json!([b]));
    let usage = owner.get("/v1/tenant/usage").await.json;
    assert_eq!((&usage["master_vendors"]["used"], &usage["staff_vendors"]["used"]), (&json!(3), &json!(1)));
    let moved = App::shared().stored("events", json!({ "tenant_id": tenant.id, "type": "membership.moved" })).await;
    assert_eq!(moved.len(), 2);
}

#[tokio::test]
async fn two_who_are_put_under_each_other_at_once_do_not_close_a_circle() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    for _ in 0..5 {
        let (a, b) = (invite(&owner, None).await.expect(201).id(), invite(&owner, None).await.expect(201).id());
        let (one, other) = join(put(&owner, &a, b.as_str()).send(), put(&owner, &b, a.as_str()).send()).await;
        assert!(one.status == 200 || other.status == 200 || one.status == 503 || other.status == 503);
        assert!(!(one.status == 200 && other.status == 200), "{} {}", one.text, other.text);
        let lines = (line(&owner, &a).await, line(&owner, &b).await);
        assert!(lines.0 == json!([]) || lines.1 == json!([]), "{lines:?}");
    }
}

#[tokio::test]
async fn a_master_is_a_vendor_and_lines_are_short() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.caller(Owner).await, tenant.member(Expert).await);
    let code = |answered: &Answered| answered.json["errors"][0]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(code(&invite(&owner, Some(&expert.id)).await.expect(422)), "not-a-vendor");
    assert_eq!(code(&invite(&owner, Some(&id("mem"))).await.expect(422)), "not-found");
    let vendors = chain(&owner, 6).await;
    assert_eq!(code(&put(&owner, &expert.id, vendors[0].as_str()).send().await.expect(422)), "only-for-vendors");
    assert_eq!(code(&invite(&owner, Some(&vendors[5])).await.expect(422)), "too-deep");
    let top = invite(&owner, None).await.expect(201).id();
    assert_eq!(code(&put(&owner, &vendors[0], top.as_str()).send().await.expect(422)), "too-deep");
    let role = |vendor: &str| owner.patch(&format!("/v1/members/{vendor}"), json!({ "role": "expert" }));
    assert_eq!(role(&vendors[4]).send().await.expect(409).code(), "vendor-has-staff");
    let changed = role(&vendors[5]).send().await.expect(200);
    assert_eq!((changed.json.get("master"), &changed.json["is_master"]), (None, &json!(false)));
    assert_eq!(owner.delete(&format!("/v1/members/{}", vendors[3])).await.expect(409).code(), "vendor-has-staff");
    owner.delete(&format!("/v1/members/{}", vendors[4])).await.expect(204);
}

#[tokio::test]
async fn the_settings_say_how_many_masters_and_staff_there_may_be() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    let caps = json!({ "vendors.max_masters": 2, "vendors.max_staff": 1 });
    owner.patch("/v1/settings", caps).send().await.expect(200);
    let (a, b) = (invite(&owner, None).await.expect(201).id(), invite(&owner, None).await.expect(201).id());
    let refused = invite(&owner, None).await.expect(403);
    assert_eq!((refused.code(), &refused.json["limit"]), ("plan-limit", &json!("master_vendors")));
    put(&owner, &b, a.as_str()).send().await.expect(200);
    assert_eq!(invite(&owner, Some(&a)).await.expect(403).json["limit"], "staff_vendors");
    let c = invite(&owner, None).await.expect(201).id();
    assert_eq!(put(&owner, &c, a.as_str()).send().await.expect(403).json["limit"], "staff_vendors");
    assert_eq!(put(&owner, &b, Value::Null).send().await.expect(403).json["limit"], "master_vendors");
    owner.delete(&format!("/v1/members/{c}")).await.expect(204);
    put(&owner, &b, Value::Null).send().await.expect(200);
    let usage = owner.get("/v1/tenant/usage").await.json;
    assert_eq!(
        (&usage["master_vendors"], &usage["staff_vendors"]),
        (&json!({ "used": 2, "max": 2 }), &json!({ "used": 0, "max": 1 }))
    );
    assert_eq!(usage["users"]["used"], 2, "members who were put in place directly took no place");
}

#[tokio::test]
async fn what_a_vendor_brings_in_is_of_all_masters_above_and_of_nobody_beside_or_below() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Owner).await;
    let (top, middle) = (tenant.member(Vendor).await, tenant.member(Vendor).await);
    let (low, other) = (tenant.member(Vendor).await, tenant.member(Vendor).await);
    put(&owner, &middle.id, top.id.as_str()).send().await.expect(200);
    put(&owner, &low.id, middle.id.as_str()).send().await.expect(200);
    let (middle, low) = (middle.at_version(2), low.at_version(2));
    let lead = low.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    let conversation = format!("/v1/conversations/{}", lead.json["conversation"].as_str().unwrap());
    for (who, status) in [(&top, 200), (&middle, 200), (&low, 200), (&other, 404)] {
        who.caller().get(&path).await.expect(status);
        who.caller().get(&conversation).await.expect(status);
        let found = who.caller().get("/v1/leads?count=true").await.expect(200);
        assert_eq!(found.json["total"], u32::from(status == 200));
    }
    top.caller().patch(&path, json!({ "category": "Flat roof" })).send().await.expect(200);
    other.caller().patch(&path, json!({ "category": "None" })).send().await.expect(404);
    let above = top.caller().post("/v1/leads", json!({ "category": "Gutter" })).send().await.expect(201);
    middle.caller().get(&format!("/v1/leads/{}", above.id())).await.expect(404);
    for (who, count) in [(&top, 3), (&middle, 2), (&low, 1), (&other, 1)] {
        let members = who.caller().get("/v1/members").await.expect(200);
        assert_eq!(members.json["data"].as_array().unwrap().len(), count);
    }
    low.caller().get(&format!("/v1/members/{}", top.id)).await.expect(404);
    let ask = json!({ "member": top.id, "action": "lead:update", "record": lead.id() });
    let told = owner.post("/v1/policy/explain", ask).send().await.expect(200);
    assert_eq!((&told.json["allowed"], &told.json["rule"]), (&json!(true), &json!("reach")));
}
