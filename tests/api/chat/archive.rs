//! Archiving.

use serde_json::json;
use support::App;

use super::Chat;

#[tokio::test]
async fn an_archived_conversation_is_read_and_takes_no_more_messages() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let (manager, customer) = (chat.manager.caller(), chat.customer.caller());
    customer.post(&chat.path("/archive"), json!({})).send().await.expect(403);
    let archived = manager.post(&chat.path("/archive"), json!({})).send().await.expect(200);
    assert_eq!(archived.json["status"], "archived");
    assert_eq!(manager.post(&chat.path("/archive"), json!({})).send().await.expect(409).code(), "already-archived");
    let refused = customer.post(&chat.path("/messages"), json!({ "content": "Hello?" })).send().await.expect(409);
    assert_eq!(refused.code(), "conversation-archived");
    assert_eq!(customer.get(&chat.path("/messages")).await.expect(200).json["data"].as_array().unwrap().len(), 1);
    let events = App::shared().stored("events", json!({ "record.id": chat.id, "type": "conversation.archived" })).await;
    assert_eq!(events[0]["changes"]["status"], json!({ "before": "active", "after": "archived" }));
    assert_eq!(events[0]["changes"]["archived_at"], json!({ "before": null, "after": archived.json["archived_at"] }));
    let open = manager.post(&chat.path("/unarchive"), json!({})).send().await.expect(200);
    assert_eq!((&open.json["status"], open.json.get("archived_at")), (&json!("active"), None));
    customer.post(&chat.path("/messages"), json!({ "content": "Hello?" })).send().await.expect(201);
}
