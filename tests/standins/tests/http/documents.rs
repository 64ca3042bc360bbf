//! Contacts, quotes and invoices: what is demanded of them and how they may change.

use crate::{Rig, invoice, quote};
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_is_found_again_and_its_name_is_unique() {
    let org = Rig::new().await.opened().await;
    let contact = |number: &str, name: &str| json!({"Contacts": [{"ContactNumber": number, "Name": name}]});
    let id = |body: Value| body["Contacts"][0]["ContactID"].clone();
    let first = id(org.post("Contacts", &contact("p1", "Ada")).await.json());
    assert_eq!(id(org.post("Contacts", &contact("p1", "Ada King")).await.json()), first);
    let second = org.post("Contacts", &contact("p2", "Grace")).await;
    assert_ne!(id(second.json()), first);
    for (method, body, reason) in [
        ("POST", contact("p2", "Ada King"), "already assigned"),
        ("POST", contact("p3", "Ada King"), "already assigned"),
        ("PUT", contact("p3", "Grace"), "already assigned"),
        ("POST", json!({"Contacts": [{"ContactNumber": "p9"}]}), "name must be specified"),
        ("POST", json!({"Contacts": [{"Name": "x".repeat(256)}]}), "longer than 255"),
        ("POST", json!({"Contacts": [{"Name": "B", "EmailAddress": "nowhere"}]}), "Email address must be valid"),
        ("POST", json!({"Contacts": [{"Name": "B", "Mail": "x"}]}), "Mail is not a field"),
        ("POST", json!({"Contacts": []}), "no record"),
    ] {
        let got = org.call(method, "Contacts", &[], &body).await;
        assert_eq!(got.status, 400, "{body}");
        assert!(got.reasons().contains(reason), "{} lacks {reason}", got.reasons());
    }
    assert_eq!(org.get("Contacts").await.json()["Contacts"].as_array().unwrap().len(), 2);
}

/// The document with one field changed, or taken away.
fn but(document: &Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut document = document.clone();
    let fields = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.into(), value);
    }
    document
}

#[tokio::test]
async fn an_invoice_is_checked_field_by_field() {
    let org = Rig::new().await.opened().await;
    let good = invoice(&org.contact().await);
    for (pointer, value, reason) in [
        ("/Type", Value::Null, "type is not valid"),
        ("/Type", json!("accrec"), "type is not valid"),
        ("/Contact", Value::Null, "Contact could not be found"),
        ("/Contact/ContactID", json!("00000000-0000-0000-0000-000000000000"), "Contact could not be found"),
        ("/LineItems", json!([]), "line items must be specified"),
        ("/LineItems", Value::Null, "line items must be specified"),
        ("/LineItems/0/Description", Value::Null, "Description is required"),
        ("/LineItems/0/UnitAmount", Value::Null, "must be numbers"),
        ("/LineItems/0/UnitAmount", json!(1.00001), "must be numbers"),
        ("/LineItems/0/Quantity", json!(-1), "must not be negative"),
        ("/LineItems/0/LineAmount", json!(1234.55), "does not match the expected line total"),
        ("/LineItems/0/AccountCode", Value::Null, "Account code must be specified"),
        ("/LineItems/0/AccountCode", json!("999"), "not a valid code"),
        ("/LineItems/0/TaxType", json!("none"), "TaxType"),
        ("/LineItems/0/Price", json!(1), "Price is not a field"),
        ("/LineAmountTypes", json!("NOTAX"), "LineAmountTypes is one of"),
        ("/LineAmountTypes", json!("exclusive"), "LineAmountTypes is one of"),
        ("/Status", json!("Authorised"), "Status is one of"),
        ("/Status", json!("PAID"), "Status is one of"),
        ("/DueDate", Value::Null, "DueDate is required"),
        ("/DueDate", json!("04/12/2026"), "DueDate is not a date"),
        ("/CurrencyCode", json!("XXX"), "not subscribed"),
        ("/Total", json!(1234.57), "Total does not equal"),
        ("/SubTotal", json!(1), "SubTotal does not equal"),
        ("/Reference", json!("x".repeat(256)), "longer than 255"),
        ("/Colour", json!("red"), "Colour is not a field"),
    ] {
        let got = org.put("Invoices", &json!({"Invoices": [but(&good, pointer, value.clone())]})).await;
        assert_eq!(got.status, 400, "{pointer} {value}");
        assert!(got.reasons().contains(reason), "{pointer}: {} lacks {reason}", got.reasons());
    }
    assert_eq!(org.get("Invoices").await.json()["Invoices"], json!([]));

    let exact = but(&but(&good, "/Total", json!("1234.56")), "/LineItems/0/LineAmount", json!(1234.56));
    let got = org.put("Invoices", &json!({"Invoices": [exact]})).await;
    let made = got.json()["Invoices"][0].clone();
    assert_eq!((got.status, &made["Total"], &made["AmountDue"]), (200, &json!(1234.56), &json!(1234.56)));
    assert_eq!(made["Date"], "/Date(1795132800000+0000)/");
    assert_eq!(made["DateString"], "2026-11-20T00:00:00");
}

