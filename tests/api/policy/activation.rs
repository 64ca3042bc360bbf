//! Members who wait until somebody lets them in, and those who are made to wait again.

use domain::Role;
use serde_json::{Value, json};
use support::{Answered, App, Caller, Tenant};

use crate::auth::{PASSWORD, caller, email, events_of, invite_token, joined, post, signed_up, string};

/// An owner whose tenant lets nobody in by an invitation alone.
async fn strict_owner() -> (String, Caller) {
    let tokens = signed_up(&email()).await;
    let owner = caller(&tokens);
    owner.patch("/v1/settings", json!({ "members.activation": "manual" })).send().await.expect(200);
    (string(&tokens, "/tenant/id"), owner)
}

/// The id of a member who has accepted an invitation, and the answer.
async fn accepted(owner: &Caller, email: &str, role: &str) -> (String, Answered) {
    let invitation = json!({ "email": email, "name": "Ivan", "role": role });
    let id = owner.post("/v1/members", invitation).send().await.expect(201).id();
    let body = json!({ "token": invite_token(&id).await, "password": PASSWORD });
    let answer = post("/v1/auth/accept-invite", body).send().await;
    (id, answer)
}

async fn login(email: &str) -> Answered {
    post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await
}

async fn turn(by: &Caller, id: &str, verb: &str) -> Answered {
    by.request("POST", &format!("/v1/members/{id}/{verb}")).send().await
}

/// Whom jobs are going to tell of something that happens to a member.
async fn told(id: &str, key: &str) -> [Value; 2] {
    let jobs = App::shared().stored("jobs", json!({ "kind": "notify", "payload.facts.record.id": id })).await;
    let job = jobs.iter().find(|job| job["payload"]["facts"]["key"] == key).unwrap();
    ["members", "roles"].map(|whom| job["payload"][whom].clone())
}

#[tokio::test]
async fn where_the_tenant_wants_it_whoever_joins_waits_to_be_activated() {
    let (tenant, owner) = strict_owner().await;
    let email = email();
    let (id, answer) = accepted(&owner, &email, "expert").await;
    let answer = answer.expect(202);
    assert_eq!((&answer.json["status"], &answer.json["tenant"]["id"]), (&json!("pending"), &json!(tenant)));
    assert!(!answer.text.contains("_token"), "{}", answer.text);
    assert_eq!(login(&email).await.expect(403).code(), "membership-pending");
    let wrong = post("/v1/auth/login", json!({ "email": email, "password": "not the password" })).send().await;
    assert_eq!(wrong.expect(401).code(), "invalid-credentials", "only who knows the password learns that they wait");
    assert_eq!(told(&id, "membership.pending").await, [json!([]), json!(["owner", "admin", "manager"])]);
    assert_eq!(owner.get("/v1/tenant/usage").await.expect(200).json["users"]["used"], 2);
    let token = json!({ "token": invite_token(&id).await, "password": PASSWORD });
    assert_eq!(post("/v1/auth/accept-invite", token).send().await.expect(409).code(), "invite-used");
    assert_eq!(turn(&owner, &id, "deactivate").await.expect(409).code(), "not-active");
    let active = turn(&owner, &id, "activate").await.expect(200);
    assert_eq!((&active.json["status"], &active.json["kind"]), (&json!("active"), &json!("portal")));
    assert_eq!(turn(&owner, &id, "activate").await.expect(409).code(), "not-pending");
    login(&email).await.expect(200);
    assert_eq!(told(&id, "membership.activated").await, [json!([id]), json!([])]);
    let expected = ["membership.invited", "membership.pending", "membership.activated"];
    assert_eq!(events_of(&id).await, expected);
}

#[tokio::test]
async fn whoever_waits_in_one_tenant_works_in_another() {
    let (tenant, owner) = strict_owner().await;
    let email = email();
    let own = signed_up(&email).await;
    accepted(&owner, &email, "vendor").await.1.expect(202);
    let entered = login(&email).await.expect(200);
    assert_eq!((&entered.json["tenant"], entered.json["memberships"].as_array().unwrap().len()), (&own.json["tenant"], 1));
    let switched = caller(&entered).post("/v1/auth/switch", json!({ "tenant": tenant })).send().await.expect(403);
    assert_eq!(switched.code(), "membership-pending");
    let there = json!({ "email": email, "password": PASSWORD, "tenant": tenant });
    assert_eq!(post("/v1/auth/login", there).send().await.expect(403).code(), "membership-pending");
}

#[tokio::test]
async fn whoever_is_deactivated_writes_nothing_more_and_gets_no_new_tokens() {
    let owner = caller(&signed_up(&email()).await);
    let email = email();
    let manager = joined(&owner, &email, "manager").await;
    let id = string(&manager, "/member/id");
    caller(&manager).post("/v1/people", json!({ "name": "Ada", "email": "a@example.com" })).send().await.expect(201);
    turn(&owner, &id, "deactivate").await.expect(200);
    let late = caller(&manager).post("/v1/people", json!({ "name": "Bea", "email": "b@example.com" })).send().await;
    assert_eq!(late.expect(401).code(), "session-outdated");
    let refresh = || post("/v1/auth/refresh", json!({ "refresh_token": string(&manager, "/refresh_token") }));
    assert_eq!(refresh().send().await.expect(403).code(), "membership-pending");
    assert_eq!(caller(&manager).get("/v1/me").await.expect(401).code(), "session-outdated");
    assert_eq!(login(&email).await.expect(403).code(), "membership-pending");
    turn(&owner, &id, "activate").await.expect(200);
    assert_eq!(refresh().send().await.expect(401).code(), "session-ended", "the sessions stay ended");
    login(&email).await.expect(200);
}

#[tokio::test]
async fn nobody_turns_out_whoever_may_do_more_nor_the_last_owner() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.member(Role::Owner).await, tenant.caller(Role::Manager).await);
    let (admin, expert) = (tenant.member(Role::Admin).await, tenant.member(Role::Expert).await);
    for above in [&owner, &admin] {
        assert_eq!(turn(&manager, &above.id, "deactivate").await.expect(403).code(), "role-not-allowed");
    }
    assert_eq!(turn(&owner.caller(), &owner.id, "deactivate").await.expect(409).code(), "last-owner");
    turn(&manager, &expert.id, "deactivate").await.expect(200);
    turn(&expert.caller(), &expert.id, "activate").await.expect(403);
    turn(&manager, &expert.id, "activate").await.expect(200);
}
