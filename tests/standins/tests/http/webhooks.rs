//! Webhooks: what is sent, and how the receiver's answers are judged.

use crate::Rig;
use crate::receiver::{Manner, Receiver};
use integrations::xero::parse_delivery;
use standins::{Notice, Signature};

const KEY: &str = "webhook-key";

#[tokio::test]
async fn intent_to_receive_tells_good_receivers_from_bad_ones() {
    let rig = Rig::new().await;
    assert!(rig.running.intent_to_receive().await.is_err(), "nothing is registered");
    for (manner, problem) in [
        (Manner::Good, None),
        (Manner::TakesAnything, Some("200 instead of 401")),
        (Manner::Talks, Some("the body has 2 bytes instead of none")),
        (Manner::SetsCookie, Some("the answer sets a cookie")),
        (Manner::HangsUp, Some("there was no answer")),
    ] {
        let receiver = Receiver::start(KEY, manner).await;
        rig.running.register_webhook(&receiver.url, KEY).await;
        let report = rig.running.intent_to_receive().await.unwrap();
        assert_eq!(report.rounds.len(), 5);
        assert_eq!(report.ok, problem.is_none());
        let problems: Vec<&String> = report.rounds.iter().flat_map(|round| &round.problems).collect();
        assert_eq!(problems.is_empty(), problem.is_none());
        if let Some(problem) = problem {
            assert!(problems.iter().any(|it| *it == problem), "{problems:?}");
        }
        for body in receiver.taken() {
            let delivery = parse_delivery(&body).unwrap();
            assert!(delivery.is_intent_to_receive());
            assert_eq!((delivery.first_sequence, delivery.last_sequence), (0, 0));
        }
    }
}

#[tokio::test]
async fn a_payment_is_told_once_under_a_good_signature() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    let receiver = Receiver::start(KEY, Manner::Good).await;
    let running = &org.rig.running;
    assert!(running.pay_invoice("INV-2").await.is_err());
    running.register_webhook(&receiver.url, KEY).await;
    let report = running.pay_invoice("INV-1").await.unwrap();
    assert!(report.ok && report.rounds.len() == 1);
    let delivery = parse_delivery(&receiver.taken()[0]).unwrap();
    assert_eq!((delivery.events.len(), delivery.first_sequence), (1, 1));
    let event = &delivery.events[0];
    assert_eq!((event.resource_id.as_str(), event.category.as_str(), event.kind.as_str()), (id.as_str(), "INVOICE", "UPDATE"));
    assert_eq!(event.tenant_id, org.tenant);
}

#[tokio::test]
async fn forged_notices_must_be_refused() {
    let org = Rig::new().await.opened().await;
    org.invoice("INV-1").await;
    let receiver = Receiver::start(KEY, Manner::Good).await;
    org.rig.running.register_webhook(&receiver.url, KEY).await;
    for signature in [Signature::Bad, Signature::Tampered, Signature::Missing] {
        let notice = Notice { invoices: vec!["INV-1".into()], signature, ..Notice::default() };
        let report = org.rig.running.notify(&notice).await.unwrap();
        assert!(report.ok);
        assert_eq!((report.rounds[0].expected_status, report.rounds[0].status), (401, 401));
    }
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn repeats_and_reorderings_tell_of_the_same_changes() {
    let org = Rig::new().await.opened().await;
    let (first, second) = (org.invoice("INV-1").await, org.invoice("INV-2").await);
    let receiver = Receiver::start(KEY, Manner::Good).await;
    org.rig.running.register_webhook(&receiver.url, KEY).await;
    let notice =
        Notice { invoices: vec!["INV-1".into(), "INV-2".into()], repeats: 1, separate: true, reverse: true, ..Notice::default() };
    assert!(org.rig.running.notify(&notice).await.unwrap().ok);
    assert!(org.rig.running.resend(false).await.unwrap().ok);
    let deliveries: Vec<_> = receiver.taken().iter().map(|body| parse_delivery(body).unwrap()).collect();
    let ids: Vec<&str> = deliveries.iter().map(|delivery| delivery.events[0].resource_id.as_str()).collect();
    assert_eq!(ids, [&second, &second, &first, &first, &first, &second]);
    let mut keys: Vec<String> = deliveries.iter().map(|delivery| delivery.dedupe_key()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 2);
}
