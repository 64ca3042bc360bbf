//! Requests, letter by letter.

use super::*;
use crate::amount::Currency;
use crate::xero::{Line, QuoteStatus, TaxMode};
use serde_json::{Value, json};

const API: Api<'_> = Api { url: "https://x.example", access_token: "hush", tenant_id: "org" };
const EUR: Currency<'_> = Currency { code: "EUR", exponent: 2 };
const LINES: &[Line<'_>] = &[
    Line { description: "Phase 1", quantity: 1, unit_minor: 123_456, account_code: Some("200"), tax_type: None },
    Line { description: "\"Fee\"", quantity: 2, unit_minor: 9_007_199_254_740_993, account_code: None, tax_type: Some("NONE") },
];
const QUOTE: NewQuote<'_> = NewQuote {
    contact_id: "c1",
    number: "QU-000001",
    reference: "SU-000123",
    title: "Roof",
    status: QuoteStatus::Sent,
    tax: TaxMode::Exclusive,
    currency: EUR,
    date_ms: 1_795_152_993_000,
    expiry_ms: None,
    lines: LINES,
};
const INVOICE: NewInvoice<'_> = NewInvoice {
    contact_id: "c1",
    number: "INV-000001",
    reference: "SU-000123",
    status: InvoiceStatus::Authorised,
    tax: TaxMode::NoTax,
    currency: EUR,
    date_ms: 1_795_152_993_000,
    due_ms: 1_796_362_593_000,
    lines: LINES,
};

fn header<'a>(request: &'a Outgoing, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

fn json_of(request: &Outgoing) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn every_call_names_token_tenant_and_json() {
    let contact = Contact { number: "person_1", name: "Ada", email: Some("ada@example.com") };
    for (request, method, path) in [
        (API.save_contact(&contact, "k"), "POST", "Contacts"),
        (API.create_quote(&QUOTE, "k"), "PUT", "Quotes"),
        (API.update_quote("q", &QUOTE, "k"), "POST", "Quotes/q"),
        (API.create_invoice(&INVOICE, "k"), "PUT", "Invoices"),
        (API.set_invoice_status("i", InvoiceStatus::Voided, "k"), "POST", "Invoices/i"),
        (API.get_quote("q"), "GET", "Quotes/q"),
        (API.get_invoice("../i"), "GET", "Invoices/..%2Fi"),
        (API.find_quotes("QU 1"), "GET", "Quotes?QuoteNumber=QU%201"),
        (API.find_invoices("INV-1"), "GET", "Invoices?InvoiceNumbers=INV-1"),
        (API.quote_pdf("q"), "GET", "Quotes/q/pdf"),
        (API.invoice_pdf("i"), "GET", "Invoices/i/pdf"),
    ] {
        assert_eq!(request.method, method, "{path}");
        assert_eq!(request.url, format!("https://x.example/api.xro/2.0/{path}"));
        assert_eq!(header(&request, "authorization"), Some("Bearer hush"));
        assert_eq!(header(&request, "xero-tenant-id"), Some("org"));
        let accept = if path.ends_with("/pdf") { "application/pdf" } else { "application/json" };
        assert_eq!(header(&request, "accept"), Some(accept));
        let is_write = method != "GET";
        assert_eq!(header(&request, "idempotency-key"), is_write.then_some("k"));
        assert_eq!(header(&request, "content-type"), is_write.then_some("application/json"));
        assert_eq!(request.body.is_empty(), !is_write);
    }
}

#[test]
fn a_quote_is_upper_case_and_exact() {
    let request = API.create_quote(&QUOTE, "k");
    // 9007199254740993 is 2^53 + 1: it has no f64.
    assert!(request.body.contains(r#""UnitAmount":90071992547409.93"#), "{}", request.body);
    assert!(request.body.contains(r#""UnitAmount":1234.56,"#));
    let quote = &json_of(&request)["Quotes"][0];
    assert_eq!(quote["LineAmountTypes"], "EXCLUSIVE");
    assert_eq!(quote["Status"], "SENT");
    assert_eq!(quote["Date"], "2026-11-20");
    assert_eq!(quote["Contact"], json!({"ContactID": "c1"}));
    assert_eq!(quote["QuoteNumber"], "QU-000001");
    assert_eq!(quote.get("ExpiryDate"), None);
    assert_eq!(quote["LineItems"][1]["Description"], "\"Fee\"");
    assert_eq!(quote["LineItems"][1]["TaxType"], "NONE");
    assert_eq!(quote["LineItems"][1].get("AccountCode"), None);
}

#[test]
fn an_invoice_is_title_case_with_a_due_date() {
    let invoice = json_of(&API.create_invoice(&INVOICE, "k"))["Invoices"][0].clone();
    assert_eq!(invoice["Type"], "ACCREC");
    assert_eq!(invoice["LineAmountTypes"], "NoTax");
    assert_eq!(invoice["Status"], "AUTHORISED");
    assert_eq!(invoice["DueDate"], "2026-12-04");
    assert_eq!(invoice["InvoiceNumber"], "INV-000001");
    assert_eq!(invoice["CurrencyCode"], "EUR");
}

#[test]
fn long_keys_stay_different_and_short_enough() {
    let long = |last: char| format!("{}{last}", "k".repeat(IDEMPOTENCY_KEY_LIMIT));
    let key = |text: &str| header(&API.create_quote(&QUOTE, text), "idempotency-key").unwrap().to_owned();
    assert_eq!(key(&"k".repeat(IDEMPOTENCY_KEY_LIMIT)).len(), IDEMPOTENCY_KEY_LIMIT);
    assert_ne!(key(&long('a')), key(&long('b')));
    assert_eq!(key(&long('a')).len(), 64);
}

#[test]
fn a_change_of_a_quote_repeats_all_but_the_lines() {
    let accepted = NewQuote { status: QuoteStatus::Accepted, lines: &[], ..QUOTE };
    let quote = json_of(&API.update_quote("q", &accepted, "k"))["Quotes"][0].clone();
    let expected = json!({
        "Contact": {"ContactID": "c1"}, "QuoteNumber": "QU-000001", "Reference": "SU-000123", "Title": "Roof",
        "Status": "ACCEPTED", "LineAmountTypes": "EXCLUSIVE", "CurrencyCode": "EUR", "Date": "2026-11-20",
    });
    assert_eq!(quote, expected);
}
