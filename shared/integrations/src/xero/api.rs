//! The calls of the accounting API, as requests to send.

use super::IDEMPOTENCY_KEY_LIMIT;
use super::document::{Contact, InvoiceStatus, NewInvoice, NewQuote, status_body};
use crate::message::{Outgoing, encoded};

/// One organisation, opened by a token.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    /// [`super::API_URL`] or a stand-in.
    pub url: &'a str,
    /// Of a [`super::Token`].
    pub access_token: &'a str,
    /// Of a [`super::Connection`].
    pub tenant_id: &'a str,
}

impl Api<'_> {
    /// Creates the contact, or updates the one with the same number; answered by [`super::contact_id`].
    /// `xero-name-taken` says that another contact has the name: save it again under one that tells them apart.
    #[must_use]
    pub fn save_contact(&self, contact: &Contact<'_>, idempotency_key: &str) -> Outgoing {
        self.write("POST", "Contacts", &wrapped("Contacts", &contact.body()), idempotency_key)
    }

    /// Creates a quote; answered by [`super::quote`]. `xero-number-taken` says that there is one already:
    /// [`Self::find_quotes`] finds what an interrupted creation left behind.
    #[must_use]
    pub fn create_quote(&self, quote: &NewQuote<'_>, idempotency_key: &str) -> Outgoing {
        self.write("PUT", "Quotes", &wrapped("Quotes", &quote.body()), idempotency_key)
    }

    /// Changes a quote, its state above all; answered by [`super::quote`]. Xero wants contact and date every
    /// time and clears the descriptive fields it is not given, but leaves the lines alone when there are none.
    #[must_use]
    pub fn update_quote(&self, id: &str, quote: &NewQuote<'_>, idempotency_key: &str) -> Outgoing {
        let body = wrapped("Quotes", &quote.body());
        self.write("POST", &format!("Quotes/{}", encoded(id)), &body, idempotency_key)
    }

    /// Creates an invoice; answered by [`super::invoice`]. `xero-number-taken` as for quotes.
    #[must_use]
    pub fn create_invoice(&self, invoice: &NewInvoice<'_>, idempotency_key: &str) -> Outgoing {
        self.write("PUT", "Invoices", &wrapped("Invoices", &invoice.body()), idempotency_key)
    }

    /// Moves an invoice to another state; answered by [`super::invoice`].
    #[must_use]
    pub fn set_invoice_status(&self, id: &str, status: InvoiceStatus, idempotency_key: &str) -> Outgoing {
        let body = wrapped("Invoices", &status_body(status.word()));
        self.write("POST", &format!("Invoices/{}", encoded(id)), &body, idempotency_key)
    }

    /// Answered by [`super::quote`].
    #[must_use]
    pub fn get_quote(&self, id: &str) -> Outgoing {
        self.read(&format!("Quotes/{}", encoded(id)), "application/json")
    }

    /// The quotes of this number, one or none; answered by [`super::quotes`].
    #[must_use]
    pub fn find_quotes(&self, number: &str) -> Outgoing {
        self.read(&format!("Quotes?QuoteNumber={}", encoded(number)), "application/json")
    }

    /// Answered by [`super::invoice`].
    #[must_use]
    pub fn get_invoice(&self, id: &str) -> Outgoing {
        self.read(&format!("Invoices/{}", encoded(id)), "application/json")
    }

    /// The invoices of this number, one or none; answered by [`super::invoices`].
    #[must_use]
    pub fn find_invoices(&self, number: &str) -> Outgoing {
        self.read(&format!("Invoices?InvoiceNumbers={}", encoded(number)), "application/json")
    }

    /// Answered by [`super::pdf`].
    #[must_use]
    pub fn quote_pdf(&self, id: &str) -> Outgoing {
        self.read(&format!("Quotes/{}/pdf", encoded(id)), "application/pdf")
    }

    /// Answered by [`super::pdf`].
    #[must_use]
    pub fn invoice_pdf(&self, id: &str) -> Outgoing {
        self.read(&format!("Invoices/{}/pdf", encoded(id)), "application/pdf")
    }

    fn read(&self, path: &str, accept: &str) -> Outgoing {
        self.request("GET", path, accept)
    }

    fn write(&self, method: &'static str, path: &str, body: &str, idempotency_key: &str) -> Outgoing {
        let mut request = self.request(method, path, "application/json");
        request.headers.push(("content-type", "application/json".into()));
        request.headers.push(("idempotency-key", bounded(idempotency_key)));
        request.body = body.to_owned();
        request
    }

    fn request(&self, method: &'static str, path: &str, accept: &str) -> Outgoing {
        Outgoing {
            method,
            url: format!("{}/api.xro/2.0/{path}", self.url),
            headers: vec![
                ("authorization", format!("Bearer {}", self.access_token)),
                ("xero-tenant-id", self.tenant_id.to_owned()),
                ("accept", accept.to_owned()),
            ],
            body: String::new(),
        }
    }
}

fn wrapped(name: &str, record: &str) -> String {
    format!("{{\"{name}\":[{record}]}}")
}

/// A key that is too long is replaced by its digest, so that different keys stay different.
fn bounded(key: &str) -> String {
    if key.len() <= IDEMPOTENCY_KEY_LIMIT {
        return key.to_owned();
    }
    let digest = hmac_sha256::Hash::hash(key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
