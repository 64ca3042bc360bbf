//! Approving and paying invoices.

use serde_json::{Value, json};
use support::App;

use super::Deal;
use crate::bids::{get_at, post_at};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

#[tokio::test]
async fn an_approved_invoice_is_seen_by_the_customer_and_due_in_two_weeks() {
    let (deal, invoices) = Deal::accepted().await;
    let path = format!("/v1/invoices/{}", id(&invoices[0]));
    get_at(&deal.pool.customer, deal.time, &path).await.expect(404);
    let approved = deal.manages("invoices", id(&invoices[0]), "approve").await.expect(200).json;
    assert_eq!((&approved["status"], &approved["is_approved"]), (&json!("approved"), &json!(true)));
    assert_eq!((&approved["approved_by"], &approved["approved_at"]), (&json!(deal.pool.manager.id), &json!(deal.time)));
    assert_eq!(approved["due_at"], json!(deal.time.plus_days(14)));
    assert_eq!(get_at(&deal.pool.customer, deal.time, &path).await.expect(200).json, approved);
    assert_eq!(get_at(&deal.expert, deal.time, "/v1/invoices?count=true").await.json["total"], 1);
    let told = &deal.pool.notices("invoice.approved").await[0]["payload"];
    assert_eq!(
        (&told["members"], &told["facts"]["reference"]),
        (&json!([deal.pool.customer.id, deal.expert.id]), &json!("IN-000001"))
    );
    assert_eq!(deal.jobs("xero.invoice").await[0]["payload"], json!({ "invoice": approved["id"] }));
    assert_eq!(deal.manages("invoices", id(&invoices[0]), "approve").await.expect(409).code(), "invoice-not-draft");
    post_at(&deal.pool.customer, deal.time, &format!("{path}/approve"), json!({})).send().await.expect(403);
}

#[tokio::test]
async fn a_paid_invoice_says_when_it_was_paid() {
    let (deal, invoices) = Deal::accepted().await;
    let path = format!("/v1/invoices/{}/pay", id(&invoices[0]));
    let pay = |body: Value| post_at(&deal.pool.manager, deal.time, &path, body).send();
    assert_eq!(pay(json!({})).await.expect(409).code(), "invoice-not-approved");
    deal.manages("invoices", id(&invoices[0]), "approve").await.expect(200);
    let future = json!({ "paid_at": deal.time.plus_ms(1) });
    assert_eq!(pay(future).await.expect(422).places(), ["/paid_at"]);
    let yesterday = deal.time.plus_days(-1);
    let paid = pay(json!({ "paid_at": yesterday })).await.expect(200).json;
    assert_eq!((&paid["status"], &paid["is_paid"], &paid["paid_at"]), (&json!("paid"), &json!(true), &json!(yesterday)));
    assert_eq!(pay(json!({})).await.expect(409).code(), "invoice-not-approved");
    assert_eq!(deal.status("leads", &deal.pool.lead).await, "active");
    let members = json!([deal.pool.customer.id, deal.expert.id, deal.pool.manager.id]);
    assert_eq!(deal.pool.notices("invoice.paid").await[0]["payload"]["members"], members);
}

#[tokio::test]
async fn the_last_payment_completes_the_project_and_its_lead() {
    let (deal, invoices) = Deal::accepted().await;
    let project = invoices[0]["project"].as_str().unwrap();
    for (at, invoice) in invoices.iter().enumerate() {
        assert_eq!(deal.status("projects", project).await, "active");
        deal.manages("invoices", id(invoice), "approve").await.expect(200);
        let path = format!("/v1/invoices/{}/pay", id(invoice));
        let request = post_at(&deal.pool.manager, deal.time, &path, json!({})).header("x-request-id", id(invoice));
        assert_eq!(request.send().await.expect(200).json["paid_at"], json!(deal.time));
        assert_eq!(App::shared().wire.calls(id(invoice)), 2);
        let stored = &App::shared().stored("projects", json!({ "_id": project })).await[0];
        assert_eq!(stored["invoices_paid"], at + 1);
    }
    let stored = &App::shared().stored("projects", json!({ "_id": project })).await[0];
    assert_eq!((&stored["status"], &stored["completed_at"]), (&json!("completed"), &json!(deal.time)));
    let lead = &App::shared().stored("leads", json!({ "_id": deal.pool.lead })).await[0];
    assert_eq!((&lead["status"], &lead["is_active_project"]), (&json!("completed"), &json!(false)));
    assert_eq!(deal.pool.notices("project.completed").await.len(), 1);
}

#[tokio::test]
async fn two_payments_at_once_cannot_both_miss_that_they_were_the_last() {
    for _ in 0..5 {
        let (deal, invoices) = Deal::accepted().await;
        for invoice in &invoices {
            deal.manages("invoices", id(invoice), "approve").await.expect(200);
        }
        let pay = |at: usize| deal.manages("invoices", id(&invoices[at]), "pay");
        let (one, two) = tokio::join!(pay(0), pay(1));
        for (at, answer) in [one, two].iter().enumerate().filter(|(_, answer)| answer.status != 200) {
            assert_eq!((answer.status, answer.code()), (409, "concurrent-update"));
            pay(at).await.expect(200);
        }
        assert_eq!(deal.status("leads", &deal.pool.lead).await, "completed");
    }
}

#[tokio::test]
async fn where_xero_is_connected_nobody_pays_by_hand() {
    let (deal, invoices) = Deal::accepted().await;
    let integration = support::id("int");
    let document =
        json!({ "_id": integration, "tenant_id": deal.pool.tenant.id, "kind": "xero", "is_enabled": true, "version": 1 });
    App::shared().data("insertOne", json!({ "collection": "integrations", "document": document })).await;
    deal.manages("invoices", id(&invoices[0]), "approve").await.expect(200);
    assert_eq!(deal.manages("invoices", id(&invoices[0]), "pay").await.expect(409).code(), "xero-connected");
    let filter = json!({ "_id": integration, "tenant_id": deal.pool.tenant.id });
    let update = json!({ "$set": { "is_enabled": false } });
    App::shared().data("updateOne", json!({ "collection": "integrations", "filter": filter, "update": update })).await;
    deal.manages("invoices", id(&invoices[0]), "pay").await.expect(200);
}
