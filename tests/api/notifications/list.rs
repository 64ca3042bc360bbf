//! Listing and reading notifications.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

use super::{date, ids, notify};

#[tokio::test]
async fn a_list_tells_how_many_of_all_are_unread_in_one_trip() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Expert).await;
    let read = notify(&tenant, &member, json!({ "is_read": true })).await;
    let unread = [notify(&tenant, &member, json!({})).await, notify(&tenant, &member, json!({ "priority": "high" })).await];
    let request = id("req");
    let page = member.caller().request("GET", "/v1/notifications?limit=1").header("x-request-id", &request).send().await;
    let page = page.expect(200);
    assert_eq!((ids(&page), &page.json["unread"], &page.json["has_more"]), (vec![unread[1].as_str()], &json!(2), &json!(true)));
    assert_eq!(page.json.get("total"), None);
    assert_eq!(App::shared().wire.calls(&request), 1);
    for (query, expected) in [
        ("is_read=true", vec![&read]),
        ("is_read=false&count=true", vec![&unread[1], &unread[0]]),
        ("priority=high", vec![&unread[1]]),
    ] {
        let page = member.caller().get(&format!("/v1/notifications?{query}")).await.expect(200);
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page.json["unread"], 2);
    }
    assert_eq!(member.caller().get("/v1/notifications?is_read=false&count=true").await.json["total"], 2);
}

#[tokio::test]
async fn the_newest_come_first_whatever_their_ids() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Customer).await;
    let mut made = Vec::new();
    for year in [2026, 2024, 2025] {
        made.push(notify(&tenant, &member, json!({ "created_at": date(year) })).await);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/notifications?limit=1".to_owned();
    loop {
        let page = member.caller().get(&path).await.expect(200);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/v1/notifications?limit=1&cursor={next}");
    }
    assert_eq!(seen, [made[0].as_str(), &made[2], &made[1]]);
    let oldest = member.caller().get("/v1/notifications?sort=created_at").await.expect(200);
    assert_eq!(ids(&oldest), [&made[1], &made[2], &made[0]]);
}

#[tokio::test]
async fn nobody_sees_the_notifications_of_others_not_even_the_owner() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Customer).await;
    let notification = notify(&tenant, &member, json!({})).await;
    let path = format!("/v1/notifications/{notification}");
    member.caller().get(&path).await.expect(200);
    let owner = tenant.caller(Role::Owner).await;
    owner.get(&path).await.expect(404);
    owner.post(&format!("{path}/read"), json!({})).send().await.expect(404);
    owner.post("/v1/notifications/read-all", json!({})).send().await.expect(200);
    assert_eq!(owner.get("/v1/notifications").await.expect(200).json, json!({ "data": [], "has_more": false, "unread": 0 }));
    assert_eq!(member.caller().get(&path).await.expect(200).json["is_read"], false);
}

#[tokio::test]
async fn an_expired_notification_is_gone_before_the_store_drops_it() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Vendor).await;
    let expired = notify(&tenant, &member, json!({ "expires_at": date(2020) })).await;
    let page = member.caller().get("/v1/notifications").await.expect(200);
    assert_eq!(page.json, json!({ "data": [], "has_more": false, "unread": 0 }));
    member.caller().get(&format!("/v1/notifications/{expired}")).await.expect(404);
    member.caller().post(&format!("/v1/notifications/{expired}/read"), json!({})).send().await.expect(404);
}
