//! `/v1/roles`, and giving them to members.

use serde_json::{Value, json};
use support::{Answered, App, Caller};

use super::{caller, email, events_of, joined, post, signed_up, string};

async fn refreshed(tokens: &Answered) -> Answered {
    post("/v1/auth/refresh", json!({ "refresh_token": string(tokens, "/refresh_token") })).send().await.expect(200)
}

/// A role like a manager's, who sees leads but not what they may cost.
fn clerk() -> Value {
    json!({
        "name": "Clerk", "based_on": "manager", "permissions": { "lead:read": "all", "lead:create": "all", "lead:update": "all" },
        "masks": { "lead": { "budget_max": "hidden", "description": "read_only" } },
    })
}

async fn made(owner: &Caller, role: Value) -> Answered {
    owner.post("/v1/roles", role).send().await.expect(201)
}

fn lead() -> Value {
    json!({ "category": "Roof", "description": "Leaks", "budget_max": { "minor": 777_777, "currency": "EUR" } })
}

#[tokio::test]
async fn a_role_takes_effect_at_once_for_writes_and_with_the_next_token_for_reads() {
    let owner = signed_up(&email()).await;
    let manager = joined(&caller(&owner), &email(), "manager").await;
    let role = made(&caller(&owner), clerk()).await;
    assert_eq!((&role.json["kind"], &role.json["permissions"]["lead:read"]), (&json!("staff"), &json!("all")));
    let lead = caller(&owner).post("/v1/leads", lead()).send().await.expect(201);
    let (path, member) = (format!("/v1/leads/{}", lead.id()), format!("/v1/members/{}", string(&manager, "/member/id")));
    let given = caller(&owner).patch(&member, json!({ "custom_role": role.id() })).send().await.expect(200);
    assert_eq!((&given.json["role"], &given.json["custom_role"]), (&json!("manager"), &json!(role.id())));
    assert!(given.json.get("policy").is_none());
    assert_eq!(caller(&manager).get(&path).await.expect(200).json["budget_max"]["minor"], 777_777);
    let late = caller(&manager).patch(&path, json!({ "category": "Wall" })).send().await.expect(401);
    assert_eq!(late.code(), "session-outdated");
    let clerk = refreshed(&manager).await;
    let seen = caller(&clerk).get(&path).await.expect(200);
    assert_eq!((seen.json.get("budget_max"), &seen.json["description"]), (None, &json!("Leaks")));
    caller(&clerk).patch(&path, json!({ "category": "Wall" })).send().await.expect(200);
    caller(&clerk).get("/v1/quotes").await.expect(403);
    let refused = caller(&clerk).patch(&path, json!({ "description": "Dry", "budget_max": null })).send().await.expect(422);
    assert_eq!(refused.places(), ["/description", "/budget_max"]);
    let me = caller(&clerk).get("/v1/me").await.expect(200);
    assert_eq!(me.json["permissions"], json!({ "lead:create": "all", "lead:read": "all", "lead:update": "all" }));
    let may = |member: &Answered| {
        let caller = caller(member);
        async move { caller.get("/v1/me/permissions").await.expect(200).json }
    };
    let (old, new) = (may(&manager).await, may(&clerk).await);
    assert_eq!((&old["permissions"], &old["masks"]), (&new["permissions"], &new["masks"]));
    assert_eq!(new["masks"], json!({ "lead": { "budget_max": "hidden", "description": "read_only" } }));
    assert_eq!((&old["current"], &new["current"]), (&json!(false), &json!(true)));
    for (action, field, rule) in [
        ("lead:read", "budget_max", "mask-hidden"),
        ("lead:update", "description", "mask-read-only"),
        ("lead:update", "status", "field-read-only"),
        ("lead:update", "category", "reach"),
        ("quote:read", "total", "permission"),
    ] {
        for whose in [json!({ "member": string(&manager, "/member/id") }), json!({ "custom_role": role.id() })] {
            let mut question = whose;
            (question["action"], question["field"]) = (json!(action), json!(field));
            let told = caller(&owner).post("/v1/policy/explain", question).send().await.expect(200);
            assert_eq!((&told.json["rule"], &told.json["allowed"]), (&json!(rule), &json!(rule == "reach")), "{}", told.text);
        }
    }
}

