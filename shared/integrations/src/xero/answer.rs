//! Reads what the accounting API answers: records, refusals and limits.

use super::document::{InvoiceStatus, QuoteStatus};
use crate::amount::Decimal;
use crate::message::{Answer, Failure};
use chrono::DateTime;
use serde_json::Value;

/// A quote as Xero holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Xero's id.
    pub id: String,
    /// Ours.
    pub number: String,
    /// Its state.
    pub status: QuoteStatus,
    /// ISO 4217.
    pub currency: String,
    /// With tax.
    pub total: Decimal,
    /// When it last changed there.
    pub updated_at_ms: Option<i64>,
}

/// An invoice as Xero holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Xero's id.
    pub id: String,
    /// Ours.
    pub number: String,
    /// Its state; `Paid` once nothing is due.
    pub status: InvoiceStatus,
    /// ISO 4217.
    pub currency: String,
    /// With tax.
    pub total: Decimal,
    /// Still open.
    pub amount_due: Decimal,
    /// Received so far.
    pub amount_paid: Decimal,
    /// The day the last payment closed it.
    pub fully_paid_on_ms: Option<i64>,
    /// When it last changed there.
    pub updated_at_ms: Option<i64>,
}

/// Calls left, as far as the answer tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of this organisation, today.
    pub day_remaining: Option<u32>,
    /// Of this organisation, this minute.
    pub minute_remaining: Option<u32>,
    /// Of the app over all organisations, this minute.
    pub app_minute_remaining: Option<u32>,
}

/// The id of a contact just saved.
///
/// # Errors
/// See [`checked`].
pub fn contact_id(answer: &Answer<'_>) -> Result<String, Failure> {
    records(answer, "Contacts", |raw| text(raw, "ContactID")).and_then(first)
}

/// One quote.
///
/// # Errors
/// See [`checked`].
pub fn quote(answer: &Answer<'_>) -> Result<Quote, Failure> {
    quotes(answer).and_then(first)
}

/// Quotes found.
///
/// # Errors
/// See [`checked`].
pub fn quotes(answer: &Answer<'_>) -> Result<Vec<Quote>, Failure> {
    records(answer, "Quotes", read_quote)
}

/// One invoice.
///
/// # Errors
/// See [`checked`].
pub fn invoice(answer: &Answer<'_>) -> Result<Invoice, Failure> {
    invoices(answer).and_then(first)
}

/// Invoices found.
///
/// # Errors
/// See [`checked`].
pub fn invoices(answer: &Answer<'_>) -> Result<Vec<Invoice>, Failure> {
    records(answer, "Invoices", read_invoice)
}

/// A document's PDF.
///
/// # Errors
/// See [`checked`].
pub fn pdf(answer: &Answer<'_>) -> Result<Vec<u8>, Failure> {
    checked(answer)?;
    if !answer.body.starts_with(b"%PDF") {
        return Err(Failure::final_("xero-not-a-pdf", "Xero answered something else than a PDF"));
    }
    Ok(answer.body.to_vec())
}

/// What is left of the limits.
#[must_use]
pub fn limits(answer: &Answer<'_>) -> Limits {
    let left = |name: &str| (answer.header)(name)?.trim().parse().ok();
    Limits {
        day_remaining: left("x-daylimit-remaining"),
        minute_remaining: left("x-minlimit-remaining"),
        app_minute_remaining: left("x-appminlimit-remaining"),
    }
}

/// The instant in `/Date(1571875200000)/` or `/Date(1571875200000+0000)/`; the offset is only for show.
#[must_use]
pub fn date_ms(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inner.rfind(['+', '-']).filter(|at| *at > 0).unwrap_or(inner.len());
    inner.get(..end)?.parse().ok()
}

/// An instant in RFC 3339; Xero leaves the `Z` out.
pub(super) fn utc_ms(text: &str) -> Option<i64> {
    let with_zone = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    DateTime::parse_from_rfc3339(&with_zone).ok().map(|at| at.timestamp_millis())
}

/// The day of an instant, as `2026-11-20`.
pub(super) fn day(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive().to_string()
}

/// Passes an answer of the 200s on and turns every other into a failure.
pub(super) fn checked(answer: &Answer<'_>) -> Result<(), Failure> {
    match answer.status {
        200..=299 => Ok(()),
        400 => {
            let reasons = reasons(answer);
            Err(Failure::final_(refusal_code(&reasons), &reasons))
        }
        401 => Err(unauthorised(answer)),
        403 => Err(Failure::final_("xero-forbidden", "the organisation is no longer connected")),
        404 => Err(Failure::final_("xero-not-found", "Xero has no such record")),
        429 => Err(limited(answer)),
        408 | 500..=599 => Err(Failure::passing("xero-unavailable", "Xero is out of order", answer.retry_after_s())),
        _ => Err(Failure::final_("xero-unexpected", "Xero answered a status it does not document")),
    }
}

