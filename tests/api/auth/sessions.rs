//! Seeing and ending sessions.

use domain::{Role, Time};
use serde_json::{Value, json};
use support::{Answered, App, Tenant, id};

use super::{PASSWORD, caller, email, events_of, joined, now, post, signed_up, string};

async fn logged_in(email: &str, agent: &str) -> Answered {
    let login = post("/v1/auth/login", json!({ "email": email, "password": PASSWORD }));
    login.header("user-agent", agent).header("cf-connecting-ip", "203.0.113.7").send().await.expect(200)
}

/// The login that an answer's tokens belong to.
fn login_of(tokens: &Answered) -> String {
    string(tokens, "/refresh_token").split('.').next().unwrap().to_owned()
}

async fn refreshed(tokens: &Answered) -> Answered {
    post("/v1/auth/refresh", json!({ "refresh_token": string(tokens, "/refresh_token") })).send().await
}

async fn listed(tokens: &Answered) -> Vec<Value> {
    let answered = caller(tokens).get("/v1/sessions").await.expect(200);
    assert_eq!(answered.json["has_more"], false);
    answered.json["data"].as_array().unwrap().clone()
}

fn ids(sessions: &[Value]) -> Vec<String> {
    sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ones_own_sessions_are_listed_with_where_they_come_from_and_which_is_this() {
    let email = email();
    let first = signed_up(&email).await;
    let second = logged_in(&email, "Phone/1.0").await;
    let request_id = id("req");
    let answered = caller(&first).request("GET", "/v1/sessions").header("x-request-id", &request_id).send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&request_id), 1);
    let sessions = answered.json["data"].as_array().unwrap();
    assert_eq!(ids(sessions), [login_of(&second), login_of(&first)]);
    assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!((&sessions[0]["user_agent"], &sessions[0]["ip"]), (&json!("Phone/1.0"), &json!("203.0.113.7")));
    assert_eq!(sessions[0]["tenant"], first.json["tenant"]["id"]);
    for field in ["created_at", "last_used_at", "expires_at"] {
        assert!(Time::parse(sessions[0][field].as_str().unwrap()).is_some(), "{field}");
    }
    for hidden in ["rotation_key", "generation", "identity"] {
        assert!(!answered.text.contains(hidden), "{}", answered.text);
    }
}

