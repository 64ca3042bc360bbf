//! Restricting a person, and lifting that. That every endpoint minds it is tested with the tables; notices, beside the jobs.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

use super::ask;

#[tokio::test]
async fn who_is_restricted_is_read_and_not_changed_until_it_is_lifted() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let person = json!({ "name": "Ada", "email": format!("{}@example.com", id("u").to_lowercase()) });
    let person = owner.caller().post("/v1/people", person).send().await.expect(201).id();
    let link = json!({ "$set": { "membership": expert.id } });
    App::shared().data("updateOne", json!({ "collection": "people", "filter": { "_id": person }, "update": link })).await;
    let path = format!("/v1/people/{person}");
    let request = ask(&owner, json!({ "type": "restrict", "person": person })).await.expect(201);
    assert_eq!((&request.json["status"], &request.json["members"]), (&json!("done"), &json!([expert.id])));
    let read = owner.caller().get(&path).await.expect(200).json;
    assert!(read["restricted_at"].is_string() && read["name"] == "Ada", "{read}");
    let code = async |request: support::Request| request.send().await.expect(409).code().to_owned();
    let (restricted, lead) = ("processing-restricted", json!({ "category": "Roof", "person": person }));
    assert_eq!(code(owner.caller().patch(&path, json!({ "job_title": "Roofer" }))).await, restricted);
    assert_eq!(code(owner.caller().request("DELETE", &path)).await, restricted);
    assert_eq!(code(owner.caller().post("/v1/leads", lead.clone())).await, restricted);
    let member = format!("/v1/members/{}", expert.id);
    assert_eq!(code(owner.caller().patch(&member, json!({ "role": "vendor" }))).await, restricted);
    // What they do themselves they want, and what the law asks for goes on.
    expert.caller().patch("/v1/profile", json!({ "phone": "+4930901820" })).send().await.expect(200);
    ask(&owner, json!({ "type": "export", "person": person })).await.expect(201);
    let lift = format!("/v1/privacy/requests/{}/lift", request.id());
    assert_eq!(owner.caller().post(&lift, json!({})).send().await.expect(200).json["status"], "lifted");
    assert_eq!(owner.caller().post(&lift, json!({})).send().await.expect(409).code(), "already-lifted");
    assert_eq!(owner.caller().get(&path).await.expect(200).json.get("restricted_at"), None);
    owner.caller().patch(&path, json!({ "job_title": "Roofer" })).send().await.expect(200);
    owner.caller().post("/v1/leads", lead).send().await.expect(201);
    let export = ask(&owner, json!({ "type": "export", "person": person })).await.expect(201).id();
    let other = owner.caller().post(&format!("/v1/privacy/requests/{export}/lift"), json!({})).send().await.expect(409);
    assert_eq!(other.code(), "not-a-restriction");
}

#[tokio::test]
async fn nobody_restricts_whom_they_may_not_suspend() {
    let tenant = Tenant::new().await;
    let (owner, admin) = (tenant.member(Role::Owner).await, tenant.member(Role::Admin).await);
    let refused = ask(&admin, json!({ "type": "restrict", "membership": owner.id })).await.expect(403);
    assert_eq!(refused.code(), "role-not-allowed");
}