/// Xero answers 401 both to a token that ended, which a new one heals, and to a missing scope, which none does.
fn unauthorised(answer: &Answer<'_>) -> Failure {
    let detail = answer.text("Detail").unwrap_or_default();
    if detail.starts_with("AuthorizationUnsuccessful") {
        return Failure::final_("xero-scope-refused", "the connection lacks a scope");
    }
    Failure::passing("xero-token-refused", "the token ended or was revoked", None)
}

/// Xero numbers its errors by kind alone, so two that a caller can mend are known by their words.
fn refusal_code(reasons: &str) -> &'static str {
    if reasons.contains("already assigned to another contact") {
        "xero-name-taken"
    } else if reasons.contains("# must be unique") {
        "xero-number-taken"
    } else {
        "xero-refused"
    }
}

fn limited(answer: &Answer<'_>) -> Failure {
    let code = match (answer.header)("x-rate-limit-problem").as_deref() {
        Some("day") => "xero-day-limit",
        Some("concurrent") => "xero-concurrent-limit",
        _ => "xero-minute-limit",
    };
    Failure::passing(code, "Xero's limit is used up", answer.retry_after_s())
}

fn reasons(answer: &Answer<'_>) -> String {
    let Ok(refused) = answer.json("") else {
        return "Xero refuses the request".into();
    };
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let elements = list(&refused, "Elements");
    let errors = elements.iter().flat_map(|element| list(element, "ValidationErrors"));
    let reasons: Vec<String> = errors.filter_map(|error| text(&error, "Message")).collect();
    match reasons.is_empty() {
        true => text(&refused, "Message").unwrap_or_default(),
        false => reasons.join("; "),
    }
}

/// Read as plain JSON: types derived for these few fields weigh 10 kB of wasm after gzip.
fn records<T>(answer: &Answer<'_>, name: &str, read: fn(&Value) -> Option<T>) -> Result<Vec<T>, Failure> {
    checked(answer)?;
    let body = answer.json("xero-unreadable")?;
    let records = body.get(name).and_then(Value::as_array).ok_or_else(unreadable)?;
    records.iter().map(|record| read(record).ok_or_else(unreadable)).collect()
}

fn first<T>(records: Vec<T>) -> Result<T, Failure> {
    records.into_iter().next().ok_or_else(unreadable)
}

fn unreadable() -> Failure {
    Failure::final_("xero-unreadable", "the answer lacks the record")
}

fn read_quote(raw: &Value) -> Option<Quote> {
    Some(Quote {
        status: QuoteStatus::read(&text(raw, "Status")?)?,
        id: text(raw, "QuoteID")?,
        number: text(raw, "QuoteNumber").unwrap_or_default(),
        currency: text(raw, "CurrencyCode").unwrap_or_default(),
        total: decimal(raw, "Total"),
        updated_at_ms: instant(raw, "UpdatedDateUTC"),
    })
}

fn read_invoice(raw: &Value) -> Option<Invoice> {
    Some(Invoice {
        status: InvoiceStatus::read(&text(raw, "Status")?)?,
        id: text(raw, "InvoiceID")?,
        number: text(raw, "InvoiceNumber").unwrap_or_default(),
        currency: text(raw, "CurrencyCode").unwrap_or_default(),
        total: decimal(raw, "Total"),
        amount_due: decimal(raw, "AmountDue"),
        amount_paid: decimal(raw, "AmountPaid"),
        fully_paid_on_ms: instant(raw, "FullyPaidOnDate"),
        updated_at_ms: instant(raw, "UpdatedDateUTC"),
    })
}

fn text(raw: &Value, name: &str) -> Option<String> {
    raw.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A decimal of at most 15 digits is the same text again after it was a double (IEEE 754), and Xero's amounts have 12.
fn decimal(raw: &Value, name: &str) -> Decimal {
    match raw.get(name) {
        Some(Value::Number(number)) => Decimal(number.to_string()),
        Some(Value::String(text)) => Decimal(text.clone()),
        _ => Decimal("0".to_owned()),
    }
}

fn instant(raw: &Value, name: &str) -> Option<i64> {
    date_ms(&text(raw, name)?)
}

#[cfg(test)]
mod tests;
