//! Xero: tokens, contacts, quotes, invoices and webhooks of the accounting API 2.0.
//!
//! Facts: Xero-OpenAPI 16.1.0 and developer.xero.com. Dates come as `/Date(ms)/`, JSON only to who
//! asks for it, quotes spell `LineAmountTypes` in upper case and invoices in title case.

mod answer;
mod api;
mod auth;
mod document;
mod webhook;

pub use answer::{Invoice, Limits, Quote, contact_id, date_ms, invoice, invoices, limits, pdf, quote, quotes};
pub use api::Api;
pub use auth::{App, Connection, Token, connections, connections_request, token};
pub use document::{Contact, InvoiceStatus, Line, NewInvoice, NewQuote, QuoteStatus, TaxMode};
pub use webhook::{Delivery, Event, parse_delivery, verify_delivery};

/// Where tokens come from, unless configured otherwise.
pub const IDENTITY_URL: &str = "https://identity.xero.com";
/// Where everything else is, unless configured otherwise.
pub const API_URL: &str = "https://api.xero.com";
/// Longest `Idempotency-Key` Xero takes.
pub const IDEMPOTENCY_KEY_LIMIT: usize = 128;
