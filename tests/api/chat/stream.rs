//! Server-sent events.

use domain::Time;
use serde_json::json;
use support::{App, Event, Events};

use super::Chat;

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.id).collect()
}

#[tokio::test]
async fn a_stream_tells_what_was_said_and_what_is_being_said_in_order_and_once() {
    let chat = Chat::new().await;
    chat.count(1..=2).await;
    let mut events = Events::open(chat.manager.caller().request("GET", &chat.path("/stream"))).await;
    assert_eq!(ids(&events.take(2).await), [1, 2]);
    let (later, ()) = tokio::join!(events.take(10), chat.count(3..=12));
    assert_eq!(ids(&later), (3..=12).collect::<Vec<_>>());
    let last = later.last().unwrap();
    assert_eq!((last.kind.as_str(), &last.data["seq"], &last.data["content"]), ("message", &json!(12), &json!("12")));
    assert_eq!(last.data["sender"], chat.customer.id);
}

#[tokio::test]
async fn a_stream_resumes_behind_the_last_event_that_was_seen() {
    let chat = Chat::new().await;
    chat.count(1..=4).await;
    let open = |query: &str| chat.manager.caller().request("GET", &chat.path(&format!("/stream{query}")));
    let mut resumed = Events::open(open("").header("last-event-id", "2")).await;
    let mut after = Events::open(open("?after=3")).await;
    let mut both = Events::open(open("?after=1").header("last-event-id", "3")).await;
    assert_eq!(ids(&resumed.take(2).await), [3, 4]);
    assert_eq!(ids(&after.take(1).await), [4]);
    assert_eq!(ids(&both.take(1).await), [4]);
}

#[tokio::test]
async fn a_long_history_streams_without_a_pause_or_a_gap() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let message = App::shared().stored("messages", json!({ "conversation": chat.id })).await.remove(0);
    let copies = (2..=250).map(|seq| {
        let mut copy = message.clone();
        copy["_id"] = support::id("msg").into();
        copy["seq"] = seq.into();
        copy
    });
    let copies: Vec<_> = copies.collect();
    App::shared().data("insertMany", json!({ "collection": "messages", "documents": copies })).await;
    let counted = json!({ "collection": "conversations", "filter": { "_id": chat.id }, "update": { "$set": { "seq": 250 } } });
    App::shared().data("updateOne", counted).await;
    let mut events = Events::open(chat.manager.caller().request("GET", &chat.path("/stream"))).await;
    assert_eq!(ids(&events.take(250).await), (1..=250).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_ends_when_the_token_does() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let issued = Time::from_ms(1_800_000_000_000);
    let open = |after_s: i64| {
        let request = chat.manager.caller_at(issued).request("GET", &chat.path("/stream"));
        request.at(issued.plus_ms(after_s * 1_000))
    };
    let mut alive = Events::open(open(899)).await;
    assert_eq!(ids(&alive.take(1).await), [1]);
    // Within the tolerance of clocks the token still opens a stream, which then has no time left.
    let mut ended = Events::open(open(901)).await;
    assert!(ended.next().await.is_none());
    assert_eq!(open(907).send().await.expect(401).code(), "invalid-token");
}

#[tokio::test]
async fn a_stream_ends_when_the_conversation_goes_out_of_sight() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    let mut events = Events::open(chat.customer.caller().request("GET", &chat.path("/stream"))).await;
    assert_eq!(ids(&events.take(1).await), [1]);
    let left = json!({ "$pull": { "participants": chat.customer.id } });
    App::shared().data("updateOne", json!({ "collection": "conversations", "filter": { "_id": chat.id }, "update": left })).await;
    chat.say(&chat.manager.caller(), "Between us").await;
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_that_cannot_start_says_why() {
    let chat = Chat::new().await;
    let manager = chat.manager.caller();
    for id in ["x", "-1", "1.5"] {
        let refused = manager.request("GET", &chat.path("/stream")).header("last-event-id", id).send().await.expect(400);
        assert_eq!(refused.code(), "bad-last-event-id");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    for (query, name) in [("after=x", "after"), ("colour=red", "colour")] {
        assert_eq!(manager.get(&chat.path(&format!("/stream?{query}"))).await.expect(400).places(), [name]);
    }
    let foreign = format!("/v1/conversations/{}/stream", support::id("con"));
    assert_eq!(manager.get(&foreign).await.expect(404).code(), "not-found");
    let token = chat.manager.token_at(chat_time());
    let in_query = format!("{}?access_token={token}", chat.path("/stream"));
    App::shared().anyone().get(&in_query).await.expect(401);
}

fn chat_time() -> Time {
    Time::from_ms(1_800_000_000_000)
}
