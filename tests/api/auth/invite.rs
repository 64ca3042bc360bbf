//! Inviting and joining.

use domain::Role;
use domain::Time;
use serde_json::{Value, json};
use support::{App, Request, Tenant, id};

use super::{PASSWORD, caller, email, events_of, invite_token, joined, now, post, signed_up, string};

fn invitation(email: &str, role: &str) -> Value {
    json!({ "email": email, "name": "Ivan", "role": role })
}

fn accept(token: &str, password: &str) -> Request {
    post("/v1/auth/accept-invite", json!({ "token": token, "password": password }))
}

#[tokio::test]
async fn an_invitation_waits_with_its_event_and_its_job() {
    let tenant = Tenant::new().await;
    let admin = tenant.caller(Role::Admin).await;
    let mut body = invitation(&email(), "manager");
    body["manager_kind"] = "cs".into();
    let invited = admin.post("/v1/members", body).send().await.expect(201);
    assert_eq!((&invited.json["status"], &invited.json["manager_kind"]), (&json!("invited"), &json!("cs")));
    assert_eq!(invited.header("location").unwrap(), format!("/v1/members/{}", invited.id()));
    assert_eq!(admin.get(&format!("/v1/members/{}", invited.id())).await.expect(200).json, invited.json);
    assert_eq!(events_of(&invited.id()).await, ["membership.invited"]);
    let jobs = App::shared().stored("jobs", json!({ "tenant_id": tenant.id, "kind": "invite" })).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["payload"], json!({ "membership": invited.id() }));
}

#[tokio::test]
async fn an_address_is_invited_once_per_tenant() {
    let (one, other) = (Tenant::new().await.caller(Role::Admin).await, Tenant::new().await.caller(Role::Admin).await);
    let email = email();
    one.post("/v1/members", invitation(&email, "expert")).send().await.expect(201);
    let again = one.post("/v1/members", invitation(&email.to_uppercase(), "vendor")).send().await.expect(409);
    assert_eq!(again.code(), "already-a-member");
    other.post("/v1/members", invitation(&email, "expert")).send().await.expect(201);
}

#[tokio::test]
async fn a_tenant_invites_so_many_in_a_day() {
    let tenant = Tenant::new().await;
    let admin = tenant.member(Role::Admin).await;
    let start = Time::from_ms(now().ms().div_euclid(86_400_000) * 86_400_000).plus_ms(82_800_000);
    let invite = |at: Time| {
        let admin = App::shared().with_token(&admin.token_at(at));
        async move { admin.post("/v1/members", invitation(&email(), "expert")).at(at).send().await }
    };
    invite(start).await.expect(201);
    let own = json!({ "tenant_id": tenant.id });
    assert_eq!(App::shared().as_stored("attempts", own.clone()).await[0]["count"], json!(1));
    let update = json!({ "$set": { "count": 199 } });
    App::shared().data("updateOne", json!({ "collection": "attempts", "filter": own, "update": update })).await;
    invite(start).await.expect(201);
    let refused = invite(start).await.expect(429);
    assert_eq!((refused.code(), refused.header("retry-after")), ("too-many-invitations", Some("3601")));
    invite(start.plus_ms(3_600_000)).await.expect(201);
}

#[tokio::test]
async fn a_personal_code_that_somebody_else_drew_is_drawn_again() {
    let tenant = Tenant::new().await;
    let admin = tenant.caller(Role::Admin).await;
    let request_id = id("req");
    let held = App::shared().wire.hold(&request_id, 1);
    let invite = admin.post("/v1/members", invitation(&email(), "expert")).header("x-request-id", &request_id).send();
    let takes_code = async {
        held.arrived().await;
        let call: Value = serde_json::from_str(&held.body()).unwrap();
        let documents = call["operations"].as_array().unwrap().iter().filter_map(|one| one["insertOne"]["document"].as_object());
        let code = documents.filter_map(|document| document.get("personal_code")).next().unwrap().clone();
        let other = json!({ "_id": id("mem"), "tenant_id": tenant.id, "personal_code": code, "version": 1 });
        App::shared().data("insertOne", json!({ "collection": "memberships", "document": other })).await;
        held.let_go();
        code
    };
    let (invited, taken) = tokio::join!(invite, takes_code);
    assert_ne!(invited.expect(201).json["personal_code"], taken);
}

