//! What Xero demands of a quote and of an invoice.

use super::amount::Amount;
use crate::config::Organisation;
use chrono::NaiveDate;
use serde_json::{Map, Value};

type Fields = Map<String, Value>;

/// One kind of document.
pub(crate) struct Kind {
    pub(crate) wrapper: &'static str,
    pub(crate) id: &'static str,
    pub(crate) number: &'static str,
    pub(crate) is_invoice: bool,
    /// The last day it counts.
    pub(crate) end: &'static str,
    pub(crate) fields: &'static [&'static str],
    lengths: &'static [(&'static str, usize)],
    pub(crate) line_amount_types: &'static [&'static str],
    pub(crate) on_create: &'static [&'static str],
    /// The only ways from one state to another.
    pub(crate) moves: &'static [(&'static str, &'static str)],
    /// States in which more than the state may change.
    pub(crate) editable: &'static [&'static str],
}

pub(crate) static QUOTE: Kind = Kind {
    wrapper: "Quotes",
    id: "QuoteID",
    number: "QuoteNumber",
    is_invoice: false,
    end: "ExpiryDate",
    fields: &[
        "QuoteID",
        "QuoteNumber",
        "Reference",
        "Terms",
        "Contact",
        "LineItems",
        "Date",
        "ExpiryDate",
        "Status",
        "CurrencyCode",
        "CurrencyRate",
        "SubTotal",
        "TotalTax",
        "Total",
        "Title",
        "Summary",
        "BrandingThemeID",
        "LineAmountTypes",
    ],
    lengths: &[("Title", 100), ("Summary", 3_000), ("Terms", 4_000), ("Reference", 4_000), ("QuoteNumber", 255)],
    line_amount_types: &["EXCLUSIVE", "INCLUSIVE", "NOTAX"],
    on_create: &["DRAFT", "SENT"],
    moves: &[
        ("DRAFT", "SENT"),
        ("DRAFT", "DELETED"),
        ("SENT", "DRAFT"),
        ("SENT", "ACCEPTED"),
        ("SENT", "DECLINED"),
        ("SENT", "DELETED"),
        ("ACCEPTED", "SENT"),
        ("ACCEPTED", "INVOICED"),
        ("ACCEPTED", "DELETED"),
        ("DECLINED", "SENT"),
        ("DECLINED", "DELETED"),
    ],
    editable: &["DRAFT", "SENT"],
};

pub(crate) static INVOICE: Kind = Kind {
    wrapper: "Invoices",
    id: "InvoiceID",
    number: "InvoiceNumber",
    is_invoice: true,
    end: "DueDate",
    fields: &[
        "InvoiceID",
        "InvoiceNumber",
        "Type",
        "Reference",
        "Contact",
        "LineItems",
        "Date",
        "DueDate",
        "Status",
        "CurrencyCode",
        "CurrencyRate",
        "SubTotal",
        "TotalTax",
        "Total",
        "BrandingThemeID",
        "LineAmountTypes",
        "Url",
        "SentToContact",
        "ExpectedPaymentDate",
        "PlannedPaymentDate",
    ],
    lengths: &[("Reference", 255), ("InvoiceNumber", 255)],
    line_amount_types: &["Exclusive", "Inclusive", "NoTax"],
    on_create: &["DRAFT", "SUBMITTED", "AUTHORISED"],
    moves: &[
        ("DRAFT", "SUBMITTED"),
        ("DRAFT", "AUTHORISED"),
        ("DRAFT", "DELETED"),
        ("SUBMITTED", "DRAFT"),
        ("SUBMITTED", "AUTHORISED"),
        ("SUBMITTED", "DELETED"),
        ("AUTHORISED", "VOIDED"),
    ],
    editable: &["DRAFT", "SUBMITTED"],
};

const LINE_FIELDS: &[&str] = &[
    "LineItemID",
    "Description",
    "Quantity",
    "UnitAmount",
    "LineAmount",
    "AccountCode",
    "TaxType",
    "TaxAmount",
    "ItemCode",
    "DiscountRate",
    "Tracking",
];

