//! `POST /v1/policy/keys/rotate`: new keys, while everybody works on.

use domain::Time;
use serde_json::{Value, json};
use store::keys::TOKENS_OUT_MS;
use support::System;

use super::{DAY_MS, MARK, PASSWORD, now, run_jobs_at, with_keys};

async fn keys_of(system: &System) -> String {
    system.as_stored("keys", json!({})).await[0]["sealed"].as_str().unwrap().to_owned()
}

/// The versions that a tenant's people are sealed with.
async fn versions(system: &System) -> Vec<String> {
    let people = system.as_stored("people", json!({})).await;
    let version = |person: &Value| person["email"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let mut versions: Vec<String> = people.iter().map(version).collect();
    versions.sort();
    versions.dedup();
    versions
}

#[tokio::test]
async fn a_rotation_loses_nothing_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": "olga@example.com", "password": PASSWORD });
    let signed_up = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let token = signed_up.json["access_token"].as_str().unwrap();
    let caller_with = |keys: &str, time: Time| system.with_token(&with_keys(token, Some(keys.to_owned()), time));
    let owner = system.with_token(token);
    let person = |at: usize| json!({ "name": format!("{MARK} {at}"), "email": format!("{MARK}.{at}@example.com") });
    for at in 0..120 {
        owner.post("/v1/people", person(at)).send().await.expect(201);
    }
    let before = keys_of(&system).await;
    assert_eq!(owner.post("/v1/policy/keys/rotate", json!({})).send().await.expect(202).json["status"], "rotating");
    let (published, start) = (keys_of(&system).await, now());
    let busy = owner.post("/v1/policy/keys/rotate", json!({})).send().await.expect(409);
    assert_eq!((busy.code(), before == published), ("rotation-in-progress", false));
    // Each writes with the newest token that there was when it was issued, and the oldest that is still good.
    let mut count = 120;
    let mut keys = vec![before, published.clone()];
    for (step, after_ms) in [(0, 0), (1, TOKENS_OUT_MS), (2, 2 * TOKENS_OUT_MS + 1_000)] {
        let at = start.plus_ms(after_ms + 1_000);
        run_jobs_at(&system, at).await;
        keys.push(keys_of(&system).await);
        for wrapped in keys.iter().rev().take(2) {
            let caller = caller_with(wrapped, at);
            let made = caller.post("/v1/people", person(count)).at(at).send().await.expect(201);
            count += 1;
            let read = caller.request("GET", &format!("/v1/people/{}", made.id())).at(at).send().await.expect(200);
            assert_eq!(read.json, made.json, "step {step}");
            let listed = caller.request("GET", "/v1/people?limit=100&count=true").at(at).send().await.expect(200).json;
            assert_eq!(listed["total"], count, "step {step}");
            assert!(
                listed["data"].as_array().unwrap().iter().all(|person| person["email"].is_string() && person["name"].is_string())
            );
            for found in ["3@example.com", "119@example.com"] {
                let query = format!("/v1/people?count=true&email={MARK}.{found}");
                assert_eq!(caller.request("GET", &query).at(at).send().await.expect(200).json["total"], 1, "step {step} {found}");
            }
        }
    }
    assert_eq!(versions(&system).await, ["2"], "everything is sealed anew");
    let end = start.plus_ms(2 * TOKENS_OUT_MS + 4 * DAY_MS);
    run_jobs_at(&system, end).await;
    let last = keys_of(&system).await;
    assert!(last.len() < published.len(), "the old version is gone");
    let caller = caller_with(&last, end);
    let mut listed = Vec::new();
    let mut path = "/v1/people?limit=100".to_owned();
    loop {
        let page = caller.request("GET", &path).at(end).send().await.expect(200).json;
        listed.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/people?limit=100&cursor={next}");
    }
    let mut emails: Vec<&str> = listed.iter().map(|person| person["email"].as_str().unwrap()).collect();
    emails.sort_unstable();
    emails.dedup();
    assert_eq!(emails.len(), count);
    caller.post("/v1/policy/keys/rotate", json!({})).at(end).send().await.expect(202);
}
