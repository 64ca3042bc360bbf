//! Rectifying a person: by the rules of people, with a proof that repeats no value.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

use super::ask;

#[tokio::test]
async fn what_is_wrong_is_corrected_by_the_rules_of_people_and_proven_without_values() {
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let email = format!("{}@example.com", id("u").to_lowercase());
    let person = owner.caller().post("/v1/people", json!({ "name": "Adda", "email": email })).send().await.expect(201).id();
    let cases = [
        (json!(null), "/changes", "required"),
        (json!({}), "/changes", "required"),
        (json!({ "tags": ["x"] }), "/changes/tags", "not-personal"),
        (json!({ "nonsense": 1 }), "/changes/nonsense", "not-personal"),
        (json!({ "email": "nobody" }), "/changes/email", "bad-email"),
    ];
    for (changes, pointer, code) in cases {
        let body = json!({ "type": "rectify", "person": person, "changes": changes });
        let refused = ask(&owner, body).await.expect(422);
        assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec![pointer.to_owned()], &json!(code)));
    }
    let stranger = Tenant::new().await.member(Role::Owner).await;
    let body = json!({ "type": "rectify", "person": person, "changes": { "name": "Ada" } });
    assert_eq!(ask(&stranger, body.clone()).await.expect(422).places(), ["/person"]);
    // Whoever doubts that something is right may have it restricted first.
    ask(&owner, json!({ "type": "restrict", "person": person })).await.expect(201);
    let done = ask(&owner, body).await.expect(201);
    assert_eq!((&done.json["status"], &done.json["proof"]["rectified"]), (&json!("done"), &json!(["name"])), "{}", done.text);
    assert_eq!((&done.json["proof"]["requested_by"], done.text.contains("Ada")), (&json!(owner.id), false));
    let read = owner.caller().get(&format!("/v1/people/{person}")).await.expect(200).json;
    assert_eq!((&read["name"], &read["email"], &read["version"]), (&json!("Ada"), &json!(email), &json!(3)));
    let found = async |name: &str| {
        owner.caller().get(&format!("/v1/people?q={name}")).await.expect(200).json["data"].as_array().unwrap().len()
    };
    assert_eq!((found("adda").await, found("ada").await), (0, 1));
    let events = App::shared().stored("events", json!({ "tenant_id": tenant.id, "type": "person.rectified" })).await;
    assert_eq!((events.len(), &events[0]["changes"]["name"]["after"]), (1, &json!("[personal]")));
    let same = json!({ "type": "rectify", "person": person, "changes": { "name": "Ada" } });
    assert_eq!(ask(&owner, same).await.expect(201).json["proof"]["rectified"], json!([]));
}