/// Everything wrong with a document, in Xero's manner: all at once.
pub(crate) fn check(kind: &Kind, organisation: &Organisation, input: &Fields, whole: &Fields) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in input.keys().filter(|name| !kind.fields.contains(&name.as_str())) {
        wrong.push(format!("{name} is not a field of {}", kind.wrapper));
    }
    for (name, limit) in kind.lengths {
        if text(whole, name).is_some_and(|text| text.chars().count() > *limit) {
            wrong.push(format!("{name} must not be longer than {limit} characters"));
        }
    }
    let status = text(whole, "Status").unwrap_or("DRAFT");
    let is_binding = status == "AUTHORISED" || status == "SUBMITTED";
    if kind.is_invoice && !["ACCREC", "ACCPAY"].contains(&text(whole, "Type").unwrap_or("")) {
        wrong.push("Invoice type is not valid: it is ACCREC or ACCPAY".into());
    }
    if text(whole, "LineAmountTypes").is_some_and(|mode| !kind.line_amount_types.contains(&mode)) {
        wrong.push(format!("LineAmountTypes is one of {}", kind.line_amount_types.join(", ")));
    }
    if text(whole, "CurrencyCode").is_some_and(|code| !organisation.currencies.iter().any(|known| known == code)) {
        wrong.push("The organisation is not subscribed to this currency".into());
    }
    for name in ["Date", kind.end] {
        match whole.get(name) {
            Some(value) if day_ms(value).is_none() => wrong.push(format!("{name} is not a date")),
            None if name == "Date" && !kind.is_invoice => wrong.push("Date is required".into()),
            None if name == "DueDate" && is_binding => wrong.push("DueDate is required".into()),
            _ => {}
        }
    }
    check_lines(whole.get("LineItems"), organisation, is_binding, &mut wrong);
    if wrong.is_empty() {
        check_sums(input, whole, &mut wrong);
    }
    wrong
}

/// `Quantity × UnitAmount`, to the cent.
pub(crate) fn line_amount(line: &Value) -> Option<Amount> {
    let amount = |name: &str| line.get(name).and_then(Amount::read);
    let quantity = line.get("Quantity").map_or(Amount::parse("1"), Amount::read)?;
    quantity.times(amount("UnitAmount")?)
}

/// Sum of the lines, and of their tax.
pub(crate) fn totals(whole: &Fields) -> (Amount, Amount) {
    let lines = whole.get("LineItems").and_then(Value::as_array);
    let lines = || lines.into_iter().flatten();
    let tax = |line: &Value| line.get("TaxAmount").and_then(Amount::read).unwrap_or_default();
    (lines().filter_map(line_amount).sum(), lines().map(tax).sum())
}

/// Midnight of `2026-11-20`, `2026-11-20T00:00:00` or `/Date(ms)/`.
pub(crate) fn day_ms(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let ms: i64 = inner.split('+').next()?.parse().ok()?;
        return Some(crate::clock::midnight(ms));
    }
    let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    let rest = text.get(10..)?;
    let at = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    (rest.is_empty() || rest.starts_with('T')).then_some(at)
}

fn check_lines(lines: Option<&Value>, organisation: &Organisation, is_binding: bool, wrong: &mut Vec<String>) {
    let lines = lines.and_then(Value::as_array).filter(|lines| !lines.is_empty());
    let Some(lines) = lines else {
        return wrong.push("One or more line items must be specified".into());
    };
    for line in lines {
        let Some(fields) = line.as_object() else {
            return wrong.push("A line item is not an object".into());
        };
        for name in fields.keys().filter(|name| !LINE_FIELDS.contains(&name.as_str())) {
            wrong.push(format!("{name} is not a field of LineItems"));
        }
        let description = text(fields, "Description").unwrap_or("");
        if description.is_empty() || description.chars().count() > 4_000 {
            wrong.push("Description is required, with at most 4000 characters".into());
        }
        let Some(expected) = line_amount(line) else {
            wrong.push("Quantity and UnitAmount must be numbers of at most four decimals".into());
            continue;
        };
        if line.get("Quantity").and_then(Amount::read).is_some_and(Amount::is_negative) {
            wrong.push("Quantity must not be negative".into());
        }
        if line.get("LineAmount").is_some_and(|given| Amount::read(given) != Some(expected)) {
            let total = line.get("LineAmount").map(Value::to_string).unwrap_or_default();
            wrong.push(format!("The line total {total} does not match the expected line total {}", expected.to_json()));
        }
        match text(fields, "AccountCode") {
            Some(code) if !organisation.accounts.iter().any(|known| known == code) => {
                wrong.push(format!("Account code '{code}' is not a valid code for this document."));
            }
            None if is_binding => wrong.push("Account code must be specified".into()),
            _ => {}
        }
        let is_word =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if text(fields, "TaxType").is_some_and(|tax| !is_word(tax)) {
            wrong.push("The TaxType code does not exist or cannot be used for this type of transaction.".into());
        }
    }
}

/// Sums the caller gives must be the sums of the lines.
fn check_sums(input: &Fields, whole: &Fields, wrong: &mut Vec<String>) {
    let (sub_total, tax) = totals(whole);
    let total = if is_tax_added(whole) { sub_total + tax } else { sub_total };
    for (name, expected) in [("SubTotal", sub_total), ("TotalTax", tax), ("Total", total)] {
        if input.get(name).is_some_and(|given| Amount::read(given) != Some(expected)) {
            wrong.push(format!("The document's {name} does not equal the sum of its lines"));
        }
    }
    if total > Amount::parse("9999999999.99").unwrap_or_default() {
        wrong.push("The amounts are too large".into());
    }
}

/// Prices with tax inside, or without any, are the total already.
pub(crate) fn is_tax_added(whole: &Fields) -> bool {
    !text(whole, "LineAmountTypes").is_some_and(|mode| mode.eq_ignore_ascii_case("inclusive"))
}

pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