#[tokio::test]
async fn a_refresh_is_the_last_use_and_an_ended_session_is_not_listed() {
    let email = email();
    let first = signed_up(&email).await;
    let second = logged_in(&email, "Phone/1.0").await;
    let before = listed(&first).await[0].clone();
    refreshed(&second).await.expect(200);
    let after = listed(&first).await[0].clone();
    assert!(after["last_used_at"].as_str() > before["last_used_at"].as_str(), "{before} {after}");
    assert_eq!(after["created_at"], before["created_at"]);
    caller(&second).post("/v1/auth/logout", json!({})).send().await.expect(204);
    assert_eq!(ids(&listed(&first).await), [login_of(&first)]);
    let now = now();
    let later = now.plus_days(31);
    let token = App::shared().keys.verify(&string(&first, "/access_token"), now).unwrap();
    let subject = store::proof::Subject {
        identity: token.identity().to_owned(),
        tenant: token.tenant().to_owned(),
        member: token.viewer().member.clone(),
        policy: token.viewer().policy.clone(),
        policy_version: 1,
        login: token.login().to_owned(),
        keys: token.keys().map(str::to_owned),
    };
    let then = App::shared().with_token(&App::shared().keys.issue(&subject, later).unwrap());
    assert_eq!(then.request("GET", "/v1/sessions").at(later).send().await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn a_revoked_session_writes_nothing_and_gets_no_new_tokens_but_reads_until_its_token_ends() {
    let email = email();
    let first = signed_up(&email).await;
    let second = logged_in(&email, "Phone/1.0").await;
    let lead = json!({ "category": "Roof" });
    caller(&second).post("/v1/leads", lead.clone()).send().await.expect(201);
    caller(&first).delete(&format!("/v1/sessions/{}", login_of(&second))).await.expect(204);
    assert_eq!(refreshed(&second).await.expect(401).code(), "session-ended");
    let request_id = id("req");
    let refused = caller(&second).post("/v1/leads", lead.clone()).header("x-request-id", &request_id).send().await.expect(401);
    assert_eq!((refused.code(), App::shared().wire.calls(&request_id)), ("session-ended", 1));
    let there = json!({ "tenant": first.json["tenant"]["id"] });
    assert_eq!(caller(&second).post("/v1/auth/switch", there).send().await.expect(401).code(), "session-ended");
    caller(&second).get("/v1/me").await.expect(200);
    caller(&first).post("/v1/leads", lead).send().await.expect(201);
    refreshed(&first).await.expect(200);
    assert_eq!(events_of(&login_of(&second)).await, ["login.created", "login.revoked"]);
}

#[tokio::test]
async fn a_session_in_another_tenant_of_the_same_person_can_be_ended_from_here() {
    let email = email();
    let home = signed_up(&email).await;
    let elsewhere = signed_up(&super::email()).await;
    let away = joined(&caller(&elsewhere), &email, "expert").await;
    assert_eq!(ids(&listed(&home).await), [login_of(&away), login_of(&home)]);
    caller(&home).delete(&format!("/v1/sessions/{}", login_of(&away))).await.expect(204);
    assert_eq!(refreshed(&away).await.expect(401).code(), "session-ended");
    let events = App::shared().stored("events", json!({ "record.id": login_of(&away), "type": "login.revoked" })).await;
    assert_eq!(events[0]["tenant_id"], elsewhere.json["tenant"]["id"]);
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_others() {
    let (first, stranger) = (signed_up(&email()).await, signed_up(&email()).await);
    let colleague = joined(&caller(&first), &email(), "admin").await;
    for other in [&stranger, &colleague] {
        let path = format!("/v1/sessions/{}", login_of(&first));
        assert_eq!(caller(other).delete(&path).await.expect(404).code(), "not-found");
        assert!(!ids(&listed(other).await).contains(&login_of(&first)));
        caller(other).post("/v1/sessions/revoke-others", json!({})).send().await.expect(204);
    }
    caller(&first).delete(&format!("/v1/sessions/{}", id("log"))).await.expect(404);
    refreshed(&first).await.expect(200);
}

#[tokio::test]
async fn an_ended_session_is_gone_and_two_who_end_it_at_once_end_it_once() {
    let email = email();
    let first = signed_up(&email).await;
    let second = logged_in(&email, "Phone/1.0").await;
    let (owner, path) = (caller(&first), format!("/v1/sessions/{}", login_of(&second)));
    let (one, other) = tokio::join!(owner.delete(&path), owner.delete(&path));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404], "{} {}", one.text, other.text);
    owner.delete(&path).await.expect(404);
    assert_eq!(events_of(&login_of(&second)).await, ["login.created", "login.revoked"]);
}

#[tokio::test]
async fn all_others_end_in_every_tenant_and_this_one_stays() {
    let email = email();
    let first = signed_up(&email).await;
    let second = logged_in(&email, "Phone/1.0").await;
    let elsewhere = signed_up(&super::email()).await;
    let away = joined(&caller(&elsewhere), &email, "expert").await;
    caller(&first).post("/v1/sessions/revoke-others", json!({})).send().await.expect(204);
    for ended in [&second, &away] {
        assert_eq!(refreshed(ended).await.expect(401).code(), "session-ended");
        assert_eq!(events_of(&login_of(ended)).await.last().unwrap(), "login.revoked");
    }
    assert_eq!(ids(&listed(&first).await), [login_of(&first)]);
    refreshed(&first).await.expect(200);
    refreshed(&elsewhere).await.expect(200);
}

#[tokio::test]
async fn whoever_runs_the_tenant_sees_and_ends_the_sessions_of_its_members_there() {
    let email = email();
    let owner = signed_up(&super::email()).await;
    let expert = joined(&caller(&owner), &email, "expert").await;
    let elsewhere = signed_up(&super::email()).await;
    let away = joined(&caller(&elsewhere), &email, "expert").await;
    let path = format!("/v1/members/{}/sessions", string(&expert, "/member/id"));
    let listed = caller(&owner).get(&path).await.expect(200);
    assert_eq!(ids(listed.json["data"].as_array().unwrap()), [login_of(&expert)]);
    caller(&elsewhere).get(&path).await.expect(404);
    caller(&elsewhere).delete(&path).await.expect(404);
    caller(&expert).get(&path).await.expect(403);
    caller(&owner).delete(&path).await.expect(204);
    assert_eq!(refreshed(&expert).await.expect(401).code(), "session-ended");
    assert_eq!(caller(&owner).get(&path).await.expect(200).json["data"], json!([]));
    refreshed(&away).await.expect(200);
    let event = &App::shared().stored("events", json!({ "record.id": login_of(&expert), "type": "login.revoked" })).await[0];
    assert_eq!((&event["actor"]["id"], &event["comment"]), (&owner.json["member"]["id"], &json!("revoked-by-staff")));
}

#[tokio::test]
async fn managers_see_no_sessions() {
    let tenant = Tenant::new().await;
    let expert = tenant.member(Role::Expert).await;
    let manager = tenant.caller(Role::Manager).await;
    for method in ["GET", "DELETE"] {
        let path = format!("/v1/members/{}/sessions", expert.id);
        manager.request(method, &path).send().await.expect(403);
    }
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_whoever_has_more() {
    let tenant = Tenant::new().await;
    let (owner, admin) = (tenant.member(Role::Owner).await, tenant.member(Role::Admin).await);
    let path = |member: &str| format!("/v1/members/{member}/sessions");
    assert_eq!(admin.caller().delete(&path(&owner.id)).await.expect(403).code(), "role-not-allowed");
    admin.caller().get(&path(&owner.id)).await.expect(200);
    owner.caller().delete(&path(&admin.id)).await.expect(204);
}

#[tokio::test]
async fn logins_of_a_membership_are_counted() {
    let email = email();
    let owner = signed_up(&email).await;
    let path = format!("/v1/members/{}", string(&owner, "/member/id"));
    let first = caller(&owner).get(&path).await.expect(200);
    logged_in(&email, "Phone/1.0").await;
    let second = caller(&owner).get(&path).await.expect(200);
    assert_eq!((&first.json["login_count"], &second.json["login_count"]), (&json!(1), &json!(2)));
    assert!(second.json["last_login_at"].as_str() > first.json["last_login_at"].as_str());
}