#[tokio::test]
async fn a_quote_is_checked_field_by_field() {
    let org = Rig::new().await.opened().await;
    let good = quote(&org.contact().await);
    for (pointer, value, reason) in [
        ("/Date", Value::Null, "Date is required"),
        ("/Contact", Value::Null, "Contact could not be found"),
        ("/LineItems/0/Description", json!(""), "Description is required"),
        ("/LineAmountTypes", json!("Exclusive"), "LineAmountTypes is one of"),
        ("/Status", json!("ACCEPTED"), "Status is one of"),
        ("/Status", json!("sent"), "Status is one of"),
        ("/Title", json!("x".repeat(101)), "longer than 100"),
        ("/Summary", json!("x".repeat(3_001)), "longer than 3000"),
        ("/Terms", json!("x".repeat(4_001)), "longer than 4000"),
        ("/QuoteNumber", json!("x".repeat(256)), "longer than 255"),
        ("/DueDate", json!("2026-12-04"), "DueDate is not a field"),
    ] {
        let got = org.put("Quotes", &json!({"Quotes": [but(&good, pointer, value.clone())]})).await;
        assert_eq!(got.status, 400, "{pointer} {value}");
        assert!(got.reasons().contains(reason), "{pointer}: {} lacks {reason}", got.reasons());
    }
    assert_eq!(org.put("Quotes", &json!({"Quotes": [good]})).await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let org = Rig::new().await.opened().await;
    let good = json!({"Invoices": [invoice(&org.contact().await)]});
    for (content_type, body) in [
        ("text/xml", good.clone()),
        ("application/x-www-form-urlencoded", good.clone()),
        ("application/json", json!("a string")),
        ("application/json", json!({"Invoices": {}})),
        ("application/json", json!({"Invoices": [1]})),
    ] {
        let got = org.call("PUT", "Invoices", &[("content-type", content_type)], &body).await;
        assert_eq!((got.status, got.json()["Type"].clone()), (400, json!("PostDataInvalidException")));
    }
    let got = org.call("PUT", "Invoices", &[("content-type", "application/json; charset=utf-8")], &good).await;
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn numbers_are_unique_and_find_their_document() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    let twin = but(&invoice(&org.contact().await), "/InvoiceNumber", json!("INV-1"));
    let got = org.put("Invoices", &json!({"Invoices": [twin]})).await;
    assert!(got.status == 400 && got.reasons().contains("must be unique"));
    for path in [format!("Invoices/{id}"), "Invoices/INV-1".into(), "Invoices?InvoiceNumbers=INV-0,INV-1".into()] {
        assert_eq!(org.get(&path).await.json()["Invoices"][0]["InvoiceID"], id, "{path}");
    }
    assert_eq!(org.get("Invoices?InvoiceNumbers=INV-2").await.json()["Invoices"], json!([]));
    assert_eq!(org.get("Invoices/INV-2").await.status, 404);
    assert_eq!(org.get("Invoices?where=x").await.status, 400);
}

#[tokio::test]
async fn an_invoice_moves_only_forward() {
    let org = Rig::new().await.opened().await;
    let contact = org.contact().await;
    let status = |status: &str| json!({"Invoices": [{"Status": status}]});
    for (from, to, expected) in [
        ("DRAFT", "AUTHORISED", 200),
        ("DRAFT", "SUBMITTED", 200),
        ("DRAFT", "DELETED", 200),
        ("DRAFT", "PAID", 400),
        ("DRAFT", "VOIDED", 400),
        ("DRAFT", "draft", 400),
        ("AUTHORISED", "DRAFT", 400),
        ("AUTHORISED", "DELETED", 400),
        ("AUTHORISED", "VOIDED", 200),
    ] {
        let made = org.put("Invoices", &json!({"Invoices": [but(&invoice(&contact), "/Status", json!(from))]})).await;
        let id = made.json()["Invoices"][0]["InvoiceID"].as_str().unwrap().to_owned();
        let got = org.post(&format!("Invoices/{id}"), &status(to)).await;
        assert_eq!(got.status, expected, "{from} to {to}");
        let now = org.get(&format!("Invoices/{id}")).await.json()["Invoices"][0]["Status"].clone();
        assert_eq!(now, if expected == 200 { to } else { from });
    }
}

#[tokio::test]
async fn a_paid_invoice_is_closed() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    org.rig.running.pay_silently("INV-1", Some("234.56")).await.unwrap();
    let partly = org.get(&format!("Invoices/{id}")).await.json()["Invoices"][0].clone();
    assert_eq!((&partly["Status"], &partly["AmountDue"]), (&json!("AUTHORISED"), &json!(1000.0)));
    assert_eq!(partly.get("FullyPaidOnDate"), None);
    assert!(org.rig.running.pay_silently("INV-1", Some("1000.01")).await.is_err());
    org.rig.running.pay_silently(&id, None).await.unwrap();
    let paid = org.get(&format!("Invoices/{id}")).await.json()["Invoices"][0].clone();
    assert_eq!((&paid["Status"], &paid["AmountPaid"], &paid["AmountDue"]), (&json!("PAID"), &json!(1234.56), &json!(0.0)));
    assert!(paid["FullyPaidOnDate"].as_str().unwrap().starts_with("/Date("));
    for change in
        [json!({"Reference": "x"}), json!({"Status": "VOIDED"}), json!({"Status": "PAID"}), json!({"DueDate": "2027-01-01"})]
    {
        let got = org.post(&format!("Invoices/{id}"), &json!({"Invoices": [change]})).await;
        assert_eq!(got.status, 400, "{change}");
    }
    assert!(org.rig.running.pay_silently(&id, None).await.is_err());
}

