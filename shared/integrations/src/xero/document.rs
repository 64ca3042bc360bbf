//! What we tell Xero about contacts, quotes and invoices.

use super::answer::day;
use crate::amount::{self, Currency};
use serde::Serialize;
use serde_json::value::RawValue;

/// The other party of a quote or an invoice.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// Our id of the person; Xero finds the contact again by it (≤ 50).
    pub number: &'a str,
    /// Unique within the organisation (≤ 255).
    pub name: &'a str,
    /// Where Xero mails documents to.
    pub email: Option<&'a str>,
}

/// One line of a document.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What is sold.
    pub description: &'a str,
    /// How many.
    pub quantity: u32,
    /// Price of one, in minor units.
    pub unit_minor: i64,
    /// The organisation's revenue account.
    pub account_code: Option<&'a str>,
    /// Such as `NONE`; the account's own when absent.
    pub tax_type: Option<&'a str>,
}

/// Whether prices hold tax. Quotes and invoices spell it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxMode {
    /// Tax is added to them.
    Exclusive,
    /// Tax is in them.
    Inclusive,
    /// There is none.
    NoTax,
}

/// A quote's state in Xero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Xero's own words")]
pub enum QuoteStatus {
    Draft,
    Sent,
    Declined,
    Accepted,
    Invoiced,
    Deleted,
}

/// An invoice's state in Xero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Xero's own words")]
pub enum InvoiceStatus {
    Draft,
    Submitted,
    Deleted,
    Authorised,
    Paid,
    Voided,
}

/// A quote to create, or to change.
#[derive(Clone, Copy, Debug)]
pub struct NewQuote<'a> {
    /// Xero's id of the contact.
    pub contact_id: &'a str,
    /// Ours, such as `QU-000012` (≤ 255).
    pub number: &'a str,
    /// For the customer to recognise it by (≤ 4000).
    pub reference: &'a str,
    /// Heading (≤ 100).
    pub title: &'a str,
    /// `Draft` or `Sent` at first. Xero refuses to decline what is a draft or accepted.
    pub status: QuoteStatus,
    /// Whether the lines hold tax.
    pub tax: TaxMode,
    /// Of the lines.
    pub currency: Currency<'a>,
    /// Day of issue, as an instant (UTC).
    pub date_ms: i64,
    /// Last day it holds.
    pub expiry_ms: Option<i64>,
    /// What it offers; a change without lines leaves them as they are.
    pub lines: &'a [Line<'a>],
}

/// A sales invoice (`ACCREC`) to create.
#[derive(Clone, Copy, Debug)]
pub struct NewInvoice<'a> {
    /// Xero's id of the contact.
    pub contact_id: &'a str,
    /// Ours, unique in the organisation (≤ 255): a second one of the same number is refused.
    pub number: &'a str,
    /// For the customer to recognise it by (≤ 255).
    pub reference: &'a str,
    /// `Draft` or `Authorised`.
    pub status: InvoiceStatus,
    /// Whether the lines hold tax.
    pub tax: TaxMode,
    /// Of the lines.
    pub currency: Currency<'a>,
    /// Day of issue, as an instant (UTC).
    pub date_ms: i64,
    /// Last day to pay.
    pub due_ms: i64,
    /// What is charged.
    pub lines: &'a [Line<'a>],
}

const QUOTE_STATUSES: &[(QuoteStatus, &str)] = &[
    (QuoteStatus::Draft, "DRAFT"),
    (QuoteStatus::Sent, "SENT"),
    (QuoteStatus::Declined, "DECLINED"),
    (QuoteStatus::Accepted, "ACCEPTED"),
    (QuoteStatus::Invoiced, "INVOICED"),
    (QuoteStatus::Deleted, "DELETED"),
];

