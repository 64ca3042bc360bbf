//! Signatures and payloads, as Typeform documents them.

use super::*;
use serde_json::json;

fn delivery(answers: &Value) -> Vec<u8> {
    let fields = json!([{"id": "f1", "title": "Your e-mail", "type": "email", "ref": "email"}]);
    json!({
        "event_id": "01EV", "event_type": "form_response", "new_in_2027": {"x": 1},
        "form_response": {
            "form_id": "LtWXD3crgy", "token": "tok1", "landed_at": "2026-11-20T05:00:00Z",
            "submitted_at": "2026-11-20T05:01:00Z", "hidden": {"utm_source": "ads"},
            "definition": {"id": "LtWXD3crgy", "title": "Request", "fields": fields},
            "answers": answers, "ending": {"id": "e"}
        }
    })
    .to_string()
    .into_bytes()
}

#[test]
fn the_signature_covers_the_raw_body() {
    let (secret, body) = (b"whsec".as_slice(), br#"{"a":1}"#.as_slice());
    let good = format!("sha256={}", signature::sign(secret, body));
    for (secret, body, header, expected) in [
        (secret, body, Some(good.as_str()), true),
        (secret, br#"{"a": 1}"#.as_slice(), Some(good.as_str()), false),
        (b"other".as_slice(), body, Some(good.as_str()), false),
        (secret, body, good.strip_prefix("sha256="), false),
        (secret, body, Some("sha256="), false),
        (secret, body, Some("sha1=aaaa"), false),
        (secret, body, None, false),
    ] {
        assert_eq!(verify(secret, body, header), expected, "{header:?}");
    }
}

#[test]
fn each_answer_type_keeps_its_value_and_order() {
    let field = |id: &str, kind: &str| json!({"id": id, "type": kind, "ref": id.to_uppercase()});
    let answers = json!([
        {"type": "email", "email": "ada@example.com", "field": field("f1", "email")},
        {"type": "text", "text": "A roof", "field": field("f2", "long_text")},
        {"type": "number", "number": 1500, "field": field("f3", "number")},
        {"type": "boolean", "boolean": true, "field": field("f4", "yes_no")},
        {"type": "choice", "choice": {"id": "c", "label": "Roofing"}, "field": field("f5", "dropdown")},
        {"type": "choice", "choice": {"other": "Thatch"}, "field": field("f6", "multiple_choice")},
        {"type": "choices", "choices": {"labels": ["a", "b"], "other": "c"}, "field": field("f7", "multiple_choice")},
        {"type": "date", "date": "2027-01-01", "field": field("f8", "date")},
        {"type": "phone_number", "phone_number": "+4930", "field": field("f9", "phone_number")},
        {"type": "payment", "payment": {"amount": "1"}, "field": field("fa", "payment")},
        {"type": "text", "field": field("fb", "short_text")},
    ]);
    let response = parse(&delivery(&answers)).unwrap();
    let text = |text: &str| AnswerValue::Text(text.into());
    let expected = [
        ("f1", text("ada@example.com")),
        ("f2", text("A roof")),
        ("f3", AnswerValue::Number(1500.into())),
        ("f4", AnswerValue::Flag(true)),
        ("f5", text("Roofing")),
        ("f6", text("Thatch")),
        ("f7", AnswerValue::List(vec!["a".into(), "b".into(), "c".into()])),
        ("f8", text("2027-01-01")),
        ("f9", text("+4930")),
        ("fa", text(r#"{"amount":"1"}"#)),
    ];
    let found: Vec<_> = response.answers.iter().map(|a| (a.field_id.as_str(), a.value.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(response.answers[0].title, "Your e-mail");
    assert_eq!(response.answers[1].title, "");
    assert_eq!((response.token.as_str(), response.form_id.as_str()), ("tok1", "LtWXD3crgy"));
    assert_eq!(response.submitted_at, "2026-11-20T05:01:00Z");
    assert_eq!(response.hidden["utm_source"], "ads");
}

#[test]
fn what_is_not_a_form_response_is_refused() {
    let many: Vec<Value> =
        (0..=ANSWER_LIMIT).map(|at| json!({"type": "text", "text": "x", "field": {"id": format!("f{at}")}})).collect();
    for raw in [
        b"".to_vec(),
        b"[]".to_vec(),
        b"{\"event_type\":\"form_response\"}".to_vec(),
        br#"{"event_type":"form_started","form_response":{"form_id":"f","token":"t"}}"#.to_vec(),
        br#"{"event_type":"form_response","form_response":{"form_id":"f","token":""}}"#.to_vec(),
        br#"{"event_type":"form_response","form_response":{"form_id":"f","token":"t","answers":{}}}"#.to_vec(),
        delivery(&Value::Array(many)),
    ] {
        assert!(parse(&raw).is_err(), "{}", String::from_utf8_lossy(&raw));
    }
}
