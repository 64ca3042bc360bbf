//! Whose eyes an export is read with: all that is about the person, and of the rest what the caller reads anyway.

use domain::entities::PERSON;
use domain::policy::{Mask, Reach};
use domain::{Policy, Role};
use serde_json::{Value, json};
use support::{App, Member, Tenant, id};

/// What is needed for an export, and nothing else.
const EXPORTS: &[&str] = &["privacy_request:read", "privacy_request:create", "privacy_request:export", "person:read"];

async fn planted(collection: &str, prefix: &str, tenant: &Tenant, mut fields: Value) -> String {
    let id = id(prefix);
    let base = json!({ "_id": id, "tenant_id": tenant.id, "version": 1 });
    fields.as_object_mut().unwrap().extend(base.as_object().unwrap().clone());
    App::shared().data("insertOne", json!({ "collection": collection, "document": fields })).await;
    id
}

/// An export of a person: its records by entity, and what it says was withheld.
async fn exported(caller: &Member, person: &str) -> (Value, Vec<(String, Value)>) {
    let request = caller.caller().post("/v1/privacy/requests", json!({ "type": "export", "person": person })).send().await;
    let page = caller.caller().get(&format!("/v1/privacy/requests/{}/export", request.expect(201).id())).await.expect(200).json;
    assert_eq!(page["has_more"], false);
    let records = page["data"].as_array().unwrap().iter();
    let records = records.map(|one| (one["entity"].as_str().unwrap().to_owned(), one["record"].clone())).collect();
    (page["withheld"].clone(), records)
}

fn only(permissions: &[&'static str]) -> Policy {
    Policy::custom(Role::Manager, permissions.iter().map(|permission| (*permission, Reach::All)), []).unwrap()
}

#[tokio::test]
async fn what_is_about_the_person_is_entire_and_what_only_names_them_is_for_who_reads_it() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let person = json!({ "phone": "+4930901820", "name": "Ada", "job_title": "Roofer", "membership": expert.id });
    let person = planted("people", "per", &tenant, person).await;
    planted("leads", "lead", &tenant, json!({ "person": person, "category": "About her", "reference": "A", "status": "draft" }))
        .await;
    planted(
        "leads",
        "lead",
        &tenant,
        json!({ "manager": expert.id, "category": "Names her", "reference": "B", "status": "draft" }),
    )
    .await;
    for (record, field) in [("lead", "theirs"), ("person", "seen")] {
        let event = json!({
            "type": "x.updated", "actor": { "type": "member", "id": expert.id }, "record": { "type": record, "id": id("x") },
            "changes": { "about": { "before": null, "after": field } }, "comment": field, "ip": "203.0.113.9",
        });
        planted("events", "evt", &tenant, event).await;
    }
    let all = exported(&owner, &person).await.1;
    let texts = |records: &[(String, Value)]| records.iter().map(|(_, record)| record.to_string()).collect::<String>();
    assert!(["About her", "Names her", "theirs", "seen"].iter().all(|text| texts(&all).contains(text)), "{all:?}");
    let (withheld, few) = exported(&owner.with(only(EXPORTS)), &person).await;
    assert_eq!(withheld, json!([]));
    let text = texts(&few);
    assert!(["Ada", "About her", "seen"].iter().all(|part| text.contains(part)), "{text}");
    assert!(["Names her", "theirs"].iter().all(|part| !text.contains(part)), "{text}");
    let acted = few.iter().filter(|(entity, record)| entity == "event" && record["ip"] == "203.0.113.9");
    assert_eq!(acted.count(), 2, "that she did something is told: {text}");
}

#[tokio::test]
async fn a_mask_is_no_less_a_mask_and_the_export_says_what_it_lacks() {
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let person = planted("people", "per", &tenant, json!({ "phone": "+4930901820", "name": "Ada", "job_title": "Roofer" })).await;
    let mask = (&PERSON, "job_title", Mask::Hidden);
    let masked = Policy::custom(Role::Manager, EXPORTS.iter().map(|permission| (*permission, Reach::All)), [mask]).unwrap();
    let (withheld, records) = exported(&owner.with(masked), &person).await;
    assert_eq!(withheld, json!(["person.job_title"]));
    let person = &records.iter().find(|(entity, _)| entity == "person").unwrap().1;
    assert_eq!((&person["name"], person.get("job_title")), (&json!("Ada"), None));
}

#[tokio::test]
async fn where_somebody_is_paid_shows_its_last_four_and_no_hidden_field_shows() {
    let tenant = Tenant::new().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let account = json!({ "account_holder": "Ada", "account_number": "DE89370400440532013000", "tax_number": "12/345/67890", "proof": expert.proof() });
    expert.caller().post("/v1/profile/payout", account).send().await.expect(200);
    let request = json!({ "type": "export", "membership": expert.id });
    let request = owner.caller().post("/v1/privacy/requests", request).send().await.expect(201).id();
    let answered = owner.caller().get(&format!("/v1/privacy/requests/{request}/export")).await.expect(200);
    let data = answered.json["data"].as_array().unwrap();
    let membership = &data.iter().find(|one| one["entity"] == "membership").unwrap()["record"];
    assert_eq!(membership["payout"]["account_number"], "•••• 3000");
    for hidden in ["0532013000", "345/67890", "policy_version", expert.subject().identity.as_str()] {
        assert!(!answered.text.contains(hidden), "{hidden}: {}", answered.text);
    }
}
