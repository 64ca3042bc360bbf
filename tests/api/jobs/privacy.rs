//! Erasing a person: who may ask, what goes at once, what goes by jobs, and what stays.

use domain::Role;
use serde_json::{Value, json};
use standins::{Fault, Service};
use support::{Answered, App, Cut, Member, Tenant, id, logged};

use super::{alone, jobs, lead, now, run_at, run_in};

async fn erase(owner: &Member, of: Value) -> Answered {
    let mut body = of;
    body["type"] = "erase".into();
    owner.caller().post("/v1/privacy/requests", body).send().await.expect(201)
}

async fn read(owner: &Member, request: &str) -> Value {
    owner.caller().get(&format!("/v1/privacy/requests/{request}")).await.expect(200).json
}

async fn work_off() {
    while run_in("privacy").send().await.expect(200).json["taken"] != 0 {}
}

/// A tenant whose customer has asked for work, talked about it and has a bill.
async fn dealing() -> (Tenant, Member, Member, Value) {
    let tenant = Tenant::new().await;
    let (owner, customer) = (tenant.member(Role::Owner).await, tenant.member(Role::Customer).await);
    let lead = lead(&owner, json!({ "customer": customer.id, "description": "A barn" })).await.json;
    let message = |seq: i64| {
        json!({
            "_id": id("msg"), "tenant_id": tenant.id, "conversation": lead["conversation"], "seq": seq, "sender": customer.id,
            "kind": "human", "content": "My house is the red one", "attachments": [], "version": 1,
        })
    };
    let messages: Vec<Value> = (100..160).map(message).collect();
    App::shared().data("insertMany", json!({ "collection": "messages", "documents": messages })).await;
    let invoice = json!({
        "_id": id("inv"), "tenant_id": tenant.id, "reference": "IN-1", "title": "Barn", "customer": customer.id, "lead": lead["id"],
        "total": { "minor": 100, "currency": "EUR" }, "status": "approved", "milestone": id("mil"), "version": 1,
    });
    App::shared().data("insertOne", json!({ "collection": "invoices", "document": invoice })).await;
    (tenant, owner, customer, lead)
}

async fn everything(tenant: &Tenant) -> Vec<Value> {
    let mut all = Vec::new();
    for entity in domain::entities::ALL.iter().filter(|entity| entity.name != "job") {
        all.extend(App::shared().stored(entity.collection, json!({ "tenant_id": tenant.id })).await);
    }
    all
}

#[tokio::test]
async fn who_is_erased_is_out_at_once_and_the_ledger_stays() {
    let _alone = alone().await;
    let (tenant, owner, customer, lead) = dealing().await;
    let ledger = App::shared().stored("invoices", json!({ "tenant_id": tenant.id })).await;
    let request = erase(&owner, json!({ "membership": customer.id })).await;
    assert_eq!((&request.json["status"], &request.json["members"]), (&json!("received"), &json!([customer.id])));
    work_off().await;
    let done = read(&owner, &request.id()).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(done["proof"]["erased"]["message"], 60, "{done}");
    assert_eq!((&done["proof"]["requested_by"], &done["proof"]["members"]), (&json!(owner.id), &json!([customer.id])));
    assert_eq!(done["proof"]["digest"].as_str().unwrap().len(), 64);
    let refused = customer.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(401);
    assert_eq!(refused.code(), "session-outdated");
    let member = App::shared().stored("memberships", json!({ "_id": customer.id })).await.remove(0);
    assert!(member.get("identity").is_none() && member.get("name").is_none() && member["status"] == "suspended", "{member}");
    assert_eq!(App::shared().stored("invoices", json!({ "tenant_id": tenant.id })).await, ledger);
    let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
    let kept = owner.caller().get(&path).await.expect(200).json;
    assert_eq!((&kept["customer"], &kept["description"]), (&json!(customer.id), &json!("A barn")));
    let messages = App::shared().stored("messages", json!({ "sender": customer.id })).await;
    assert!(messages.len() == 60 && messages.iter().all(|message| message["content"] == "[erased]"));
}

#[tokio::test]
async fn a_tenant_keeps_an_owner() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let request = erase(&owner, json!({ "membership": owner.id })).await.id();
    work_off().await;
    let refused = read(&owner, &request).await;
    assert_eq!((&refused["status"], &refused["refusal"]), (&json!("refused"), &json!("last-owner")));
    owner.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let other = tenant.member(Role::Owner).await;
    let request = erase(&owner, json!({ "membership": owner.id })).await.id();
    work_off().await;
    assert_eq!(read(&other, &request).await["status"], "done");
}