#[tokio::test]
async fn nobody_invites_above_themselves() {
    let tenant = Tenant::new().await;
    let cases = [
        (Role::Owner, "owner", 201),
        (Role::Admin, "owner", 403),
        (Role::Admin, "admin", 201),
        (Role::Manager, "admin", 403),
        (Role::Manager, "owner", 403),
        (Role::Manager, "customer", 201),
        (Role::Expert, "customer", 403),
    ];
    for (inviter, role, status) in cases {
        let inviter = tenant.caller(inviter).await;
        inviter.post("/v1/members", invitation(&email(), role)).send().await.expect(status);
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_invitation_is_named() {
    let admin = Tenant::new().await.caller(Role::Admin).await;
    let cases = [
        ("role", json!("king"), "/role"),
        ("role", Value::Null, "/role"),
        ("email", json!("nobody"), "/email"),
        ("status", json!("active"), "/status"),
        ("identity", json!("x"), "/identity"),
        ("manager_kind", json!("cs"), "/manager_kind"),
    ];
    for (field, value, pointer) in cases {
        let mut body = invitation(&email(), "expert");
        body[field] = value;
        let refused = admin.post("/v1/members", body).send().await.expect(422);
        assert_eq!(refused.places(), [pointer], "{}", refused.text);
    }
}

#[tokio::test]
async fn somebody_new_joins_with_a_password_of_their_own() {
    let owner = signed_up(&email()).await;
    let email = email();
    let answered = joined(&caller(&owner), &email, "expert").await;
    assert_eq!(answered.json["member"]["role"], "expert");
    assert_eq!((&answered.json["member"]["name"], &answered.json["tenant"]), (&json!("Ivan"), &owner.json["tenant"]));
    let member = string(&answered, "/member/id");
    assert_eq!(events_of(&member).await, ["membership.invited", "membership.activated"]);
    post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await.expect(200);
    let read = caller(&owner).get(&format!("/v1/members/{member}")).await.expect(200);
    assert_eq!(read.json["status"], "active");
    assert!(read.json["joined_at"].is_string());
}

#[tokio::test]
async fn somebody_with_a_login_joins_with_the_password_they_have() {
    let owner = signed_up(&email()).await;
    let email = email();
    signed_up(&email).await;
    let invited = caller(&owner).post("/v1/members", invitation(&email, "vendor")).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    assert_eq!(accept(&token, "another password").send().await.expect(401).code(), "invalid-credentials");
    accept(&token, PASSWORD).send().await.expect(200);
    assert_eq!(App::shared().stored("identities", json!({ "email": email })).await.len(), 1);
}

#[tokio::test]
async fn an_invitation_is_good_once() {
    let owner = signed_up(&email()).await;
    let invited = caller(&owner).post("/v1/members", invitation(&email(), "expert")).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    let (one, other) = tokio::join!(accept(&token, PASSWORD).send(), accept(&token, PASSWORD).send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
    assert_eq!(accept(&token, PASSWORD).send().await.expect(409).code(), "invite-used");
    assert_eq!(App::shared().stored("logins", json!({ "membership": invited.id() })).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_acceptance_gets_the_first_answer() {
    let owner = signed_up(&email()).await;
    let invited = caller(&owner).post("/v1/members", invitation(&email(), "expert")).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    let accept = || accept(&token, PASSWORD).header("idempotency-key", "a-1").send();
    let (first, again) = (accept().await.expect(200), accept().await.expect(200));
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn an_invitation_ends_after_seven_days() {
    let tenant = Tenant::new().await;
    let admin = tenant.caller(Role::Admin).await;
    let invited = admin.post("/v1/members", invitation(&email(), "expert")).send().await.expect(201);
    let invited_at = Time::parse(invited.json["invited_at"].as_str().unwrap()).unwrap();
    let token = invite_token(&invited.id()).await;
    let late = accept(&token, PASSWORD).at(invited_at.plus_days(7)).send().await.expect(401);
    assert_eq!(late.code(), "invite-expired");
    accept(&token, PASSWORD).at(invited_at.plus_days(7).plus_ms(-1)).send().await.expect(200);
}

#[tokio::test]
async fn forged_and_withdrawn_invitations_are_refused() {
    let tenant = Tenant::new().await;
    let admin = tenant.caller(Role::Admin).await;
    let invited = admin.post("/v1/members", invitation(&email(), "expert")).send().await.expect(201);
    let token = invite_token(&invited.id()).await;
    for forged in ["x", &token.replace(&tenant.id, &id("ten")), &format!("{token}x")] {
        assert_eq!(accept(forged, PASSWORD).send().await.expect(401).code(), "invalid-invite");
    }
    assert_eq!(accept(&token, "short").send().await.expect(422).places(), ["/password"]);
    let update = json!({ "$set": { "deleted_at": { "$date": "2026-01-01T00:00:00.000Z" } } });
    let request = json!({ "collection": "memberships", "filter": { "_id": invited.id() }, "update": update });
    App::shared().data("updateOne", request).await;
    assert_eq!(accept(&token, PASSWORD).send().await.expect(401).code(), "invalid-invite");
}
