//! Teams and lines of vendors: the records of whoever moves are stamped anew.

use domain::policy::Reach;
use domain::{Policy, Role};
use serde_json::{Value, json};
use support::{App, Caller, Member, Tenant};

use super::alone;

/// A member who reaches what is their team's.
fn mate(member: &Member, team: &str) -> Caller {
    let permissions = ["lead:read", "person:read"].map(|permission| (permission, Reach::Team));
    let policy = Policy::custom(Role::Manager, permissions, []).unwrap().in_teams([team.to_owned()]);
    member.with(policy).caller()
}

/// How many people they see.
async fn seen(mate: &Caller) -> Value {
    mate.get("/v1/people?count=true").await.expect(200).json["total"].clone()
}

#[tokio::test]
async fn the_records_of_whoever_changes_teams_follow_however_many_they_are() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let (ann, bob) = (tenant.member(Role::Manager).await, tenant.member(Role::Manager).await);
    let mut people = Vec::new();
    for at in 0..60 {
        let person = json!({ "phone": format!("+49 30 9018{at:02}"), "owner": ann.id });
        people.push(owner.post("/v1/people", person).send().await.expect(201));
    }
    let lead = owner.post("/v1/leads", json!({ "category": "Roof", "manager": ann.id })).send().await.expect(201);
    let north = owner.post("/v1/teams", json!({ "name": "North" })).send().await.expect(201).id();
    let path = format!("/v1/teams/{north}/members");
    owner.post(&path, json!({ "add": [ann.id, bob.id] })).send().await.expect(200);
    let mate = mate(&bob, &north);
    assert_eq!(seen(&mate).await, 0);
    App::shared().run_jobs().await;
    assert_eq!(seen(&mate).await, 60);
    mate.get(&format!("/v1/leads/{}", lead.id())).await.expect(200);
    let read = owner.get(&format!("/v1/people/{}", people[0].id())).await.expect(200);
    assert_eq!(read.json, people[0].json, "nobody sees that it was stamped");
    owner.post(&path, json!({ "remove": [ann.id] })).send().await.expect(200);
    App::shared().run_jobs().await;
    assert_eq!(seen(&mate).await, 0);
}

#[tokio::test]
async fn what_comes_back_from_the_trash_is_of_the_teams_that_its_people_have_by_then() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let ann = tenant.member(Role::Manager).await;
    let person = owner.post("/v1/people", json!({ "phone": "+49 30 901821", "owner": ann.id })).send().await.expect(201).id();
    let north = owner.post("/v1/teams", json!({ "name": "North" })).send().await.expect(201).id();
    owner.delete(&format!("/v1/people/{person}")).await.expect(204);
    owner.post(&format!("/v1/teams/{north}/members"), json!({ "add": [ann.id] })).send().await.expect(200);
    App::shared().run_jobs().await;
    owner.post(&format!("/v1/people/{person}/restore"), json!({})).send().await.expect(200);
    assert_eq!(App::shared().stored("people", json!({ "_id": person })).await[0]["teams"], json!([north]));
}

#[tokio::test]
async fn the_records_of_a_line_of_vendors_follow_to_its_new_masters() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let [old, new] = [tenant.member(Role::Vendor).await, tenant.member(Role::Vendor).await];
    let [middle, low] = [tenant.member(Role::Vendor).await, tenant.member(Role::Vendor).await];
    let put = async |vendor: &Member, master: Value| {
        owner.patch(&format!("/v1/members/{}", vendor.id), json!({ "master": master })).send().await.expect(200);
    };
    put(&low, json!(middle.id)).await;
    let lead = low.at_version(2).caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    for (master, (of_old, of_new)) in [(json!(old.id), (200, 404)), (json!(new.id), (404, 200)), (Value::Null, (404, 404))] {
        put(&middle, master).await;
        App::shared().run_jobs().await;
        old.caller().get(&path).await.expect(of_old);
        new.caller().get(&path).await.expect(of_new);
        middle.caller().get(&path).await.expect(200);
    }
}