#[tokio::test]
async fn a_person_and_their_membership_are_one() {
    let _alone = alone().await;
    let (tenant, owner, customer, _) = dealing().await;
    let ada = json!({ "name": "Ada", "email": format!("{}@example.com", id("u").to_lowercase()) });
    let person = owner.caller().post("/v1/people", ada.clone()).send().await.expect(201).id();
    let link = json!({ "$set": { "membership": customer.id } });
    App::shared().data("updateOne", json!({ "collection": "people", "filter": { "_id": person }, "update": link })).await;
    let request = erase(&owner, json!({ "person": person })).await;
    assert_eq!((&request.json["people"], &request.json["members"]), (&json!([person]), &json!([customer.id])));
    work_off().await;
    let done = read(&owner, &request.id()).await;
    assert_eq!((&done["proof"]["erased"]["person"], &done["proof"]["erased"]["membership"]), (&json!(1), &json!(1)), "{done}");
    let shown = owner.caller().get(&format!("/v1/people/{person}")).await.expect(200);
    assert!(!shown.text.contains("Ada") && shown.json.get("email").is_none(), "{}", shown.text);
    assert_eq!(owner.caller().get("/v1/people?q=ada").await.expect(200).json["data"], json!([]));
    let stored = App::shared().stored("people", json!({ "_id": person })).await.remove(0);
    let left: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(left.iter().all(|field| !field.contains("blind")), "nothing finds them: {left:?}");
    owner.caller().post("/v1/people", ada).send().await.expect(201);
    let events = App::shared().stored("events", json!({ "tenant_id": tenant.id, "type": "person.erased" })).await;
    assert_eq!((events.len(), &events[0]["record"]["id"]), (1, &json!(person)));
}

#[tokio::test]
async fn what_is_erased_a_second_time_is_no_change() {
    let _alone = alone().await;
    let (tenant, owner, customer, _) = dealing().await;
    erase(&owner, json!({ "membership": customer.id })).await;
    work_off().await;
    let request = erase(&owner, json!({ "membership": customer.id })).await.id();
    let not_about = |record: &Value| record["type"] != "privacy_request.done" && record["_id"] != request.as_str();
    let before: Vec<Value> = everything(&tenant).await.into_iter().filter(not_about).collect();
    work_off().await;
    let after: Vec<Value> = everything(&tenant).await.into_iter().filter(not_about).collect();
    assert_eq!(after, before);
    assert_eq!(read(&owner, &request).await["proof"]["erased"], json!({}));
}

#[tokio::test]
async fn a_runner_that_is_cut_off_leaves_nothing_half_erased() {
    let _alone = alone().await;
    for call in 1..=8 {
        for cut in [Cut::Before(call), Cut::After(call)] {
            let (tenant, owner, customer, _) = dealing().await;
            let request = erase(&owner, json!({ "membership": customer.id })).await.id();
            let request_id = id("req");
            App::shared().wire.cut(&request_id, cut);
            // Whatever it answers, it is not to be trusted.
            run_in("privacy").header("x-request-id", &request_id).send().await;
            for minutes in 1..6 {
                run_at(now().plus_ms(minutes * 61_000)).await;
            }
            let done = read(&owner, &request).await;
            assert_eq!((&done["status"], &done["proof"]["erased"]["message"]), (&json!("done"), &json!(60)), "{cut:?}: {done}");
            assert!(jobs(&tenant, "privacy.erase").await.iter().all(|job| job["status"] == "done"), "{cut:?}");
        }
    }
}

#[tokio::test]
async fn nobody_writes_to_whoever_is_restricted() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let (owner, held, told) =
        (tenant.member(Role::Owner).await, tenant.member(Role::Admin).await, tenant.member(Role::Admin).await);
    owner.caller().post("/v1/privacy/requests", json!({ "type": "restrict", "membership": held.id })).send().await.expect(201);
    lead(&owner, json!({})).await;
    app.run_jobs().await;
    for (member, count) in [(&held, 0), (&told, 1)] {
        let notices = app.stored("notifications", json!({ "tenant_id": tenant.id, "recipient": member.id })).await;
        assert_eq!((notices.len(), app.standins.mails_to(&member.email).await.len()), (count, count));
    }
}

#[tokio::test]
async fn jobs_log_nothing_of_whom_they_are_about() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let owner = tenant.member(Role::Owner).await;
    let (name, email) = ("Zqunmistakable", "zqunmistakable@example.com");
    let invited = json!({ "name": name, "email": email, "role": "customer" });
    let invited = owner.caller().post("/v1/members", invited).send().await.expect(201).id();
    owner.caller().post("/v1/leads", json!({ "category": name, "customer": invited })).send().await.expect(201);
    for fault in [Fault::Broken, Fault::DropBefore] {
        app.standins.fail_next(Service::Mail, 1, fault).await;
        run_at(now()).await;
    }
    erase(&owner, json!({ "membership": invited })).await;
    app.run_jobs().await;
    run_at(now().plus_ms(61_000)).await;
    let of_tenant: Vec<String> = logged().into_iter().filter(|line| line.contains(&tenant.id)).collect();
    for word in
        [r#""kind":"invite""#, r#""outcome":"again""#, "mail-unavailable", r#""kind":"privacy.erase""#, r#""kind":"notify""#]
    {
        assert!(of_tenant.iter().any(|line| line.contains(word)), "{word}: {of_tenant:#?}");
    }
    assert!(!logged().iter().any(|line| line.to_lowercase().contains("zqunmistakable")), "{of_tenant:#?}");
}
