//! Marking notifications as read.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

use super::notify;

#[tokio::test]
async fn a_notification_is_read_once_however_often_it_is_marked() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Expert).await;
    let path = format!("/v1/notifications/{}/read", notify(&tenant, &member, json!({})).await);
    let request = id("req");
    let first = member.caller().post(&path, json!({})).header("x-request-id", &request).send().await.expect(200);
    assert_eq!(App::shared().wire.calls(&request), 1);
    assert_eq!(first.json["is_read"], true);
    assert!(first.json["read_at"].is_string());
    let again = member.caller().post(&path, json!({})).send().await.expect(200);
    assert_eq!(again.json, first.json);
    assert_eq!(member.caller().get("/v1/notifications").await.json["unread"], 0);
}

#[tokio::test]
async fn all_are_read_at_once_and_those_of_others_stay() {
    let tenant = Tenant::new().await;
    let (member, other) = (tenant.member(Role::Expert).await, tenant.member(Role::Expert).await);
    for whose in [&member, &member, &other] {
        notify(&tenant, whose, json!({})).await;
    }
    let answer = member.caller().post("/v1/notifications/read-all", json!({})).send().await.expect(200);
    assert_eq!(answer.json, json!({ "unread": 0 }));
    let page = member.caller().get("/v1/notifications?is_read=true&count=true").await.expect(200);
    assert_eq!((&page.json["total"], &page.json["unread"]), (&json!(2), &json!(0)));
    assert_eq!(other.caller().get("/v1/notifications").await.json["unread"], 1);
}