#[tokio::test]
async fn a_quote_is_sent_before_it_is_accepted() {
    let org = Rig::new().await.opened().await;
    let contact = org.contact().await;
    let mut body = quote(&contact);
    body["Reference"] = "SU-1".into();
    let made = org.put("Quotes", &json!({"Quotes": [body]})).await;
    let path = format!("Quotes/{}", made.json()["Quotes"][0]["QuoteID"].as_str().unwrap());
    let moved = |status: &str| json!({"Quotes": [{"Contact": {"ContactID": contact}, "Date": "2026-11-20", "Status": status}]});
    for (to, expected) in [
        ("DECLINED", 400),
        ("ACCEPTED", 400),
        ("SENT", 200),
        ("ACCEPTED", 200),
        ("DECLINED", 400),
        ("INVOICED", 200),
        ("DRAFT", 400),
    ] {
        assert_eq!(org.post(&path, &moved(to)).await.status, expected, "{to}");
    }
    let got = org.post(&path, &json!({"Quotes": [{"Status": "SENT"}]})).await;
    assert!(got.status == 400);
    let now = org.get(&path).await.json()["Quotes"][0].clone();
    assert_eq!((&now["Status"], &now["Total"]), (&json!("INVOICED"), &json!(1234.56)));
    assert_eq!(now.get("Reference"), None, "an update that does not repeat it clears it");
}

