//! Sending and listing messages.

use domain::Role;
use futures_util::future::join_all;
use serde_json::json;
use support::{App, id};

use super::{Chat, column};

#[tokio::test]
async fn a_message_takes_the_next_number_and_is_told_to_the_others_in_one_trip() {
    let chat = Chat::new().await;
    let file = json!({ "name": "roof.jpg", "url": "https://files.example/roof.jpg", "media_type": "image/jpeg" });
    let message = json!({ "content": "It leaks\nhere", "attachments": [file] });
    let request = id("req");
    let sent = chat.customer.caller().post(&chat.path("/messages"), message).header("x-request-id", &request).send().await;
    let sent = sent.expect(201);
    assert_eq!(App::shared().wire.calls(&request), 1);
    assert_eq!((&sent.json["seq"], &sent.json["sender"]), (&json!(1), &json!(chat.customer.id)));
    assert_eq!((&sent.json["content"], &sent.json["kind"]), (&json!("It leaks\nhere"), &json!("human")));
    assert_eq!(sent.json["attachments"], json!([file]));
    let conversation = chat.manager.caller().get(&chat.path("")).await.expect(200);
    assert_eq!((&conversation.json["seq"], &conversation.json["last_message_at"]), (&json!(1), &sent.json["created_at"]));
    let events = App::shared().stored("events", json!({ "record.id": sent.id() })).await;
    assert_eq!((&events[0]["type"], &events[0]["lead"]), (&json!("message.created"), &json!(chat.lead)));
    assert_eq!(events[0]["changes"]["seq"], json!({ "before": null, "after": 1 }));
    assert!(!events[0].to_string().contains("leaks"));
    let jobs = App::shared().stored("jobs", json!({ "payload.cause": events[0]["_id"] })).await;
    assert_eq!(jobs[0]["payload"]["members"], json!([chat.customer.id, chat.manager.id]));
    assert_eq!(jobs[0]["payload"]["except"], chat.customer.id);
    assert_eq!(jobs[0]["payload"]["facts"]["lead"], chat.lead);
}

#[tokio::test]
async fn messages_sent_at_once_are_numbered_without_a_gap() {
    let chat = Chat::new().await;
    let callers = [chat.customer.caller(), chat.manager.caller()];
    let sent = join_all((0..20).map(|number| chat.say(&callers[number % 2], "at once"))).await;
    let mut numbers: Vec<u64> = sent.iter().map(|message| message.json["seq"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeated_message_is_sent_once() {
    let chat = Chat::new().await;
    let customer = chat.customer.caller();
    let send = || customer.post(&chat.path("/messages"), json!({ "content": "Hello" })).header("idempotency-key", "m-1").send();
    let (first, again) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first.json, again.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(App::shared().stored("messages", json!({ "conversation": chat.id })).await.len(), 1);
}

#[tokio::test]
async fn messages_are_listed_oldest_first_and_page_by_page() {
    let chat = Chat::new().await;
    chat.count(1..=7).await;
    let customer = chat.customer.caller();
    let mut seen = Vec::new();
    let mut path = chat.path("/messages?limit=3&fields=content");
    loop {
        let page = customer.get(&path).await.expect(200);
        seen.extend(column(&page, "content"));
        let Some(next) = page.json["next"].as_str() else { break };
        path = chat.path(&format!("/messages?limit=3&fields=content&cursor={next}"));
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5", "6", "7"]);
    for (query, expected) in [("after=5", ["6", "7"]), ("sort=-seq&limit=2", ["7", "6"]), ("seq[lte]=2", ["1", "2"])] {
        let request = id("req");
        let page = customer.request("GET", &chat.path(&format!("/messages?{query}"))).header("x-request-id", &request);
        assert_eq!(column(&page.send().await.expect(200), "content"), expected, "{query}");
        assert_eq!(App::shared().wire.calls(&request), 1, "{query}");
    }
}

#[tokio::test]
async fn only_participants_and_staff_see_a_conversation() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let elsewhere = super::Tenant::new().await;
    let outsiders = [
        chat.tenant.caller(Role::Customer).await,
        chat.tenant.caller(Role::Expert).await,
        chat.tenant.caller(Role::Vendor).await,
        elsewhere.caller(Role::Owner).await,
    ];
    for outsider in &outsiders {
        for path in ["", "/messages", "/messages?after=0&wait=20", "/stream", "/reads"] {
            assert_eq!(outsider.get(&chat.path(path)).await.expect(404).code(), "not-found", "{path}");
        }
        let said = outsider.post(&chat.path("/messages"), json!({ "content": "Let me in" })).send().await;
        assert_eq!(said.expect(404).code(), "not-found");
        outsider.post(&chat.path("/read"), json!({ "seq": 1 })).send().await.expect(404);
        assert_eq!(outsider.get("/v1/conversations").await.expect(200).json["data"], json!([]));
    }
    assert_eq!(App::shared().stored("messages", json!({ "conversation": chat.id })).await.len(), 1);
    let owner = chat.tenant.caller(Role::Owner).await;
    assert_eq!(column(&owner.get("/v1/conversations").await.expect(200), "id"), [chat.id.as_str()]);
    owner.get(&chat.path("/messages")).await.expect(200);
}

#[tokio::test]
async fn whoever_writes_takes_part_from_then_on() {
    let chat = Chat::new().await;
    let admin = chat.tenant.member(Role::Admin).await;
    for _ in 0..2 {
        chat.say(&admin.caller(), "Can I help?").await;
    }
    let conversation = chat.customer.caller().get(&chat.path("")).await.expect(200);
    assert_eq!(conversation.json["participants"], json!([chat.customer.id, chat.manager.id, admin.id]));
}

#[tokio::test]
async fn a_message_has_text_and_nothing_it_should_not_have() {
    let chat = Chat::new().await;
    let cases = [
        (json!({}), "/content"),
        (json!({ "content": " " }), "/content"),
        (json!({ "content": 5 }), "/content"),
        (json!({ "content": "a".repeat(10_001) }), "/content"),
        (json!({ "content": "a", "seq": 9 }), "/seq"),
        (json!({ "content": "a", "sender": chat.manager.id }), "/sender"),
        (json!({ "content": "a", "colour": "red" }), "/colour"),
        (json!({ "content": "a", "attachments": [{ "name": "x" }] }), "/attachments/0/url"),
    ];
    for (message, pointer) in cases {
        let refused = chat.customer.caller().post(&chat.path("/messages"), message).send().await.expect(422);
        assert_eq!(refused.places(), [pointer]);
    }
    for query in ["after=-1", "wait=26", "limit=0", "colour=red"] {
        let refused = chat.customer.caller().get(&chat.path(&format!("/messages?{query}"))).await.expect(400);
        assert_eq!(refused.places(), [query.split_once('=').unwrap().0]);
    }
    assert_eq!(App::shared().stored("messages", json!({ "conversation": chat.id })).await.len(), 0);
}
