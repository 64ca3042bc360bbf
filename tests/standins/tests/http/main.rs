//! What the stand-ins must refuse and do, over real HTTP, and that the product's own requests pass.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what helps a test fails it by panicking")]

mod access;
mod control;
mod documents;
mod faults;
mod mail;
mod product;
mod receiver;
mod webhooks;

use serde_json::{Value, json};
use standins::{Config, Running, start};

/// A stand-in and a client of it.
struct Rig {
    running: Running,
    client: reqwest::Client,
}

/// An answer, read.
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// All messages of a refused write.
    fn reasons(&self) -> String {
        self.json()["Elements"].to_string() + &self.json()["Message"].to_string()
    }
}

impl Rig {
    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        Self { running: start(config).await.unwrap(), client: reqwest::Client::new() }
    }

    fn tenant(&self) -> String {
        self.running.config().organisations[0].tenant_id.clone()
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    async fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Got> {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.running.base_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_owned()).send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Some(Got { status, headers, body: answer.bytes().await.unwrap().to_vec() })
    }

    async fn token(&self, form: &str) -> Got {
        // standin-client:standin-secret
        let headers = [
            ("authorization", "Basic c3RhbmRpbi1jbGllbnQ6c3RhbmRpbi1zZWNyZXQ="),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", "/identity/connect/token", &headers, form).await
    }

    async fn access(&self, scopes: &str) -> String {
        let got = self.token(&format!("grant_type=client_credentials&scope={}", scopes.replace(' ', "+"))).await;
        got.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// An opened organisation.
    async fn opened(self) -> Org {
        let token = self.access("accounting.invoices accounting.contacts").await;
        Org { bearer: format!("Bearer {token}"), tenant: self.tenant(), rig: self }
    }
}

/// One organisation, with a token for it.
struct Org {
    rig: Rig,
    bearer: String,
    tenant: String,
}

impl Org {
    async fn call(&self, method: &str, path: &str, extra: &[(&str, &str)], body: &Value) -> Got {
        let mut headers = vec![("authorization", self.bearer.as_str()), ("xero-tenant-id", self.tenant.as_str())];
        for name in ["accept", "content-type"] {
            if !extra.iter().any(|(given, _)| *given == name) {
                headers.push((name, "application/json"));
            }
        }
        headers.extend_from_slice(extra);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.rig.send(method, &format!("/api.xro/2.0/{path}"), &headers, &body).await
    }

    async fn get(&self, path: &str) -> Got {
        self.call("GET", path, &[], &Value::Null).await
    }

    async fn put(&self, path: &str, body: &Value) -> Got {
        self.call("PUT", path, &[], body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Got {
        self.call("POST", path, &[], body).await
    }

    async fn contact(&self) -> String {
        let body = json!({"Contacts": [{"Name": "Ada Lovelace", "EmailAddress": "ada@example.com"}]});
        let got = self.post("Contacts", &body).await;
        got.json()["Contacts"][0]["ContactID"].as_str().unwrap().to_owned()
    }

    /// An authorised invoice over 1234.56 EUR; its id.
    async fn invoice(&self, number: &str) -> String {
        let contact = self.contact().await;
        let mut invoice = invoice(&contact);
        invoice["InvoiceNumber"] = number.into();
        let got = self.put("Invoices", &json!({"Invoices": [invoice]})).await;
        assert_eq!(got.status, 200, "{}", got.json());
        got.json()["Invoices"][0]["InvoiceID"].as_str().unwrap().to_owned()
    }
}

fn quote(contact: &str) -> Value {
    json!({
        "Contact": {"ContactID": contact}, "Date": "2026-11-20", "LineAmountTypes": "EXCLUSIVE", "Status": "DRAFT",
        "LineItems": [{"Description": "Phase 1", "Quantity": 1, "UnitAmount": 1234.56, "AccountCode": "200"}],
    })
}

fn invoice(contact: &str) -> Value {
    json!({
        "Type": "ACCREC", "Contact": {"ContactID": contact}, "Date": "2026-11-20", "DueDate": "2026-12-04",
        "LineAmountTypes": "NoTax", "Status": "AUTHORISED", "CurrencyCode": "EUR",
        "LineItems": [{"Description": "Phase 1", "Quantity": 1, "UnitAmount": 1234.56, "AccountCode": "200"}],
    })
}