#[tokio::test]
async fn a_pdf_is_for_those_who_ask_for_one() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    let pdf = |path: String, accept: &'static str| {
        let org = &org;
        async move { org.call("GET", &path, &[("accept", accept)], &Value::Null).await }
    };
    for path in [format!("Invoices/{id}"), format!("Invoices/{id}/pdf")] {
        let got = pdf(path, "application/pdf").await;
        assert_eq!((got.status, got.header("content-type").unwrap().as_str()), (200, "application/pdf"));
        assert!(got.body.starts_with(b"%PDF-"));
    }
    let got = pdf(format!("Invoices/{id}/pdf"), "application/json").await;
    assert!(got.status == 406 && got.body.is_empty());
    assert_eq!(pdf("Invoices/none/pdf".into(), "application/pdf").await.status, 404);
}

#[tokio::test]
async fn an_invoice_is_mailed_and_shown_online() {
    let org = Rig::new().await.opened().await;
    let id = org.invoice("INV-1").await;
    let got = org.post(&format!("Invoices/{id}/Email"), &Value::Null).await;
    assert!(got.status == 204 && got.body.is_empty());
    let got = org.get(&format!("Invoices/{id}/OnlineInvoice")).await;
    assert!(got.json()["OnlineInvoices"][0]["OnlineInvoiceUrl"].as_str().unwrap().contains(&id));
}

#[tokio::test]
async fn a_list_can_be_limited_to_what_changed() {
    let org = Rig::new().await.opened().await;
    org.invoice("INV-1").await;
    for (since, count) in [("2020-01-01T00:00:00", 1), ("2999-01-01T00:00:00", 0), ("Wed, 01 Jan 2020 00:00:00 GMT", 1)] {
        let got = org.call("GET", "Invoices", &[("if-modified-since", since)], &Value::Null).await;
        assert_eq!(got.json()["Invoices"].as_array().unwrap().len(), count, "{since}");
    }
    let got = org.call("GET", "Invoices", &[("if-modified-since", "soon")], &Value::Null).await;
    assert_eq!(got.status, 400);
    assert_eq!(org.get("Invoices?page=2").await.json()["Invoices"], json!([]));
}

#[tokio::test]
async fn the_same_key_has_one_effect() {
    let org = Rig::new().await.opened().await;
    let contact = org.contact().await;
    let key = [("idempotency-key", "job-1")];
    let body = json!({"Invoices": [invoice(&contact)]});
    let first = org.call("PUT", "Invoices", &key, &body).await;
    let second = org.call("PUT", "Invoices", &key, &body).await;
    assert_eq!((first.status, &first.body), (200, &second.body));
    assert_eq!(org.rig.running.xero_invoices().await.len(), 1);
    let other = json!({"Invoices": [but(&invoice(&contact), "/Reference", json!("x"))]});
    assert_eq!(org.call("PUT", "Invoices", &key, &other).await.status, 400);
    let long = "k".repeat(129);
    assert_eq!(org.call("PUT", "Invoices", &[("idempotency-key", &long)], &body).await.status, 400);
    assert_eq!(org.rig.running.xero_invoices().await.len(), 1);
    let calls = org.rig.running.xero_calls().await;
    assert_eq!(calls.iter().filter(|call| call.replayed).count(), 1);
}

#[tokio::test]
async fn errors_can_be_told_item_by_item() {
    let org = Rig::new().await.opened().await;
    let good = invoice(&org.contact().await);
    let body = json!({"Invoices": [good, but(&good, "/Type", Value::Null)]});
    let got = org.put("Invoices?summarizeErrors=false", &body).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.json()["Invoices"][1]["StatusAttributeString"], "ERROR");
    assert_eq!(org.rig.running.xero_invoices().await.len(), 1);
}
