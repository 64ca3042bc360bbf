//! The long-poll form.

use serde_json::json;

use super::{Chat, column};

#[tokio::test]
async fn whoever_waits_gets_the_next_message_when_it_comes() {
    let chat = Chat::new().await;
    chat.count(1..=2).await;
    let (manager, customer) = (chat.manager.caller(), chat.customer.caller());
    let path = chat.path("/messages?after=2&wait=25");
    let (waited, _) = tokio::join!(manager.get(&path), chat.say(&customer, "3"));
    assert_eq!(column(&waited.expect(200), "content"), ["3"]);
}

#[tokio::test]
async fn a_wait_without_news_ends_empty() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let nothing = chat.manager.caller().get(&chat.path("/messages?after=1&wait=1")).await.expect(200);
    assert_eq!(nothing.json, json!({ "data": [], "has_more": false }));
}
