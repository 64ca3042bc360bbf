//! Mails of notices and invitations: sent once, and what became of them is on record.

use domain::{Role, Time};
use serde_json::{Value, json};
use standins::{Fault, Service};
use support::{App, Member, OPERATOR_SECRET, Tenant};

use super::{alone, jobs, lead, now, run, run_at, staffed};

async fn delivery(recipient: &str) -> Value {
    let stored = App::shared().stored("notifications", json!({ "recipient": recipient })).await;
    stored[0]["deliveries"].as_array().unwrap().iter().find(|delivery| delivery["channel"] == "email").unwrap().clone()
}

#[tokio::test]
async fn a_mail_says_what_happened_and_is_kept_on_record() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let owner = tenant.member(Role::Owner).await;
    let made = lead(&manager, json!({})).await;
    app.run_jobs().await;
    let mails = app.standins.mails_to(&owner.email).await;
    let job = &jobs(&tenant, "mail").await[0];
    assert_eq!(mails[0].idempotency_key.as_deref(), job["_id"].as_str());
    assert_eq!(mails[0].links, [format!("https://app.example/leads/{}", made.id())]);
    assert!(mails[0].subject.contains("SU-"), "{}", mails[0].subject);
    let delivery = delivery(&owner.id).await;
    assert_eq!((&delivery["status"], &delivery["provider_id"]), (&json!("sent"), &json!(mails[0].id)));
    // Nothing in the queue tells whose mail it is.
    assert!(!job.to_string().contains(&owner.email));
}

#[tokio::test]
async fn a_mail_that_was_taken_and_not_acknowledged_is_sent_once() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let owner = tenant.member(Role::Owner).await;
    lead(&manager, json!({})).await;
    app.standins.fail_next(Service::Mail, 1, Fault::DropAfter).await;
    run().send().await.expect(200);
    assert_eq!(delivery(&owner.id).await["status"], "queued");
    run_at(now().plus_ms(60_000)).await;
    assert_eq!(delivery(&owner.id).await["status"], "sent");
    assert_eq!(app.standins.mails_to(&owner.email).await.len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_busy_says_when_to_come_back() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let owner = tenant.member(Role::Owner).await;
    lead(&manager, json!({})).await;
    app.standins.fail_next(Service::Mail, 1, Fault::TooMany { retry_after_s: 600 }).await;
    let started = now();
    run().send().await.expect(200);
    let waiting = &jobs(&tenant, "mail").await[0];
    let run_at = Time::parse(waiting["run_at"].as_str().unwrap()).unwrap();
    assert_eq!(waiting["status"], "queued");
    assert!(run_at >= started.plus_ms(600_000) && run_at <= now().plus_ms(600_000), "{run_at}");
    super::run_at(run_at).await;
    assert_eq!(app.standins.mails_to(&owner.email).await.len(), 1);
}

#[tokio::test]
async fn a_mail_that_nobody_takes_is_on_record_as_failed() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let owner = tenant.member(Role::Owner).await;
    lead(&manager, json!({})).await;
    app.standins.fail_next(Service::Mail, 24, Fault::Broken).await;
    for day in 0..24 {
        assert_eq!(delivery_status(&owner.id).await, if day == 0 { Value::Null } else { json!("queued") });
        run_at(now().plus_days(day)).await;
    }
    let given_up = &jobs(&tenant, "mail").await[0];
    assert_eq!((&given_up["status"], &given_up["last_error"]), (&json!("dead"), &json!("mail-unavailable")));
    assert_eq!(delivery_status(&owner.id).await, "failed");
}

async fn delivery_status(recipient: &str) -> Value {
    match App::shared().stored("notifications", json!({ "recipient": recipient })).await.is_empty() {
        true => Value::Null,
        false => delivery(recipient).await["status"].clone(),
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_with_the_link_to_accept_it() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, _) = staffed().await;
    let admin = tenant.member(Role::Admin).await;
    let email = format!("{}@example.com", support::id("x").to_lowercase());
    let invite = json!({ "email": email, "name": "Ivan", "role": "expert" });
    admin.caller().post("/v1/members", invite).send().await.expect(201);
    app.run_jobs().await;
    let mails = app.standins.mails_to(&email).await;
    assert_eq!(mails.len(), 1);
    let token = mails[0].links[0].strip_prefix("https://app.example/accept-invite?token=").unwrap();
    let accept = json!({ "token": token, "password": "correct horse battery" });
    app.anyone().post("/v1/auth/accept-invite", accept).send().await.expect(200);
    // The job once more, now that nobody waits.
    let job = &jobs(&tenant, "invite").await[0];
    super::queue(&tenant, "invite", job["payload"].clone()).await;
    app.run_jobs().await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_down_for_half_a_day_loses_no_mail() {
    let _alone = alone().await;
    let app = App::shared();
    let (tenant, manager) = staffed().await;
    let owner = tenant.member(Role::Owner).await;
    lead(&manager, json!({})).await;
    app.standins.fail_next(Service::Mail, 1_000, Fault::Broken).await;
    let (mut time, up_again) = (now(), now().plus_ms(12 * 3_600_000));
    while time < up_again {
        run_at(time).await;
        let waiting = &jobs(&tenant, "mail").await[0];
        assert_eq!(waiting["status"], "queued", "{waiting}");
        time = Time::parse(waiting["run_at"].as_str().unwrap()).unwrap();
    }
    app.standins.clear_faults().await;
    run_at(time).await;
    assert_eq!(app.standins.mails_to(&owner.email).await.len(), 1);
}

/// Somebody whom an admin has invited: the membership and the address.
async fn invited(tenant: &Tenant, admin: &Member) -> (String, String) {
    let email = format!("{}@example.com", support::id("x").to_lowercase().replace('_', "-"));
    let invite = json!({ "email": email, "name": "Ivan", "role": "expert" });
    let made = admin.caller().post("/v1/members", invite).send().await.expect(201).id();
    assert_eq!(jobs(tenant, "invite").await.len(), 1);
    (made, email)
}

#[tokio::test]
async fn an_invitation_that_nobody_takes_says_so_until_it_is_mailed_after_all() {
    let _alone = alone().await;
    let (app, tenant) = (App::shared(), Tenant::new().await);
    let admin = tenant.member(Role::Admin).await;
    let (member, email) = invited(&tenant, &admin).await;
    let shown = async || admin.caller().get(&format!("/v1/members/{member}")).await.expect(200).json;
    app.standins.fail_next(Service::Mail, 24, Fault::Broken).await;
    let mut time = now();
    for _ in 0..24 {
        assert_eq!(shown().await["mail_failed_at"], Value::Null);
        run_at(time).await;
        time = Time::parse(jobs(&tenant, "invite").await[0]["run_at"].as_str().unwrap()).unwrap();
    }
    let given_up = &jobs(&tenant, "invite").await[0];
    assert_eq!((&given_up["status"], &given_up["last_error"]), (&json!("dead"), &json!("mail-unavailable")));
    assert!(shown().await["mail_failed_at"].is_string());
    let events = app.stored("events", json!({ "record.id": member, "type": "membership.mail_failed" })).await;
    assert_eq!(events.len(), 1);
    let path = format!("/v1/operator/tenants/{}/jobs/retry", tenant.id);
    app.with_token(OPERATOR_SECRET).post(&path, json!({ "kind": "invite" })).send().await.expect(200);
    app.run_jobs().await;
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
    assert_eq!(shown().await["mail_failed_at"], Value::Null);
}
