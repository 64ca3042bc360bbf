//! Erasing what was in the trash for long enough, while somebody takes it out again.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Member, Tenant, id};

use super::{alone, lead, run};

/// The live records of a lead: itself, what was said about it, and what its events tell.
async fn alive(tenant: &Tenant, lead: &Value) -> Vec<Value> {
    let app = App::shared();
    let mut all = Vec::new();
    for (collection, field, of) in
        [("leads", "_id", "id"), ("conversations", "_id", "conversation"), ("messages", "conversation", "conversation")]
    {
        all.extend(app.stored(collection, json!({ "tenant_id": tenant.id, (field): lead[of], "deleted_at": null })).await);
    }
    let made = json!({ "tenant_id": tenant.id, "record.id": lead["id"], "type": "lead.created" });
    all.extend(app.stored("events", made).await);
    all.iter_mut().for_each(|record| {
        record.as_object_mut().unwrap().retain(|field, _| !["version", "updated_at", "updated_by"].contains(&field.as_str()));
    });
    all
}

/// A lead in the trash that somebody talked about, and the job that erases it, which is due.
async fn trashed(owner: &Member, tenant: &Tenant) -> (Value, Vec<Value>, String) {
    let app = App::shared();
    let lead = lead(owner, json!({ "description": "A barn" })).await.json;
    let path = format!("/v1/conversations/{}/messages", lead["conversation"].as_str().unwrap());
    owner.caller().post(&path, json!({ "content": "Red tiles?" })).send().await.expect(201);
    app.run_jobs().await;
    let before = alive(tenant, &lead).await;
    owner.caller().delete(&format!("/v1/leads/{}", lead["id"].as_str().unwrap())).await.expect(204);
    app.run_jobs().await;
    let group = app.stored("leads", json!({ "_id": lead["id"] })).await[0]["trash_group"].as_str().unwrap().to_owned();
    for (collection, id, field) in [("jobs", group.as_str(), "run_at"), ("leads", lead["id"].as_str().unwrap(), "deleted_at")] {
        let long_ago = json!({ "$set": { (field): { "$date": "2026-01-01T00:00:00Z" } } });
        app.data("updateOne", json!({ "collection": collection, "filter": { "_id": id }, "update": long_ago })).await;
    }
    (lead, before, group)
}

#[tokio::test]
async fn what_is_restored_while_it_is_being_erased_is_whole_or_gone() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.member(Role::Owner).await;
    let (mut whole, mut gone) = (0, 0);
    for call in 1.. {
        let (lead, before, group) = trashed(&owner, &tenant).await;
        let request_id = id("req");
        let held = app.wire.hold(&request_id, call);
        let running = tokio::spawn(app.anyone().run("jobs").header("x-request-id", &request_id).send());
        tokio::select! {
            () = held.arrived() => {}
            _ = async { while !running.is_finished() { tokio::time::sleep(std::time::Duration::from_millis(20)).await } } => break,
        }
        let restored =
            owner.caller().post(&format!("/v1/leads/{}/restore", lead["id"].as_str().unwrap()), json!({})).send().await;
        held.let_go();
        running.await.unwrap();
        run().at(super::now().plus_ms(120_000)).send().await.expect(200);
        let left = alive(&tenant, &lead).await;
        match restored.status {
            200 => {
                assert_eq!(left, before, "call {call}");
                whole += 1;
            }
            404 => {
                assert!(left.iter().all(|record| record["type"] == "lead.created"), "call {call}: {left:?}");
                gone += 1;
            }
            other => panic!("{other}: {}", restored.text),
        }
        assert_eq!(app.stored("jobs", json!({ "_id": group })).await[0]["status"], "done", "call {call}");
    }
    assert!(whole >= 3 && gone >= 2, "{whole} times it was restored, {gone} times too late");
}