const INVOICE_STATUSES: &[(InvoiceStatus, &str)] = &[
    (InvoiceStatus::Draft, "DRAFT"),
    (InvoiceStatus::Submitted, "SUBMITTED"),
    (InvoiceStatus::Deleted, "DELETED"),
    (InvoiceStatus::Authorised, "AUTHORISED"),
    (InvoiceStatus::Paid, "PAID"),
    (InvoiceStatus::Voided, "VOIDED"),
];

impl QuoteStatus {
    /// As Xero spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(QUOTE_STATUSES, self)
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        read(QUOTE_STATUSES, word)
    }
}

impl InvoiceStatus {
    /// As Xero spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(INVOICE_STATUSES, self)
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        read(INVOICE_STATUSES, word)
    }
}

impl TaxMode {
    fn on_quotes(self) -> &'static str {
        match self {
            Self::Exclusive => "EXCLUSIVE",
            Self::Inclusive => "INCLUSIVE",
            Self::NoTax => "NOTAX",
        }
    }

    fn on_invoices(self) -> &'static str {
        match self {
            Self::Exclusive => "Exclusive",
            Self::Inclusive => "Inclusive",
            Self::NoTax => "NoTax",
        }
    }
}

impl Contact<'_> {
    pub(super) fn body(&self) -> String {
        text(&Wire { contact_number: Some(self.number), name: Some(self.name), email_address: self.email, ..Wire::default() })
    }
}

impl NewQuote<'_> {
    pub(super) fn body(&self) -> String {
        text(&Wire {
            contact: Some(ContactRef { contact_id: self.contact_id }),
            quote_number: Some(self.number),
            reference: Some(self.reference),
            title: Some(self.title),
            status: Some(self.status.word()),
            line_amount_types: Some(self.tax.on_quotes()),
            currency_code: Some(self.currency.code),
            date: Some(day(self.date_ms)),
            expiry_date: self.expiry_ms.map(day),
            line_items: (!self.lines.is_empty()).then(|| lines(self.lines, self.currency)),
            ..Wire::default()
        })
    }
}

impl NewInvoice<'_> {
    pub(super) fn body(&self) -> String {
        text(&Wire {
            kind: Some("ACCREC"),
            contact: Some(ContactRef { contact_id: self.contact_id }),
            invoice_number: Some(self.number),
            reference: Some(self.reference),
            status: Some(self.status.word()),
            line_amount_types: Some(self.tax.on_invoices()),
            currency_code: Some(self.currency.code),
            date: Some(day(self.date_ms)),
            due_date: Some(day(self.due_ms)),
            line_items: Some(lines(self.lines, self.currency)),
            ..Wire::default()
        })
    }
}

/// Only the state, for what exists.
pub(super) fn status_body(status: &str) -> String {
    text(&Wire { status: Some(status), ..Wire::default() })
}

/// One wire type for the three records keeps one serialiser in the wasm.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wire<'a> {
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_amount_types: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_items: Option<Vec<WireLine<'a>>>,
}

#[derive(Serialize)]
struct ContactRef<'a> {
    #[serde(rename = "ContactID")]
    contact_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireLine<'a> {
    description: &'a str,
    quantity: u32,
    unit_amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_type: Option<&'a str>,
}

fn lines<'a>(lines: &[Line<'a>], currency: Currency<'_>) -> Vec<WireLine<'a>> {
    let wire = |line: &Line<'a>| WireLine {
        description: line.description,
        quantity: line.quantity,
        // Decimal text is JSON, so this is always some.
        unit_amount: RawValue::from_string(amount::decimal(line.unit_minor, currency.exponent)).ok(),
        account_code: line.account_code,
        tax_type: line.tax_type,
    };
    lines.iter().map(wire).collect()
}

fn text(wire: &Wire<'_>) -> String {
    serde_json::to_string(wire).unwrap_or_default()
}

fn word<T: PartialEq + Copy>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(known, _)| *known == value).map_or("", |(_, word)| word)
}

fn read<T: Copy>(words: &[(T, &str)], text: &str) -> Option<T> {
    words.iter().find(|(_, word)| *word == text).map(|(value, _)| *value)
}
