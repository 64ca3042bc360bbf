//! Fan-out: who is told of what, once.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Tenant, id};

use super::{alone, jobs, lead, now, run, run_at, staffed, told};

#[tokio::test]
async fn each_recipient_is_told_once_and_not_who_did_it() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let made = lead(&manager, json!({})).await;
    app.run_jobs().await;
    assert_eq!(
        (told(&owner).await, told(&manager).await, told(&expert).await),
        (vec!["lead.created".to_owned()], vec![], vec![])
    );
    let page = owner.caller().get("/v1/notifications").await.expect(200);
    let notice = &page.json["data"][0];
    assert_eq!(notice["title"], format!("New lead {}", made.json["reference"].as_str().unwrap()));
    assert_eq!(notice["link"], format!("/leads/{}", made.id()));
    assert_eq!(notice["record"], json!({ "type": "lead", "id": made.id() }));
    assert_eq!((&notice["is_read"], page.json["unread"].as_u64()), (&json!(false), Some(1)));
    let job = &jobs(&tenant, "notify").await[0];
    // The same cause once more, as after a restored backup.
    super::queue(&tenant, "notify", job["payload"].clone()).await;
    app.run_jobs().await;
    assert_eq!(told(&owner).await.len(), 1);
    assert_eq!(app.standins.mails_to(&owner.email).await.len(), 1);
}

#[tokio::test]
async fn a_channel_that_is_turned_off_stays_silent() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let quiet = [("browser", false, true), ("email", true, false)];
    let mut members = Vec::new();
    for (channel, ..) in quiet {
        let member = tenant.member(Role::Admin).await;
        member.caller().patch("/v1/notifications/preferences", json!({ channel: false })).send().await.expect(200);
        members.push(member);
    }
    let deaf = tenant.member(Role::Admin).await;
    let off = json!({ "browser": false, "email": false });
    deaf.caller().patch("/v1/notifications/preferences", off).send().await.expect(200);
    lead(&manager, json!({})).await;
    app.run_jobs().await;
    for (member, (channel, shown, mailed)) in members.iter().zip(quiet) {
        assert_eq!(told(member).await.len() == 1, shown, "{channel}");
        assert_eq!(app.standins.mails_to(&member.email).await.len() == 1, mailed, "{channel}");
    }
    let stored = app.stored("notifications", json!({ "recipient": deaf.id })).await;
    assert_eq!((stored.len(), app.standins.mails_to(&deaf.email).await.len()), (0, 0));
}

#[tokio::test]
async fn a_large_fan_out_goes_on_from_job_to_job() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let expert = |at: usize| {
        json!({
            "_id": id("mem"), "tenant_id": tenant.id, "email": format!("{at}-{}@example.com", id("x").to_lowercase()),
            "role": "expert", "status": "active", "personal_code": format!("X{at:05}"), "policy_version": 1, "version": 1,
            "preferences": { "notifications": { "email": false } },
        })
    };
    let experts: Vec<Value> = (0..450).map(expert).collect();
    app.data("insertMany", json!({ "collection": "memberships", "documents": experts })).await;
    let made = lead(&manager, json!({})).await;
    let publish = json!({ "bid_deadline": "2999-01-01T00:00:00Z" });
    manager.caller().post(&format!("/v1/leads/{}/publish", made.id()), publish).send().await.expect(200);
    app.run_jobs().await;
    let published = json!({ "tenant_id": tenant.id, "key": "lead.published" });
    assert_eq!(app.stored("notifications", published).await.len(), 450);
    let parts = jobs(&tenant, "notify").await;
    assert_eq!(parts.iter().filter(|job| job["payload"]["facts"]["key"] == "lead.published").count(), 3);
}

#[tokio::test]
async fn nobody_hears_of_a_bid_before_it_is_unsealed() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let (lead, deadline) = published(&manager).await;
    let expert = tenant.member(Role::Expert).await;
    let bid = bid(&expert, &lead).await;
    expert.caller().post(&format!("/v1/bids/{bid}/submit"), json!({})).send().await.expect(200);
    app.run_jobs().await;
    // Even a job that comes too early tells nothing, and counts as no attempt.
    let cause = json!({ "tenant_id": tenant.id, "kind": "notify", "payload.facts.key": "bid.submitted" });
    let early = json!({ "$set": { "run_at": { "$date": "2026-01-01T00:00:00.000Z" } } });
    app.data("updateOne", json!({ "collection": "jobs", "filter": cause, "update": early })).await;
    run().send().await.expect(200);
    let waiting = &app.stored("jobs", cause.clone()).await[0];
    assert_eq!(
        (&waiting["status"], &waiting["attempts"], &waiting["run_at"]),
        (&json!("queued"), &json!(0), &json!(deadline.to_string()))
    );
    let later = deadline.plus_days(1);
    manager.caller().patch(&format!("/v1/leads/{lead}"), json!({ "bid_deadline": later })).send().await.expect(200);
    run_at(deadline.plus_ms(1_000)).await;
    assert!(!told(&manager).await.contains(&"bid.submitted".to_owned()));
    run_at(later.plus_ms(1_000)).await;
    assert!(told(&manager).await.contains(&"bid.submitted".to_owned()));
}

