//! Xero's webhooks: they say what changed, never how; the record is fetched afterwards.

use super::answer::utc_ms;
use crate::message::Malformed;
use crate::signature;
use serde_json::Value;

const EVENT_LIMIT: usize = 1_000;
const ID_LIMIT_BYTES: usize = 64;

/// One POST of Xero's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Empty in an intent-to-receive round.
    pub events: Vec<Event>,
    /// Sequence of the first event; 0 in an intent-to-receive round.
    pub first_sequence: u64,
    /// Sequence of the last event.
    pub last_sequence: u64,
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The record, a GUID.
    pub resource_id: String,
    /// `INVOICE`, `CONTACT`, `CREDITNOTE` or `SUBSCRIPTION`; there is none for quotes.
    pub category: String,
    /// `CREATE` or `UPDATE`.
    pub kind: String,
    /// The organisation, a GUID.
    pub tenant_id: String,
    /// When it happened.
    pub at_ms: i64,
    /// As given, for the key.
    at: String,
}

impl Delivery {
    /// Whether Xero only tests that signatures are checked: nothing to do but to answer.
    #[must_use]
    pub fn is_intent_to_receive(&self) -> bool {
        self.events.is_empty()
    }

    /// The same for every delivery of the same events, whatever its `entropy`.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        let mut hash = hmac_sha256::Hash::new();
        for event in &self.events {
            hash.update(event.dedupe_key().as_bytes());
            hash.update(b"\n");
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Event {
    /// Xero gives events no id: organisation, record, kind and instant tell one from another.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        let Self { tenant_id, category, resource_id, kind, at, .. } = self;
        format!("{tenant_id}:{category}:{resource_id}:{kind}:{at}")
    }
}

/// Whether the `x-xero-signature` header belongs to these very bytes. The answer to a wrong one is 401.
#[must_use]
pub fn verify_delivery(key: &[u8], raw_body: &[u8], header: Option<&str>) -> bool {
    header.is_some_and(|encoded| signature::is_valid(key, raw_body, encoded))
}

/// Reads a verified delivery.
///
/// # Errors
/// Says what the delivery lacks.
pub fn parse_delivery(raw_body: &[u8]) -> Result<Delivery, Malformed> {
    let raw: Value = serde_json::from_slice(raw_body).map_err(|_| Malformed("is not JSON"))?;
    let events = raw.get("events").and_then(Value::as_array);
    let events = events.filter(|events| events.len() <= EVENT_LIMIT);
    let events = events.ok_or(Malformed("holds no events of reasonable number"))?;
    let events: Option<Vec<Event>> = events.iter().map(read).collect();
    Ok(Delivery {
        events: events.ok_or(Malformed("holds an event without a GUID or a date"))?,
        first_sequence: sequence(&raw, "firstEventSequence")?,
        last_sequence: sequence(&raw, "lastEventSequence")?,
    })
}

/// The OpenAPI document says sequences start at 1; intent-to-receive rounds carry 0, or nothing.
fn sequence(raw: &Value, name: &str) -> Result<u64, Malformed> {
    raw.get(name).map_or(Some(0), Value::as_u64).ok_or(Malformed("holds a sequence that is no number"))
}

fn read(raw: &Value) -> Option<Event> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str);
    let guid = |name: &str| {
        let is_guid = |id: &&str| {
            (1..=ID_LIMIT_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        };
        text(name).filter(is_guid).map(str::to_owned)
    };
    let at = text("eventDateUtc")?;
    Some(Event {
        resource_id: guid("resourceId")?,
        category: text("eventCategory")?.to_owned(),
        kind: text("eventType")?.to_owned(),
        tenant_id: guid("tenantId")?,
        at_ms: utc_ms(at)?,
        at: at.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777";
    const ORG: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";

    fn event(id: &str, at: &str) -> Value {
        json!({
            "resourceUrl": format!("https://api.xero.com/api.xro/2.0/Invoices/{id}"), "resourceId": id,
            "tenantId": ORG, "tenantType": "ORGANISATION", "eventCategory": "INVOICE",
            "eventType": "UPDATE", "eventDateUtc": at,
        })
    }

    #[test]
    fn the_signature_is_over_the_raw_bytes() {
        let (key, body) = (b"key".as_slice(), br#"{"events":[]}"#.as_slice());
        let good = signature::sign(key, body);
        for (body, header, expected) in [
            (body, Some(good.as_str()), true),
            (br#"{"events": []}"#.as_slice(), Some(good.as_str()), false),
            (body, Some("AAAA"), false),
            (body, None, false),
        ] {
            assert_eq!(verify_delivery(key, body, header), expected);
        }
    }

    #[test]
    fn an_intent_to_receive_has_no_events_and_sequence_zero() {
        let raw = br#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "S0m3r4N"}"#;
        let delivery = parse_delivery(raw).unwrap();
        assert!(delivery.is_intent_to_receive());
        assert_eq!((delivery.first_sequence, delivery.last_sequence), (0, 0));
    }

    #[test]
    fn a_date_without_z_is_utc() {
        for (at, ms) in [
            ("2026-11-20T05:36:33", 1_795_152_993_000),
            ("2026-11-20T05:36:33.123", 1_795_152_993_123),
            ("2026-11-20T05:36:33.1234567", 1_795_152_993_123),
            ("2026-11-20T05:36:33Z", 1_795_152_993_000),
        ] {
            let raw = json!({"events": [event(ID, at)], "firstEventSequence": 7, "lastEventSequence": 7});
            let delivery = parse_delivery(raw.to_string().as_bytes()).unwrap();
            assert!(!delivery.is_intent_to_receive());
            assert_eq!((delivery.events[0].at_ms, delivery.first_sequence), (ms, 7));
            assert_eq!(delivery.events[0].resource_id, ID);
        }
    }

    #[test]
    fn a_repeat_has_the_same_key_and_a_later_change_another() {
        let key = |at: &str, entropy: &str, first: u64| {
            let raw = json!({"events": [event(ID, at)], "firstEventSequence": first, "entropy": entropy});
            parse_delivery(raw.to_string().as_bytes()).unwrap().dedupe_key()
        };
        assert_eq!(key("2026-11-20T05:36:33", "a", 1), key("2026-11-20T05:36:33", "b", 9));
        assert_ne!(key("2026-11-20T05:36:33", "a", 1), key("2026-11-20T05:36:34", "a", 1));
        assert_eq!(key("2026-11-20T05:36:33", "a", 1).len(), 64);
    }

    #[test]
    fn what_is_no_delivery_is_refused() {
        for raw in [
            "".to_owned(),
            "{}".to_owned(),
            json!({"events": [event("../Contacts", "2026-11-20T05:36:33")]}).to_string(),
            json!({"events": [event("", "2026-11-20T05:36:33")]}).to_string(),
            json!({"events": [event(ID, "yesterday")]}).to_string(),
            json!({"events": [event(ID, "2026-11-20T05:36:33")], "firstEventSequence": -1}).to_string(),
        ] {
            assert!(parse_delivery(raw.as_bytes()).is_err(), "{raw}");
        }
    }
}
