//! Whoever was removed: what ends at once, what is erased a month later, and that they can ask for it before.

use domain::{Role, Time};
use serde_json::{Value, json};
use support::{App, Member, Tenant, id, orphans};

use super::{alone, now, run_at};

/// An expert with a profile, an API key, a team to lead, a person of their own, and a proof of who they are.
async fn expert(tenant: &Tenant, owner: &Member) -> (Member, String) {
    let (app, expert) = (App::shared(), tenant.member(Role::Expert).await);
    let key = expert.key(&["lead:read"], json!({})).await;
    let caller = owner.caller();
    caller.post("/v1/teams", json!({ "name": "Roofers", "leader": expert.id })).send().await.expect(201);
    let person = json!({ "_id": id("per"), "tenant_id": tenant.id, "membership": expert.id, "version": 1 });
    app.data("insertOne", json!({ "collection": "people", "document": person })).await;
    let proof = json!({ "kind": "id_proof", "evidence": [{ "name": "zqpassport.png", "url": "files/zqpassport.png" }] });
    expert.caller().post("/v1/verifications", proof).send().await.expect(201);
    let profile = json!({ "avatar": "avatars/zqface.png", "phone": "+44 20 7946 0018", "expert_profile": { "bio": "zqbio" } });
    expert.caller().patch("/v1/profile", profile).send().await.expect(200);
    (expert, key)
}

async fn remove(owner: &Member, member: &Member) {
    owner.caller().delete(&format!("/v1/members/{}", member.id)).await.expect(204);
}

async fn stored(collection: &str, filter: Value) -> Value {
    App::shared().stored(collection, filter).await.remove(0)
}

/// All that is stored of whoever is removed, as text.
async fn left_of(tenant: &Tenant, member: &Member) -> String {
    let mut left = String::new();
    for (collection, field) in [("memberships", "_id"), ("verifications", "member")] {
        for record in App::shared().stored(collection, json!({ "tenant_id": tenant.id, (field): member.id })).await {
            left.push_str(&record.to_string());
        }
    }
    left
}

#[tokio::test]
async fn whoever_is_removed_leaves_nothing_open_and_is_forgotten_a_month_later() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let (expert, key) = expert(&tenant, &owner).await;
    let program = App::shared().with_token(&key);
    program.get("/v1/leads").await.expect(200);
    remove(&owner, &expert).await;
    program.get("/v1/leads").await.expect(401);
    let of_tenant = json!({ "tenant_id": tenant.id });
    assert!(stored("api_keys", of_tenant.clone()).await["revoked_at"].is_string());
    assert!(stored("people", of_tenant.clone()).await.get("membership").is_none());
    assert!(stored("teams", of_tenant.clone()).await.get("leader").is_none());
    assert_eq!(orphans(&tenant.id).await, Vec::<String>::new());
    let known = ["zqpassport", "zqface", "zqbio", "+442079460018", "A expert", expert.email.as_str()];
    let at = async |time: Time| {
        run_at(time).await;
        let left = left_of(&tenant, &expert).await;
        known.into_iter().filter(|word| left.contains(word)).collect::<Vec<_>>()
    };
    assert_eq!(at(now().plus_days(29)).await, known);
    assert_eq!(at(now().plus_days(31)).await, Vec::<&str>::new());
    let member = stored("memberships", json!({ "_id": expert.id })).await;
    assert!(member.get("identity").is_none() && member["role"] == "expert" && member["deleted_at"].is_string(), "{member}");
    let event = stored("events", json!({ "tenant_id": tenant.id, "type": "membership.erased" })).await;
    assert_eq!(event["record"]["id"], expert.id);
}

#[tokio::test]
async fn whoever_is_not_there_any_more_can_still_ask() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let (expert, _) = expert(&tenant, &owner).await;
    remove(&owner, &expert).await;
    let places = async || stored("counters", json!({ "tenant_id": tenant.id, "key": "limit.users" })).await["value"].clone();
    let seats = places().await;
    let caller = owner.caller();
    let person = async |name: &str| {
        let person = json!({ "name": name, "email": format!("{}@example.com", id("zqmail").to_lowercase().replace('_', "-")) });
        caller.post("/v1/people", person).send().await.expect(201).id()
    };
    let known = ["zqface", "zqbio", "Zqtrashed", "Zqarchived", "zqmail"];
    let (trashed, archived) = (person("Zqtrashed").await, person("Zqarchived").await);
    caller.delete(&format!("/v1/people/{trashed}")).await.expect(204);
    caller.post(&format!("/v1/people/{archived}/archive"), json!({})).send().await.expect(200);
    for of in [json!({ "membership": expert.id }), json!({ "person": trashed }), json!({ "person": archived })] {
        let ask = async |what: &str| {
            let mut body = of.clone();
            body["type"] = what.into();
            caller.post("/v1/privacy/requests", body).send().await.expect(201).id()
        };
        let export = ask("export").await;
        let export = caller.get(&format!("/v1/privacy/requests/{export}/export")).await.expect(200);
        let name = of.get("person").map_or("zqbio", |person| if *person == trashed { "Zqtrashed" } else { "Zqarchived" });
        assert!(export.text.contains(name), "{of}: {}", export.text);
        let erase = ask("erase").await;
        App::shared().run_jobs().await;
        let done = caller.get(&format!("/v1/privacy/requests/{erase}")).await.expect(200).json;
        assert_eq!(done["status"], "done", "{done}");
        let (collection, id) = match of.get("person") {
            Some(person) => ("people", person.clone()),
            None => ("memberships", expert.id.clone().into()),
        };
        let record = stored(collection, json!({ "_id": id })).await;
        assert!(record.get("name").is_none() && record.get("expert_profile").is_none(), "{record}");
        let left = record.to_string();
        assert!(!known.iter().any(|word| left.contains(word)), "{record}");
    }
    assert_eq!(places().await, seats, "a place is given back once");
}
