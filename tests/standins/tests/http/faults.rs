//! Faults on request, before and after the effect.

use crate::{Rig, invoice};
use serde_json::json;
use standins::{Fault, Service};

#[tokio::test]
async fn a_refused_call_has_no_effect_and_says_when_to_come_back() {
    let org = Rig::new().await.opened().await;
    let body = json!({"Invoices": [invoice(&org.contact().await)]});
    org.rig.running.fail_next(Service::Xero, 1, Fault::TooMany { retry_after_s: 7 }).await;
    org.rig.running.fail_next(Service::Xero, 1, Fault::Broken).await;
    let got = org.put("Invoices", &body).await;
    assert_eq!((got.status, got.header("retry-after").unwrap().as_str()), (429, "7"));
    assert_eq!(org.put("Invoices", &body).await.status, 500);
    assert!(org.rig.running.xero_invoices().await.is_empty());
    assert_eq!(org.put("Invoices", &body).await.status, 200);
}

#[tokio::test]
async fn a_dropped_call_took_effect_or_not() {
    let org = Rig::new().await.opened().await;
    let body = json!({"Invoices": [invoice(&org.contact().await)]}).to_string();
    for (fault, invoices) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        org.rig.running.fail_next(Service::Xero, 1, fault).await;
        let headers = [
            ("authorization", org.bearer.as_str()),
            ("xero-tenant-id", &org.tenant),
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("idempotency-key", "job-1"),
        ];
        assert!(org.rig.try_send("PUT", "/api.xro/2.0/Invoices", &headers, &body).await.is_none());
        assert_eq!(org.rig.running.xero_invoices().await.len(), invoices);
        if invoices == 1 {
            let again = org.rig.send("PUT", "/api.xro/2.0/Invoices", &headers, &body).await;
            assert_eq!(again.status, 200);
            assert_eq!(org.rig.running.xero_invoices().await.len(), 1);
        }
    }
    let statuses: Vec<u16> = org.rig.running.xero_calls().await.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 0, 0, 200]);
}

#[tokio::test]
async fn a_fault_strikes_its_own_service_and_can_be_taken_back() {
    let rig = Rig::new().await;
    rig.running.fail_next(Service::Mail, 2, Fault::Broken).await;
    assert_eq!(rig.token("grant_type=client_credentials").await.status, 200);
    assert_eq!(rig.send("POST", "/emails", &[], "").await.status, 500);
    rig.running.clear_faults().await;
    assert_eq!(rig.send("POST", "/emails", &[], "").await.status, 401);
    rig.running.fail_next(Service::Identity, 1, Fault::Broken).await;
    assert_eq!(rig.token("grant_type=client_credentials").await.status, 500);
}
