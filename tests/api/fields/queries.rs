//! Lists filtered, sorted and searched by custom values.

use domain::Role;
use domain::entities::LEAD;
use domain::policy::{Mask, Policy};
use serde_json::{Value, json};
use support::{Caller, Tenant};

use super::define;

/// The names of the leads that a query finds.
async fn found(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller.get(&format!("/v1/leads?limit=100&{query}")).await.expect(200);
    let name = |lead: &Value| lead["category"].as_str().unwrap().to_owned();
    page.json["data"].as_array().unwrap().iter().map(name).collect()
}

async fn make(caller: &Caller, name: &str, custom: Value) -> String {
    let made = caller.post("/v1/leads", json!({ "category": name, "custom": custom })).send().await.expect(201);
    made.id()
}

#[tokio::test]
async fn leads_are_found_and_sorted_by_values_of_every_type() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let options = json!([{ "value": "tile" }, { "value": "slate" }]);
    for word in ["text", "number", "date", "boolean", "url", "email", "phone", "currency"] {
        define(&owner, json!({ "key": format!("a_{word}"), "type": word })).await;
    }
    define(&owner, json!({ "key": "a_select", "type": "select", "options": options })).await;
    define(&owner, json!({ "key": "a_multiselect", "type": "multiselect", "options": options })).await;
    define(&owner, json!({ "key": "a_reference", "type": "reference", "target": "person" })).await;
    let person = owner.post("/v1/people", json!({ "name": "Ada", "email": "ada@example.com" })).send().await.expect(201).id();
    let eur = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
    make(&owner, "a", json!({
        "a_text": "flat", "a_number": 2, "a_date": "2026-01-01T00:00:00Z", "a_boolean": true, "a_url": "https://example.com", "a_email": "a@example.com",
        "a_phone": "+44 20 7946 0018", "a_currency": eur(1_000), "a_select": "tile", "a_multiselect": ["tile", "slate"], "a_reference": person,
    })).await;
    make(&owner, "b", json!({ "a_number": 10.5, "a_date": "2026-02-01T00:00:00+01:00", "a_currency": eur(900), "a_select": "slate", "a_boolean": false })).await;
    make(&owner, "c", json!({ "a_text": "steep" })).await;
    for (query, expected) in [
        ("custom.a_text=flat", vec!["a"]),
        ("custom.a_number=2.0", vec!["a"]),
        ("custom.a_number[gte]=2&custom.a_number[lt]=10.5", vec!["a"]),
        ("custom.a_number[exists]=false", vec!["c"]),
        ("custom.a_date=2026-01-01T01:00:00%2B01:00", vec!["a"]),
        ("custom.a_date[gt]=2026-01-15T00:00:00Z", vec!["b"]),
        ("custom.a_boolean=false", vec!["b"]),
        ("custom.a_url=https://example.com", vec!["a"]),
        ("custom.a_email=A@Example.com", vec!["a"]),
        ("custom.a_phone=00442079460018", vec!["a"]),
        ("custom.a_currency[lte]=900", vec!["b"]),
        ("custom.a_currency=1000", vec!["a"]),
        ("custom.a_currency.currency=USD", vec![]),
        ("custom.a_select[in]=tile,slate&sort=category", vec!["a", "b"]),
        ("custom.a_select[ne]=tile&sort=category", vec!["b", "c"]),
        ("custom.a_multiselect=slate", vec!["a"]),
        (&format!("custom.a_reference={person}"), vec!["a"]),
        ("sort=custom.a_number", vec!["c", "a", "b"]),
        ("sort=-custom.a_date,category", vec!["b", "a", "c"]),
        ("sort=-custom.a_currency&fields=category,custom", vec!["a", "b", "c"]),
    ] {
        assert_eq!(found(&owner, query).await, expected, "{query}");
    }
    let first = owner.get("/v1/leads?sort=-custom.a_number&limit=1&fields=category").await.expect(200);
    let next = first.json["next"].as_str().unwrap();
    let second = owner.get(&format!("/v1/leads?sort=-custom.a_number&limit=1&fields=category&cursor={next}")).await.expect(200);
    assert_eq!((&first.json["data"][0]["category"], &second.json["data"][0]["category"]), (&json!("b"), &json!("a")));
    for (query, parameter) in [
        ("custom.nope=1", "custom.nope"),
        ("custom=1", "custom"),
        ("custom.a_number=many", "custom.a_number"),
        ("sort=custom.a_multiselect", "sort"),
        ("sort=custom.nope", "sort"),
        ("sort=custom", "sort"),
    ] {
        assert_eq!(owner.get(&format!("/v1/leads?{query}")).await.expect(400).places(), [parameter], "{query}");
    }
    let other = Tenant::new().await.caller(Role::Owner).await;
    assert_eq!(other.get("/v1/leads?custom.a_number=2").await.expect(400).places(), ["custom.a_number"]);
}

#[tokio::test]
async fn words_of_searchable_values_are_found_until_they_are_gone() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    define(&owner, json!({ "key": "colour", "type": "text", "searchable": true })).await;
    define(&owner, json!({ "key": "secret", "type": "text" })).await;
    let lead = make(&owner, "Roof", json!({ "colour": "Terracotta red", "secret": "hush" })).await;
    assert_eq!(found(&owner, "q=roof%20terra").await, ["Roof"]);
    assert!(found(&owner, "q=hush").await.is_empty());
    let path = format!("/v1/leads/{lead}");
    owner.patch(&path, json!({ "category": "Floor" })).send().await.expect(200);
    assert_eq!(found(&owner, "q=floor%20terra").await, ["Floor"]);
    owner.patch(&path, json!({ "custom": { "colour": null } })).send().await.expect(200);
    assert!(found(&owner, "q=terra").await.is_empty());
}

#[tokio::test]
async fn whom_a_policy_hides_values_from_cannot_ask_about_them() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    define(&owner, json!({ "key": "colour", "type": "text", "searchable": true })).await;
    let lead = make(&owner, "Roof", json!({ "colour": "red" })).await;
    let member = tenant.member(Role::Manager).await;
    let masks = [(&LEAD, "custom", Mask::Hidden)];
    let masked = member.with(Policy::custom(Role::Manager, Policy::from(Role::Manager).permissions(), masks).unwrap()).caller();
    let path = format!("/v1/leads/{lead}");
    assert!(masked.get(&path).await.expect(200).json.get("custom").is_none());
    for (query, parameter) in
        [("custom.colour=red", "custom.colour"), ("sort=custom.colour", "sort"), ("fields=custom", "fields")]
    {
        assert_eq!(masked.get(&format!("/v1/leads?{query}")).await.expect(400).places(), [parameter], "{query}");
    }
    assert!(found(&masked, "q=red").await.is_empty());
    assert_eq!(found(&member.caller(), "q=red").await, ["Roof"]);
    let refused = masked.patch(&path, json!({ "custom": { "colour": "blue" } })).send().await.expect(422);
    assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec!["/custom".to_owned()], &json!("unknown-field")));
}
