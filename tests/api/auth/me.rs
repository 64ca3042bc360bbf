//! `/v1/me` and reading members.

use domain::policy::PERMISSIONS;
use domain::role::ROLES;
use domain::{Policy, Role};
use edge::Access;
use serde_json::json;
use support::{App, Tenant, endpoints, id};

use super::{caller, email, joined, signed_up, string};

#[tokio::test]
async fn me_tells_who_one_is_and_what_one_may_do() {
    let email = email();
    let home = signed_up(&email).await;
    let elsewhere = signed_up(&super::email()).await;
    let expert = joined(&caller(&elsewhere), &email, "expert").await;
    let request_id = id("req");
    let me = caller(&expert).request("GET", "/v1/me").header("x-request-id", &request_id).send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&request_id), 1);
    assert_eq!((&me.json["role"], &me.json["member"]["id"]), (&json!("expert"), &expert.json["member"]["id"]));
    assert_eq!(me.json["tenant"]["id"], elsewhere.json["tenant"]["id"]);
    assert_eq!(me.json["permissions"]["bid:submit"], "own");
    assert_eq!(me.json["permissions"].get("bid:award"), None);
    let places = me.json["memberships"].as_array().unwrap();
    assert_eq!(
        places.iter().map(|place| &place["tenant"]).collect::<Vec<_>>(),
        [&elsewhere.json["tenant"], &home.json["tenant"]]
    );
    let hidden = ["identity", "policy_version", "password_hash"];
    assert!(hidden.iter().all(|field| !me.text.contains(field)), "{}", me.text);
}

#[tokio::test]
async fn a_suspended_member_is_nobody() {
    let signed_up = signed_up(&email()).await;
    let filter = json!({ "_id": string(&signed_up, "/member/id") });
    let update = json!({ "collection": "memberships", "filter": filter, "update": { "$set": { "status": "suspended" } } });
    App::shared().data("updateOne", update).await;
    assert_eq!(caller(&signed_up).get("/v1/me").await.expect(401).code(), "session-outdated");
}

#[tokio::test]
async fn staff_read_the_members_of_their_own_tenant() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let (expert, stranger) = (tenant.member(Role::Expert).await, other.member(Role::Expert).await);
    for (role, status) in [(Role::Owner, 200), (Role::Admin, 200), (Role::Manager, 200), (Role::Customer, 403)] {
        let caller = tenant.caller(role).await;
        caller.get("/v1/members").await.expect(status);
        caller.get(&format!("/v1/members/{}", expert.id)).await.expect(status);
        caller.get(&format!("/v1/members/{}", stranger.id)).await.expect(if status == 200 { 404 } else { status });
    }
    tenant.caller(Role::Vendor).await.get(&format!("/v1/members/{}", expert.id)).await.expect(404);
    let listed = tenant.caller(Role::Manager).await.get("/v1/members?role=expert").await.expect(200);
    let ids: Vec<_> = listed.json["data"].as_array().unwrap().iter().map(|member| member["id"].clone()).collect();
    assert_eq!(ids, [expert.id]);
}

#[tokio::test]
async fn every_permission_that_a_route_asks_for_is_told_to_somebody() {
    let told = |permission: &str| {
        ROLES.iter().any(|role| Policy::from(*role).reach(permission).is_some()) && PERMISSIONS.contains(&permission)
    };
    for (_, route) in endpoints() {
        if let Access::May(permission) = route.access {
            assert!(told(permission), "{route:?} asks for {permission}");
        }
    }
    let owner = signed_up(&email()).await;
    let me = caller(&owner).get("/v1/me").await.expect(200);
    assert_eq!(
        (&me.json["permissions"]["integration:create"], &me.json["permissions"].get("bid:submit")),
        (&json!("all"), &None)
    );
}
