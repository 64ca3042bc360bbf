//! Answers as Xero gives them.

use super::*;

const INVOICE: &str = r#"{"Id":"x","Status":"OK","ProviderName":"p","Invoices":[{
    "Type":"ACCREC","InvoiceID":"243216c5","InvoiceNumber":"INV-000001","Reference":"SU-000123",
    "Payments":[{"PaymentID":"p","Amount":1234.56}],"AmountDue":0.00,"AmountPaid":1234.5600,"Total":1234.56,
    "Contact":{"ContactID":"c1","Name":"Ada"},"DateString":"2026-11-20T00:00:00","Date":"/Date(1795132800000+0000)/",
    "Status":"PAID","LineAmountTypes":"NoTax","CurrencyCode":"EUR","FullyPaidOnDate":"/Date(1795132800000+0000)/",
    "UpdatedDateUTC":"/Date(1795152993123)/","LineItems":[{"Description":"d","UnitAmount":1234.56}]}]}"#;

fn none(_: &str) -> Option<String> {
    None
}

fn of(status: u16, body: &str) -> Answer<'_> {
    Answer { status, header: &none, body: body.as_bytes() }
}

#[test]
fn a_paid_invoice_is_read_to_the_cent() {
    let invoice = invoice(&of(200, INVOICE)).unwrap();
    assert_eq!((invoice.id.as_str(), invoice.number.as_str()), ("243216c5", "INV-000001"));
    assert_eq!(invoice.status, InvoiceStatus::Paid);
    assert_eq!(invoice.amount_paid.minor(2), Some(123_456));
    assert_eq!(invoice.amount_due.minor(2), Some(0));
    assert_eq!(invoice.total.minor(0), None);
    assert_eq!(invoice.currency, "EUR");
    assert_eq!(invoice.fully_paid_on_ms, Some(1_795_132_800_000));
    assert_eq!(invoice.updated_at_ms, Some(1_795_152_993_123));
}

#[test]
fn contacts_and_quotes_are_read() {
    let body = r#"{"Contacts":[{"ContactID":"c1","ContactStatus":"ACTIVE","Name":"Ada"}]}"#;
    assert_eq!(contact_id(&of(200, body)), Ok("c1".into()));
    let body = r#"{"Quotes":[{"QuoteID":"q1","QuoteNumber":"QU-000001","Status":"ACCEPTED","Total":10.5,"CurrencyCode":"EUR"}]}"#;
    let quote = quote(&of(200, body)).unwrap();
    assert_eq!((quote.id.as_str(), quote.status), ("q1", QuoteStatus::Accepted));
    assert_eq!(quote.total.minor(2), Some(1_050));
    assert_eq!(quotes(&of(200, r#"{"Quotes":[]}"#)), Ok(vec![]));
}

#[test]
fn an_answer_without_its_record_is_no_success() {
    for body in [
        "",
        "<xml/>",
        "{}",
        r#"{"Invoices":[]}"#,
        r#"{"Invoices":[{"InvoiceID":"i","Status":"LOST"}]}"#,
        r#"{"Invoices":[{"Status":"PAID"}]}"#,
    ] {
        let failure = invoice(&of(200, body)).unwrap_err();
        assert_eq!((failure.code, failure.retry), ("xero-unreadable", false), "{body}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let invalid = r#"{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred",
        "Elements":[{"ValidationErrors":[{"Message":"Invoice # must be unique."},{"Message":"Due date is required"}]}]}"#;
    let taken = r#"{"Elements":[{"ValidationErrors":[
        {"Message":"The contact name Ada is already assigned to another contact."}]}]}"#;
    for (status, body, code, retry, text) in [
        (400, invalid, "xero-number-taken", false, "Invoice # must be unique.; Due date is required"),
        (400, taken, "xero-name-taken", false, "The contact name Ada is already assigned to another contact."),
        (400, r#"{"Message":"bad"}"#, "xero-refused", false, "bad"),
        (400, "<ApiException/>", "xero-refused", false, "Xero refuses the request"),
        (401, "", "xero-token-refused", true, "the token ended or was revoked"),
        (401, r#"{"Detail":"TokenExpired: token expired at …"}"#, "xero-token-refused", true, "the token ended or was revoked"),
        (401, r#"{"Detail":"AuthorizationUnsuccessful"}"#, "xero-scope-refused", false, "the connection lacks a scope"),
        (403, "", "xero-forbidden", false, "the organisation is no longer connected"),
        (404, "", "xero-not-found", false, "Xero has no such record"),
        (500, "", "xero-unavailable", true, "Xero is out of order"),
        (503, "", "xero-unavailable", true, "Xero is out of order"),
        (302, "", "xero-unexpected", false, "Xero answered a status it does not document"),
    ] {
        let failure = invoice(&of(status, body)).unwrap_err();
        assert_eq!((failure.code, failure.retry, failure.text.as_str()), (code, retry, text));
    }
}

#[test]
fn a_used_up_limit_tells_which_and_for_how_long() {
    for (problem, code) in [
        (Some("day"), "xero-day-limit"),
        (Some("minute"), "xero-minute-limit"),
        (Some("concurrent"), "xero-concurrent-limit"),
        (None, "xero-minute-limit"),
    ] {
        let header = |name: &str| match name {
            "retry-after" => Some("17".to_owned()),
            "x-rate-limit-problem" => problem.map(str::to_owned),
            "x-minlimit-remaining" => Some("0".to_owned()),
            "x-daylimit-remaining" => Some("4321".to_owned()),
            _ => None,
        };
        let answer = Answer { status: 429, header: &header, body: b"" };
        let failure = invoice(&answer).unwrap_err();
        assert_eq!((failure.code, failure.retry, failure.retry_after_s), (code, true, Some(17)));
        let expected = Limits { day_remaining: Some(4321), minute_remaining: Some(0), app_minute_remaining: None };
        assert_eq!(limits(&answer), expected);
    }
}

#[test]
fn long_reasons_are_cut() {
    let body = format!(r#"{{"Message":"{}"}}"#, "é".repeat(5_000));
    assert_eq!(invoice(&of(400, &body)).unwrap_err().text.chars().count(), 300);
}

#[test]
fn only_a_pdf_is_a_pdf() {
    assert_eq!(pdf(&of(200, "%PDF-1.4 …")), Ok("%PDF-1.4 …".into()));
    assert_eq!(pdf(&of(200, "{}")).unwrap_err().code, "xero-not-a-pdf");
    assert_eq!(pdf(&of(404, "%PDF")).unwrap_err().code, "xero-not-found");
}

#[test]
fn dates_are_instants() {
    for (text, expected) in [
        ("/Date(1571875200000)/", Some(1_571_875_200_000)),
        ("/Date(1571875200000+0000)/", Some(1_571_875_200_000)),
        ("/Date(1571875200000-0700)/", Some(1_571_875_200_000)),
        ("/Date(-1000)/", Some(-1_000)),
        ("/Date(-1000+0000)/", Some(-1_000)),
        ("/Date()/", None),
        ("2026-11-20", None),
    ] {
        assert_eq!(date_ms(text), expected, "{text}");
    }
    assert_eq!(day(1_795_152_993_000), "2026-11-20");
}
