//! The product's own requests pass the stand-ins' checks, and its parsers read their answers.

use crate::{Got, Rig};
use integrations::typeform::{Mapping, parse, verify};
use integrations::xero::{self, Api, App, Contact, InvoiceStatus, Line, NewInvoice, NewQuote, QuoteStatus, TaxMode};
use integrations::{Answer, Currency, Failure, Outgoing, mail};
use serde_json::json;
use standins::typeform::{Variant, delivery};
use standins::{Fault, Service};

const EUR: Currency<'_> = Currency { code: "EUR", exponent: 2 };
const NOW_MS: i64 = 1_795_152_993_000;
const LINES: &[Line<'_>] =
    &[Line { description: "Phase 1", quantity: 1, unit_minor: 123_456, account_code: Some("200"), tax_type: None }];

async fn send(rig: &Rig, outgoing: &Outgoing) -> Got {
    let path = outgoing.url.strip_prefix(&rig.running.base_url()).unwrap();
    let headers: Vec<(&str, &str)> = outgoing.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    rig.send(outgoing.method, path, &headers, &outgoing.body).await
}

fn read<T>(got: &Got, parse: impl Fn(&Answer<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let header = |name: &str| got.header(name);
    parse(&Answer { status: got.status, header: &header, body: &got.body })
}

#[tokio::test]
async fn a_quote_becomes_a_paid_invoice() {
    let rig = Rig::new().await;
    let (identity, api) = (rig.running.xero_identity_url(), rig.running.xero_api_url());
    let app = App { identity_url: &identity, client_id: "standin-client", client_secret: "standin-secret" };
    let got = send(&rig, &app.client_credentials("accounting.invoices accounting.contacts")).await;
    let token = read(&got, |answer| xero::token(answer, NOW_MS)).unwrap();
    assert_eq!(token.expires_at_ms, NOW_MS + 1_740_000);
    let got = send(&rig, &xero::connections_request(&api, &token.access_token)).await;
    let connections = read(&got, xero::connections).unwrap();
    let api = Api { url: &api, access_token: &token.access_token, tenant_id: &connections[0].tenant_id };

    let contact = Contact { number: "person_1", name: "Ada Lovelace", email: Some("ada@example.com") };
    let contact_id = read(&send(&rig, &api.save_contact(&contact, "job-1")).await, xero::contact_id).unwrap();
    let namesake = Contact { number: "person_2", ..contact };
    let taken = read(&send(&rig, &api.save_contact(&namesake, "job-1b")).await, xero::contact_id).unwrap_err();
    assert_eq!((taken.code, taken.retry), ("xero-name-taken", false));
    let quote = NewQuote {
        contact_id: &contact_id,
        number: "QU-000001",
        reference: "SU-000001",
        title: "Roof",
        status: QuoteStatus::Sent,
        tax: TaxMode::NoTax,
        currency: EUR,
        date_ms: NOW_MS,
        expiry_ms: Some(NOW_MS),
        lines: LINES,
    };
    let made = read(&send(&rig, &api.create_quote(&quote, "job-2")).await, xero::quote).unwrap();
    assert_eq!((made.status, made.total.minor(2)), (QuoteStatus::Sent, Some(123_456)));
    let accepted = NewQuote { status: QuoteStatus::Accepted, lines: &[], ..quote };
    let changed = read(&send(&rig, &api.update_quote(&made.id, &accepted, "job-3")).await, xero::quote).unwrap();
    assert_eq!((changed.status, changed.total.minor(2)), (QuoteStatus::Accepted, Some(123_456)));
    let found = read(&send(&rig, &api.find_quotes("QU-000001")).await, xero::quotes).unwrap();
    assert_eq!(found, [changed]);
    let pdf = read(&send(&rig, &api.quote_pdf(&made.id)).await, xero::pdf).unwrap();
    assert!(pdf.ends_with(b"%%EOF\n"));

    let invoice = NewInvoice {
        contact_id: &contact_id,
        number: "INV-000001",
        reference: "SU-000001",
        status: InvoiceStatus::Authorised,
        tax: TaxMode::NoTax,
        currency: EUR,
        date_ms: NOW_MS,
        due_ms: NOW_MS,
        lines: LINES,
    };
    let made = read(&send(&rig, &api.create_invoice(&invoice, "job-4")).await, xero::invoice).unwrap();
    let again = read(&send(&rig, &api.create_invoice(&invoice, "job-4")).await, xero::invoice).unwrap();
    assert_eq!(made, again);
    let twin = read(&send(&rig, &api.create_invoice(&invoice, "job-5")).await, xero::invoice).unwrap_err();
    assert_eq!((twin.code, twin.retry, twin.text.as_str()), ("xero-number-taken", false, "Invoice # must be unique."));
    rig.running.pay_silently("INV-000001", None).await.unwrap();
    let paid = read(&send(&rig, &api.get_invoice(&made.id)).await, xero::invoice).unwrap();
    assert_eq!((paid.status, paid.amount_paid.minor(2), paid.amount_due.minor(2)), (InvoiceStatus::Paid, Some(123_456), Some(0)));
    assert!(paid.fully_paid_on_ms.is_some_and(|ms| ms % 86_400_000 == 0));
    let back = read(&send(&rig, &api.set_invoice_status(&made.id, InvoiceStatus::Draft, "job-6")).await, xero::invoice);
    assert_eq!(back.unwrap_err().code, "xero-refused");
    let got = send(&rig, &api.find_invoices("INV-000001")).await;
    assert_eq!(read(&got, xero::invoices).unwrap(), [paid]);
    let header = |name: &str| got.header(name);
    let limits = xero::limits(&Answer { status: 200, header: &header, body: b"" });
    assert_eq!(limits.day_remaining.map(|left| 5_000 - left), limits.minute_remaining.map(|left| 60 - left));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let rig = Rig::new().await;
    let (identity, url) = (rig.running.xero_identity_url(), rig.running.xero_api_url());
    let app = App { identity_url: &identity, client_id: "standin-client", client_secret: "standin-secret" };
    let wrong = App { client_secret: "wrong", ..app };
    let token_of = |got: &Got| read(got, |answer| xero::token(answer, NOW_MS));
    assert_eq!(
        token_of(&send(&rig, &wrong.client_credentials("accounting.invoices")).await).unwrap_err().code,
        "xero-app-refused"
    );
    assert_eq!(
        token_of(&send(&rig, &app.client_credentials("accounting.transactions")).await).unwrap_err().code,
        "xero-scope-refused"
    );
    let refreshed = token_of(&send(&rig, &app.refresh("standin-refresh")).await).unwrap();
    assert!(refreshed.refresh_token.is_some());
    assert_eq!(token_of(&send(&rig, &app.refresh("standin-refresh")).await).unwrap_err().code, "xero-grant-refused");

    let narrow = token_of(&send(&rig, &app.client_credentials("accounting.contacts")).await).unwrap();
    let tenant = rig.tenant();
    let api = Api { url: &url, access_token: &refreshed.access_token, tenant_id: &tenant };
    for (api, code, retry) in [
        (Api { access_token: &narrow.access_token, ..api }, "xero-scope-refused", false),
        (Api { access_token: "gone", ..api }, "xero-token-refused", true),
        (Api { tenant_id: "other", ..api }, "xero-forbidden", false),
        (api, "xero-not-found", false),
    ] {
        let failure = read(&send(&rig, &api.get_invoice("none")).await, xero::invoice).unwrap_err();
        assert_eq!((failure.code, failure.retry), (code, retry));
    }
    rig.running.fail_next(Service::Xero, 1, Fault::TooMany { retry_after_s: 9 }).await;
    let failure = read(&send(&rig, &api.get_invoice("none")).await, xero::invoice).unwrap_err();
    assert_eq!((failure.code, failure.retry, failure.retry_after_s), ("xero-minute-limit", true, Some(9)));
}

#[tokio::test]
async fn a_mail_goes_out_once() {
    let rig = Rig::new().await;
    let url = rig.running.mail_url();
    let account = mail::Account { url: &url, key: "re_standin" };
    let mail = mail::Mail {
        from: "Edgewise <no-reply@example.com>",
        to: &["ada@example.com"],
        subject: "You are invited",
        text: "https://app.example/invite",
        html: None,
        reply_to: Some("team@example.com"),
    };
    let outgoing = account.send(&mail, "job-1").unwrap();
    let id = read(&send(&rig, &outgoing).await, mail::sent).unwrap();
    assert_eq!(read(&send(&rig, &outgoing).await, mail::sent), Ok(id));
    assert_eq!(rig.running.mails().await.len(), 1);
    let other = account.send(&mail::Mail { subject: "Other", ..mail }, "job-1").unwrap();
    assert_eq!(read(&send(&rig, &other).await, mail::sent).unwrap_err().code, "mail-key-reused");
    let wrong = mail::Account { key: "re_wrong", ..account };
    let refused = send(&rig, &wrong.send(&mail, "job-2").unwrap()).await;
    assert_eq!(read(&refused, mail::sent).unwrap_err().code, "mail-account-refused");
}

#[test]
fn golden_forms_are_verified_read_and_mapped() {
    let secret = "form-secret";
    for variant in Variant::ALL {
        let sent = delivery(*variant, secret);
        let body = sent.body.as_bytes();
        let is_verified = verify(secret.as_bytes(), body, Some(&sent.signature));
        assert_eq!(is_verified, *variant != Variant::Tampered, "{variant:?}");
        assert!(!verify(b"another", body, Some(&sent.signature)));
        assert_eq!(parse(body).is_ok(), *variant != Variant::WrongContentType, "{variant:?}");
    }
    let valid = parse(delivery(Variant::Valid, secret).body.as_bytes()).unwrap();
    let found = Mapping::default().apply(&valid, EUR);
    assert_eq!(json!(found.person), json!({"name": "Ada Lovelace", "email": "ada@example.com"}));
    let expected = json!({
        "category": "Roofing", "description": "A new roof for a barn of 120 m².",
        "budget_min": {"minor": 150_000, "currency": "EUR"}, "budget_max": {"minor": 450_000, "currency": "EUR"},
    });
    assert_eq!(json!(found.lead), expected);
    assert_eq!(json!(found.unmapped), json!({"hidden:utm_source": "newsletter"}));
    let unknown = parse(delivery(Variant::UnknownField, secret).body.as_bytes()).unwrap();
    assert_eq!(unknown.answers.len(), 7);
    assert_eq!(json!(Mapping::default().apply(&unknown, EUR).lead), expected);
}
