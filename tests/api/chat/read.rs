//! Read receipts.

use serde_json::json;
use support::{App, id};

use super::{Chat, column};

#[tokio::test]
async fn a_read_mark_moves_forward_and_never_back() {
    let chat = Chat::new().await;
    chat.count(1..=3).await;
    let manager = chat.manager.caller();
    let mut read_at = Vec::new();
    for (seq, marked) in [(2, 2), (1, 2), (2, 2), (3, 3)] {
        let request = id("req");
        let mark = manager.post(&chat.path("/read"), json!({ "seq": seq })).header("x-request-id", &request).send().await;
        let mark = mark.expect(200);
        assert_eq!((&mark.json["seq"], &mark.json["member"]), (&json!(marked), &json!(chat.manager.id)));
        assert_eq!(App::shared().wire.calls(&request), 1);
        read_at.push(mark.json["read_at"].clone());
    }
    assert_eq!(read_at[0], read_at[2]);
    assert_eq!(App::shared().stored("read_marks", json!({ "conversation": chat.id })).await.len(), 1);
}

#[tokio::test]
async fn everybody_sees_who_has_read_how_far() {
    let chat = Chat::new().await;
    chat.count(1..=2).await;
    for (member, seq) in [(&chat.customer, 2), (&chat.manager, 1)] {
        member.caller().post(&chat.path("/read"), json!({ "seq": seq })).send().await.expect(200);
    }
    let reads = chat.customer.caller().get(&chat.path("/reads")).await.expect(200);
    assert_eq!(column(&reads, "member"), [chat.customer.id.as_str(), chat.manager.id.as_str()]);
    assert_eq!(column(&reads, "seq"), [2, 1]);
}

#[tokio::test]
async fn what_has_not_been_said_cannot_be_read() {
    let chat = Chat::new().await;
    chat.count(1..=1).await;
    for (input, code) in [(json!({ "seq": 2 }), "beyond-the-end"), (json!({ "seq": 0 }), "out-of-range"), (json!({}), "required")]
    {
        let refused = chat.manager.caller().post(&chat.path("/read"), input).send().await.expect(422);
        assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec!["/seq".to_owned()], &json!(code)));
    }
    assert_eq!(chat.manager.caller().get(&chat.path("/reads")).await.expect(200).json["data"], json!([]));
}
