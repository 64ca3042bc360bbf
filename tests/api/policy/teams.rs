//! `/v1/teams`: who is in them, and what belongs to them.

use domain::policy::Reach;
use domain::{Policy, Role};
use serde_json::{Value, json};
use support::{App, Caller, Member, Tenant};

/// A seller like a manager who reaches the records of their teams.
fn seller(member: &Member, teams: &[&str]) -> Caller {
    let permissions = ["lead:read", "lead:update", "person:read", "conversation:read", "membership:read", "quote:read"];
    let policy = Policy::custom(Role::Manager, permissions.map(|permission| (permission, Reach::Team)), []).unwrap();
    member.with(policy.in_teams(teams.iter().map(|team| (*team).to_owned()))).caller()
}

async fn team(owner: &Caller, name: &str) -> String {
    owner.post("/v1/teams", json!({ "name": name })).send().await.expect(201).id()
}

async fn put(owner: &Caller, team: &str, body: Value) {
    owner.post(&format!("/v1/teams/{team}/members"), body).send().await.expect(200);
}

async fn stamped(collection: &str, id: &str) -> Value {
    App::shared().stored(collection, json!({ "_id": id })).await[0]["teams"].clone()
}

#[tokio::test]
async fn members_are_put_into_teams_and_taken_out_and_their_old_tokens_write_nothing_more() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.member(Role::Manager).await);
    let sales = team(&owner, "Sales").await;
    assert_eq!(owner.post("/v1/teams", json!({ "name": "Sales" })).send().await.expect(409).code(), "team-exists");
    put(&owner, &sales, json!({ "add": [manager.id] })).await;
    put(&owner, &sales, json!({ "add": [manager.id] })).await;
    let members = owner.get(&format!("/v1/members?team_ids={sales}&expand=team_ids")).await.expect(200);
    assert_eq!((members.json["data"].as_array().unwrap().len(), &members.json["data"][0]["version"]), (1, &json!(2)));
    assert_eq!(members.json["data"][0]["team_ids"][0]["name"], "Sales");
    let late = manager.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(401);
    assert_eq!(late.code(), "session-outdated");
    assert_eq!(owner.delete(&format!("/v1/teams/{sales}")).await.expect(409).code(), "team-in-use");
    put(&owner, &sales, json!({ "remove": [manager.id] })).await;
    owner.delete(&format!("/v1/teams/{sales}")).await.expect(204);
    let events = App::shared().stored("events", json!({ "record.id": manager.id, "type": "membership.updated" })).await;
    assert_eq!(events[0]["changes"]["team_ids"], json!({ "before": null, "after": [sales] }));
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn who_is_named_must_be_a_member_here_and_in_no_more_than_twenty_teams() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.member(Role::Manager).await);
    let stranger = Tenant::new().await.member(Role::Manager).await;
    let sales = team(&owner, "Sales").await;
    let path = format!("/v1/teams/{sales}/members");
    let refused = owner.post(&path, json!({ "add": [manager.id, stranger.id] })).send().await.expect(422);
    assert_eq!(refused.places(), ["/add/1"]);
    let full: Vec<String> = (0..20).map(|_| support::id("team")).collect();
    let update =
        json!({ "collection": "memberships", "filter": { "_id": manager.id }, "update": { "$set": { "team_ids": full } } });
    App::shared().data("updateOne", update).await;
    assert_eq!(owner.post(&path, json!({ "add": [manager.id] })).send().await.expect(409).code(), "too-many-teams");
}

#[tokio::test]
async fn a_record_is_of_the_teams_of_its_people_from_the_moment_it_is_written() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let [ann, bob, eve] =
        [tenant.member(Role::Manager).await, tenant.member(Role::Manager).await, tenant.member(Role::Manager).await];
    let customer = tenant.member(Role::Customer).await;
    let (north, south) = (team(&owner, "North").await, team(&owner, "South").await);
    put(&owner, &north, json!({ "add": [ann.id, bob.id, customer.id] })).await;
    put(&owner, &south, json!({ "add": [eve.id] })).await;
    let lead = owner.post("/v1/leads", json!({ "category": "Roof", "manager": ann.id })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    let (mate, other) = (seller(&bob, &[&north]), seller(&eve, &[&south]));
    mate.get(&path).await.expect(200);
    other.get(&path).await.expect(404);
    let conversation = format!("/v1/conversations/{}", lead.json["conversation"].as_str().unwrap());
    mate.get(&conversation).await.expect(200);
    other.get(&conversation).await.expect(404);
    let mates = mate.get("/v1/members").await.expect(200);
    assert_eq!(mates.json["data"].as_array().unwrap().len(), 3, "{}", mates.text);
    owner.post(&format!("{path}/assign"), json!({ "manager": eve.id })).send().await.expect(200);
    mate.get(&path).await.expect(404);
    mate.get(&conversation).await.expect(404);
    other.get(&path).await.expect(200);
    other.get(&conversation).await.expect(200);
    owner.post(&format!("{path}/assign"), json!({ "customer": customer.id })).send().await.expect(200);
    mate.get(&path).await.expect(200);
    other.get(&path).await.expect(200);
    let events = owner.get(&format!("/v1/events?record.id={}", lead.id())).await.expect(200);
    assert!(!events.text.contains("\"teams\"") && !lead.text.contains("\"teams\""), "{}", events.text);
    let person = owner.post("/v1/people", json!({ "phone": "+49 30 901821", "owner": bob.id })).send().await.expect(201);
    assert_eq!(stamped("people", &person.id()).await, json!([north]));
    owner.patch(&format!("/v1/people/{}", person.id()), json!({ "owner": null })).send().await.expect(200);
    assert_eq!(stamped("people", &person.id()).await, json!([]));
}
