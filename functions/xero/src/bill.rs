//! What is billed, as Xero takes it.

use domain::json::object;
use domain::money;
use domain::{Doc, Time};
use integrations::xero::Line;
use integrations::{Currency, Decimal};
use runner::text;
use serde_json::Value;

use crate::connection::Connection;

/// What is billed: the work, and the fee for having arranged it.
pub struct Bill<'a> {
    pub title: &'a str,
    pub currency: Currency<'a>,
    pub amount_minor: i64,
    pub fee_minor: i64,
}

impl<'a> Bill<'a> {
    pub fn of(doc: &'a Doc) -> Self {
        let minor = |field: &str| doc.get(field).and_then(|money| money.get("minor")).and_then(Value::as_i64).unwrap_or(0);
        let code = doc.get("total").and_then(|money| money.get("currency")).and_then(Value::as_str).unwrap_or_default();
        let title = if text(doc, "title").is_empty() { text(doc, "reference") } else { text(doc, "title") };
        let currency = Currency { code, exponent: money::exponent(code).unwrap_or(2) };
        Self { title, currency, amount_minor: minor("amount"), fee_minor: minor("service_fee") }
    }

    /// Whether a document that Xero has under our number is the one we mean: other people number documents too.
    pub fn is(&self, currency: &str, total: &Decimal) -> bool {
        currency == self.currency.code && total.minor(self.currency.exponent) == Some(self.amount_minor + self.fee_minor)
    }

    pub fn lines(&self, connection: &'a Connection<'_>) -> Vec<Line<'a>> {
        let (account_code, tax_type) = (connection.config("account_code"), connection.config("tax_type"));
        let line = |description, unit_minor| Line { description, quantity: 1, unit_minor, account_code, tax_type };
        let fee = (self.fee_minor != 0).then(|| line("Service fee", self.fee_minor));
        std::iter::once(line(self.title, self.amount_minor)).chain(fee).collect()
    }
}

/// The instant of a record's date.
pub fn date_ms(doc: &Doc, field: &str) -> Option<i64> {
    Time::parse(text(doc, field)).map(Time::ms)
}

/// A record with what Xero knows of it.
pub fn synced(doc: &Doc, id: &str, number: &str, status: &str, now: Time) -> domain::validate::Change {
    let mut after = doc.clone();
    let xero = vec![("id", id.into()), ("number", number.into()), ("status", status.into()), ("synced_at", now.into())];
    after.insert("xero".to_owned(), object(xero));
    domain::validate::change(doc, after)
}