#[tokio::test]
async fn nobody_ever_hears_of_a_bid_that_was_withdrawn_in_time() {
    let _alone = alone().await;
    let (tenant, manager) = staffed().await;
    let (lead, deadline) = published(&manager).await;
    let expert = tenant.member(Role::Expert).await;
    let bid = bid(&expert, &lead).await;
    for verb in ["submit", "withdraw"] {
        expert.caller().post(&format!("/v1/bids/{bid}/{verb}"), json!({})).send().await.expect(200);
    }
    run_at(deadline.plus_days(2)).await;
    let all = json!({ "tenant_id": tenant.id, "recipient": manager.id });
    let keys: Vec<Value> = App::shared().stored("notifications", all).await.iter().map(|one| one["key"].clone()).collect();
    assert!(keys.iter().all(|key| !key.as_str().unwrap().starts_with("bid.")), "{keys:?}");
}

async fn published(manager: &support::Member) -> (String, domain::Time) {
    let lead = lead(manager, json!({})).await.id();
    let deadline = now().plus_days(1);
    let publish = json!({ "bid_deadline": deadline });
    manager.caller().post(&format!("/v1/leads/{lead}/publish"), publish).send().await.expect(200);
    (lead, deadline)
}

async fn bid(expert: &support::Member, lead: &str) -> String {
    let bid = json!({
        "lead": lead, "title": "New roof", "price": { "minor": 100_000, "currency": "EUR" },
        "start_date": "2027-01-01T00:00:00Z", "end_date": "2027-02-01T00:00:00Z",
        "milestones": [{ "order": 1, "name": "All of it", "percentage": 100 }],
    });
    expert.caller().post("/v1/bids", bid).send().await.expect(201).id()
}

#[tokio::test]
async fn members_of_other_tenants_hear_nothing() {
    let _alone = alone().await;
    let (_, manager) = staffed().await;
    let stranger = Tenant::new().await.member(Role::Owner).await;
    lead(&manager, json!({})).await;
    App::shared().run_jobs().await;
    assert!(told(&stranger).await.is_empty());
}

#[tokio::test]
async fn news_of_a_bid_leads_its_author_to_the_bid_and_the_staff_to_the_lead() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let (owner, expert) = (tenant.member(Role::Owner).await, tenant.member(Role::Expert).await);
    let (lead, bid) = (lead(&manager, json!({})).await.id(), id("bid"));
    let past = json!({ "$date": "2026-01-01T00:00:00.000Z" });
    let document = json!({
        "_id": bid, "tenant_id": tenant.id, "lead": lead, "expert": expert.id, "status": "submitted", "sealed_until": past, "version": 1,
    });
    app.data("insertOne", json!({ "collection": "bids", "document": document })).await;
    for (key, member) in [("bid.withdrawn", &owner), ("bid.awarded", &expert)] {
        let facts = json!({ "key": key, "record": { "type": "bid", "id": bid }, "lead": lead, "reference": "SU-000001" });
        super::queue(&tenant, "notify", json!({ "cause": id("evt"), "members": [member.id], "roles": [], "facts": facts })).await;
    }
    app.run_jobs().await;
    for (key, member, link) in
        [("bid.withdrawn", &owner, format!("/leads/{lead}")), ("bid.awarded", &expert, format!("/bids/{bid}"))]
    {
        let page = member.caller().get("/v1/notifications").await.expect(200);
        let notices = page.json["data"].as_array().unwrap();
        let notice = notices.iter().find(|notice| notice["key"] == key).unwrap();
        assert_eq!(notice["link"], link);
    }
}

#[tokio::test]
async fn the_others_are_notified_of_a_message_and_its_sender_is_not() {
    let _alone = alone().await;
    let (tenant, manager) = staffed().await;
    let customer = tenant.member(Role::Customer).await;
    let made = lead(&manager, json!({ "customer": customer.id, "manager": manager.id })).await;
    let conversation = made.json["conversation"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}/messages");
    let sent = customer.caller().post(&path, json!({ "content": "It leaks" })).send().await.expect(201);
    let cause = App::shared().stored("events", json!({ "record.id": sent.id() })).await[0]["_id"].clone();
    App::shared().run_jobs().await;
    let notifications = App::shared().stored("notifications", json!({ "cause": cause })).await;
    let recipients: Vec<_> = notifications.iter().map(|notification| notification["recipient"].clone()).collect();
    assert_eq!(recipients, [manager.id.as_str()]);
    let page = manager.caller().get("/v1/notifications?key=message.created").await.expect(200);
    assert_eq!(page.json["data"][0]["link"], format!("/conversations/{conversation}"));
    assert!(!page.text.contains("leaks"));
}
