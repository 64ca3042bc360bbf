//! Making, reading, finding, changing and deleting people.

use domain::policy::Reach;
use domain::{Policy, Role};
use serde_json::json;
use support::{App, Tenant};

#[tokio::test]
async fn a_person_is_made_read_found_changed_and_deleted() {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await;
    let ada = json!({
        "name": "Ada Lovelace", "email": "Ada@Example.com", "phone": "+44 20 7946 0018", "company_name": "Engines", "job_title": "Analyst",
        "address": { "street": "St James Square 12", "city": "London" }, "location": { "region": "South", "territory": "SW1" },
        "tags": ["vip"],
    });
    let made = manager.caller().post("/v1/people", ada).send().await.expect(201);
    assert_eq!((&made.json["email"], &made.json["owner"]), (&json!("ada@example.com"), &json!(manager.id)));
    let path = format!("/v1/people/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(manager.caller().get(&path).await.expect(200).json, made.json);
    for query in [
        "q=love",
        "q=engines",
        "email=ADA@example.com",
        "tags=vip",
        "phone=%2B442079460018",
        "location.territory=SW1",
        "owner[exists]=true",
    ] {
        let found = manager.caller().get(&format!("/v1/people?{query}")).await.expect(200);
        assert_eq!(found.json["data"].as_array().unwrap().len(), 1, "{query}");
    }
    assert_eq!(manager.caller().get("/v1/people?q=grace").await.expect(200).json["data"], json!([]));
    let patch = json!({ "address": { "city": null, "zip_code": "SW1Y" }, "job_title": "Countess" });
    let changed = manager.caller().patch(&path, patch).send().await.expect(200);
    assert_eq!(changed.json["address"], json!({ "street": "St James Square 12", "zip_code": "SW1Y" }));
    let refused = manager.caller().patch(&path, json!({ "email": null, "phone": null })).send().await.expect(422);
    assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec!["/email".to_owned()], &json!("unreachable")));
    manager.caller().delete(&path).await.expect(204);
    manager.caller().get(&path).await.expect(404);
    let kinds = App::shared().stored("events", json!({ "record.id": made.id() })).await;
    let kinds: Vec<_> = kinds.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["person.created", "person.updated", "person.deleted"]);
}

#[tokio::test]
async fn no_two_people_have_one_address_and_who_may_see_the_other_is_told_who_it_is() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let make = |email: &str| manager.post("/v1/people", json!({ "email": email })).header("idempotency-key", email);
    let ada = make("ada@example.com").send().await.expect(201);
    let taken = make("ADA@example.com").send().await.expect(409);
    assert_eq!((taken.code(), &taken.json["existing"]), ("person-exists", &json!(ada.id())));
    let grace = make("grace@example.com").send().await.expect(201);
    let path = format!("/v1/people/{}", grace.id());
    let taken = manager.patch(&path, json!({ "email": "ada@example.com" })).send().await.expect(409);
    assert_eq!((taken.code(), &taken.json["existing"]), ("person-exists", &json!(ada.id())));
    let own = [("person:read", Reach::Own), ("person:create", Reach::Own)];
    let stranger = tenant.member(Role::Manager).await.with(Policy::custom(Role::Manager, own, []).unwrap()).caller();
    let taken = stranger.post("/v1/people", json!({ "email": "ada@example.com" })).send().await.expect(409);
    assert_eq!((taken.code(), taken.json.get("existing")), ("person-exists", None));
    manager.delete(&format!("/v1/people/{}", ada.id())).await.expect(204);
    manager.patch(&path, json!({ "email": "ada@example.com" })).send().await.expect(200);
    Tenant::new()
        .await
        .caller(Role::Owner)
        .await
        .post("/v1/people", json!({ "email": "ada@example.com" }))
        .send()
        .await
        .expect(201);
}

#[tokio::test]
async fn who_reaches_their_own_people_sees_those_they_look_after() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let own = ["person:read", "person:create", "person:update"].map(|permission| (permission, Reach::Own));
    let seller = tenant.member(Role::Manager).await.with(Policy::custom(Role::Manager, own, []).unwrap());
    let mine = seller.caller().post("/v1/people", json!({ "phone": "+49 30 901821" })).send().await.expect(201);
    let theirs = manager.post("/v1/people", json!({ "phone": "+49 30 901822" })).send().await.expect(201);
    let given = manager.post("/v1/people", json!({ "phone": "+49 30 901823", "owner": seller.id })).send().await.expect(201);
    let seen = seller.caller().get("/v1/people?sort=created_at").await.expect(200);
    let seen: Vec<_> = seen.json["data"].as_array().unwrap().iter().map(|person| person["id"].clone()).collect();
    assert_eq!(seen, [mine.json["id"].clone(), given.json["id"].clone()]);
    seller.caller().get(&format!("/v1/people/{}", theirs.id())).await.expect(404);
    let refused = seller.caller().patch(&format!("/v1/people/{}", mine.id()), json!({ "owner": null })).send().await.expect(422);
    assert_eq!(refused.places(), ["/owner"]);
}
