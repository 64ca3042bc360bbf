//! `/v1/privacy/requests`: what is taken and refused, and pages of an export. Erasing is tested beside the jobs.

mod reach;
mod rectify;
mod restrict;

use domain::Role;
use serde_json::{Value, json};
use support::{App, Member, Tenant, id};

async fn ask(owner: &Member, body: Value) -> support::Answered {
    owner.caller().post("/v1/privacy/requests", body).send().await
}

#[tokio::test]
async fn a_request_is_about_one_person_or_membership_of_the_tenant() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let (owner, stranger) = (tenant.member(Role::Owner).await, other.member(Role::Expert).await);
    let cases = [
        (json!({ "type": "export" }), "/person", "one-of-two"),
        (json!({ "type": "export", "person": id("per"), "membership": owner.id }), "/person", "one-of-two"),
        (json!({ "type": "forget", "membership": owner.id }), "/type", "not-a-choice"),
        (json!({ "membership": owner.id }), "/type", "required"),
        (json!({ "type": "erase", "membership": stranger.id }), "/membership", "not-found"),
        (json!({ "type": "erase", "person": id("per") }), "/person", "not-found"),
        (json!({ "type": "export", "membership": owner.id, "status": "done" }), "/status", "read-only"),
    ];
    for (body, pointer, code) in cases {
        let refused = ask(&owner, body).await.expect(422);
        assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec![pointer.to_owned()], &json!(code)));
    }
    let manager = tenant.member(Role::Manager).await;
    ask(&manager, json!({ "type": "export", "membership": owner.id })).await.expect(403);
}

#[tokio::test]
async fn an_export_comes_in_pages_and_has_every_record_once() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let conversation = id("con");
    for seq in 1..=130 {
        let document = json!({
            "_id": id("msg"), "tenant_id": tenant.id, "conversation": conversation, "seq": seq, "sender": expert.id, "kind": "human",
            "content": format!("number {seq}."), "attachments": [], "version": 1,
        });
        App::shared().data("insertOne", json!({ "collection": "messages", "document": document })).await;
    }
    let export = ask(&owner, json!({ "type": "export", "membership": expert.id })).await.expect(201);
    assert_eq!(export.json["status"], "done");
    let path = format!("/v1/privacy/requests/{}/export", export.id());
    let (mut pages, mut found, mut query) = (0, Vec::new(), String::new());
    loop {
        let page = owner.caller().get(&format!("{path}{query}")).await.expect(200).json;
        pages += 1;
        found.extend(page["data"].as_array().unwrap().clone());
        assert_eq!(page["has_more"], page["next"].is_string());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?cursor={next}");
    }
    let of =
        |entity: &str| found.iter().filter(|one| one["entity"] == entity).map(|one| one["record"].clone()).collect::<Vec<_>>();
    assert_eq!((of("membership").len(), of("privacy_request").len(), pages > 2), (1, 1, true), "{pages} pages");
    let texts: Vec<Value> = of("message").iter().map(|message| message["content"].clone()).collect();
    assert_eq!(texts, (1..=130).map(|seq| json!(format!("number {seq}."))).collect::<Vec<_>>());
    assert_eq!(of("membership")[0]["email"], expert.email);
    for (query, place) in [("cursor=nonsense", "cursor"), ("cursor=lead.per_1", "cursor"), ("limit=5", "limit")] {
        assert_eq!(owner.caller().get(&format!("{path}?{query}")).await.expect(400).places(), [place]);
    }
    let erase = ask(&owner, json!({ "type": "erase", "membership": expert.id })).await.expect(201).id();
    let refused = owner.caller().get(&format!("/v1/privacy/requests/{erase}/export")).await.expect(409);
    assert_eq!(refused.code(), "not-an-export");
}

#[tokio::test]
async fn an_export_opens_no_sealed_bid() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    for (title, sealed_until) in [("Sealed", "2999-01-01T00:00:00Z"), ("Open", "2020-01-01T00:00:00Z")] {
        let bid = json!({
            "_id": id("bid"), "tenant_id": tenant.id, "lead": id("lead"), "expert": expert.id, "title": title, "status": "submitted",
            "sealed_until": { "$date": sealed_until }, "version": 1,
        });
        App::shared().data("insertOne", json!({ "collection": "bids", "document": bid })).await;
    }
    let export = ask(&owner, json!({ "type": "export", "membership": expert.id })).await.expect(201).id();
    let shown = owner.caller().get(&format!("/v1/privacy/requests/{export}/export")).await.expect(200).text;
    assert!(shown.contains("Open") && !shown.contains("Sealed"), "{shown}");
}

#[tokio::test]
async fn nobody_has_somebody_erased_whom_they_may_not_suspend() {
    let tenant = Tenant::new().await;
    let (owner, other, admin) =
        (tenant.member(Role::Owner).await, tenant.member(Role::Owner).await, tenant.member(Role::Admin).await);
    let suspended = admin.caller().patch(&format!("/v1/members/{}", owner.id), json!({ "status": "suspended" })).send().await;
    assert_eq!((suspended.status, suspended.code()), (403, "role-not-allowed"));
    // Their person leads to the membership as well, though that does not name them.
    let person =
        json!({ "_id": id("per"), "tenant_id": tenant.id, "phone": "+4930901820", "membership": owner.id, "version": 1 });
    App::shared().data("insertOne", json!({ "collection": "people", "document": person })).await;
    for of in [json!({ "membership": owner.id }), json!({ "person": person["_id"] })] {
        let mut body = json!({ "type": "erase" });
        body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        let refused = ask(&admin, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (403, "role-not-allowed"), "{body}");
        body["type"] = "export".into();
        ask(&admin, body).await.expect(201);
    }
    ask(&admin, json!({ "type": "erase", "membership": admin.id })).await.expect(201);
    ask(&other, json!({ "type": "erase", "membership": owner.id })).await.expect(201);
}