#[tokio::test]
async fn changing_a_role_reaches_everybody_who_has_it() {
    let owner = signed_up(&email()).await;
    let [first, second] = [joined(&caller(&owner), &email(), "manager").await, joined(&caller(&owner), &email(), "expert").await];
    let role = made(&caller(&owner), clerk()).await;
    for member in [&first, &second] {
        let path = format!("/v1/members/{}", string(member, "/member/id"));
        caller(&owner).patch(&path, json!({ "custom_role": role.id() })).send().await.expect(200);
    }
    let [first, second] = [refreshed(&first).await, refreshed(&second).await];
    for member in [&first, &second] {
        caller(member).post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    }
    let path = format!("/v1/roles/{}", role.id());
    let patch = json!({ "permissions": { "lead:create": null, "quote:read": "all" } });
    caller(&owner).patch(&path, patch).send().await.expect(200);
    for member in [&first, &second] {
        assert_eq!(
            caller(member).post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(401).code(),
            "session-outdated"
        );
        let later = refreshed(member).await;
        caller(&later).post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(403);
        caller(&later).get("/v1/quotes").await.expect(200);
    }
    assert_eq!(events_of(&role.id()).await, ["role.created", "role.updated"]);
    assert_eq!(caller(&owner).delete(&path).await.expect(409).code(), "role-in-use");
    for member in [&first, &second] {
        let path = format!("/v1/members/{}", string(member, "/member/id"));
        let back = caller(&owner).patch(&path, json!({ "role": "expert" })).send().await.expect(200);
        assert_eq!(back.json.get("custom_role"), None);
    }
    caller(&owner).delete(&path).await.expect(204);
    caller(&owner).get(&path).await.expect(404);
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let owner = signed_up(&email()).await;
    let people = json!({ "membership:read": "all", "membership:update": "all", "role:read": "all", "role:create": "all", "role:update": "all", "lead:read": "all" });
    let personnel = json!({ "name": "Personnel", "based_on": "admin", "permissions": people, "masks": { "lead": { "budget_max": "hidden" } } });
    let role = made(&caller(&owner), personnel.clone()).await;
    let admin = joined(&caller(&owner), &email(), "admin").await;
    let expert = joined(&caller(&owner), &email(), "expert").await;
    let path_of = |member: &Answered| format!("/v1/members/{}", string(member, "/member/id"));
    caller(&owner).patch(&path_of(&admin), json!({ "custom_role": role.id() })).send().await.expect(200);
    let personnel_officer = caller(&refreshed(&admin).await);
    let refused = |answer: Answered| assert_eq!(answer.expect(403).code(), "role-not-allowed");
    let (mut more, mut unmasked, mut same) = (personnel.clone(), personnel.clone(), personnel);
    (more["name"], unmasked["name"], same["name"]) = (json!("More"), json!("Unmasked"), json!("Same"));
    more["permissions"]["quote:read"] = json!("own");
    unmasked["masks"] = json!({ "lead": { "budget_max": "read_only" } });
    refused(personnel_officer.post("/v1/roles", more).send().await);
    refused(personnel_officer.post("/v1/roles", unmasked).send().await);
    let same = made(&personnel_officer, same).await;
    let path = format!("/v1/roles/{}", same.id());
    refused(personnel_officer.patch(&path, json!({ "masks": null })).send().await);
    refused(personnel_officer.patch(&path_of(&expert), json!({ "custom_role": same.id() })).send().await);
    refused(personnel_officer.patch(&path_of(&admin), json!({ "role": "admin" })).send().await);
    refused(personnel_officer.patch(&path_of(&owner), json!({ "status": "suspended" })).send().await);
    let plain = caller(&joined(&caller(&owner), &email(), "admin").await);
    refused(plain.patch(&path_of(&expert), json!({ "role": "owner" })).send().await);
    plain.patch(&path_of(&expert), json!({ "role": "admin" })).send().await.expect(200);
}

#[tokio::test]
async fn a_tenant_keeps_an_owner_even_when_two_demote_each_other() {
    let first = signed_up(&email()).await;
    let path_of = |member: &Answered| format!("/v1/members/{}", string(member, "/member/id"));
    for change in [json!({ "role": "admin" }), json!({ "status": "suspended" })] {
        assert_eq!(caller(&first).patch(&path_of(&first), change).send().await.expect(409).code(), "last-owner");
    }
    let second = joined(&caller(&first), &email(), "owner").await;
    let (a, b) = (caller(&first), caller(&second));
    let (to_second, to_first) = (path_of(&second), path_of(&first));
    let one = a.patch(&to_second, json!({ "role": "admin" })).send();
    let other = b.patch(&to_first, json!({ "role": "admin" })).send();
    let (one, other) = tokio::join!(one, other);
    let statuses = [one.status, other.status];
    assert!(statuses.contains(&200) && statuses != [200, 200], "{} {}", one.text, other.text);
    let owners = json!({ "tenant_id": first.json["tenant"]["id"], "role": "owner", "status": "active" });
    assert_eq!(App::shared().stored("memberships", owners).await.len(), 1);
}

#[tokio::test]
async fn a_suspended_member_gets_no_token_until_they_are_active_again() {
    let owner = signed_up(&email()).await;
    let expert = joined(&caller(&owner), &email(), "expert").await;
    let path = format!("/v1/members/{}", string(&expert, "/member/id"));
    caller(&owner).patch(&path, json!({ "status": "suspended" })).send().await.expect(200);
    let refresh = || post("/v1/auth/refresh", json!({ "refresh_token": string(&expert, "/refresh_token") }));
    refresh().send().await.expect(401);
    caller(&owner).patch(&path, json!({ "status": "active" })).send().await.expect(200);
    let invited = json!({ "email": email(), "name": "Ina", "role": "expert" });
    let invited = caller(&owner).post("/v1/members", invited).send().await.expect(201);
    let path = format!("/v1/members/{}", invited.id());
    assert_eq!(caller(&owner).patch(&path, json!({ "status": "active" })).send().await.expect(409).code(), "not-joined");
    let both = json!({ "role": "expert", "custom_role": support::id("rol") });
    assert_eq!(caller(&owner).patch(&path, both).send().await.expect(422).places(), ["/custom_role"]);
    assert_eq!(
        caller(&owner).patch(&path, json!({ "custom_role": support::id("rol") })).send().await.expect(422).places(),
        ["/custom_role"]
    );
}
