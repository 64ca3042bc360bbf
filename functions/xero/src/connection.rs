//! The tenant's connection to Xero: credentials, a token that is kept while it lasts, and calls under it.

use std::cell::RefCell;

use domain::entities::INTEGRATION;
use domain::json::object;
use domain::{Doc, Error, Filter};
use integrations::xero::{self, Api, App, TaxMode};
use integrations::{Answer, Failure, Outgoing};
use runner::{Response, Stop, Work, send, text};
use serde_json::Value;

/// The granular scopes that quotes, invoices and contacts need, where the configuration names no others.
const SCOPES_DEFAULT: &str = "accounting.invoices accounting.contacts";

/// A connection that is on.
pub struct Connection<'a> {
    work: &'a Work<'a>,
    /// The integration.
    pub integration: Doc,
    credentials: Value,
    api_url: String,
    identity_url: String,
    token: RefCell<Option<String>>,
}

impl<'a> Connection<'a> {
    /// The tenant's connection, if there is one and it is on.
    pub async fn find(work: &'a Work<'a>) -> Result<Option<Self>, Stop> {
        let enabled = work.scope.live().and(Filter::is("kind", "xero")).and(Filter::is("is_enabled", true));
        let Some(integration) = work.store.find(&work.scope, &INTEGRATION, enabled).await? else { return Ok(None) };
        let credentials = serde_json::from_str(text(&integration, "credentials"));
        let credentials = credentials.map_err(|_| Error::internal("the credentials of Xero cannot be read"))?;
        let url = |name: &str, fallback: &str| {
            let url = work.host.var(name).unwrap_or_else(|| fallback.to_owned());
            url.trim_end_matches('/').to_owned()
        };
        let (api_url, identity_url) = (url("XERO_API_URL", xero::API_URL), url("XERO_IDENTITY_URL", xero::IDENTITY_URL));
        let token = RefCell::new(kept_token(&integration, work.host.now_ms()));
        Ok(Some(Self { work, integration, credentials, api_url, identity_url, token }))
    }

    /// The organisation in Xero.
    pub fn organisation(&self) -> &str {
        self.credential("tenant_id")
    }

    /// A text of the configuration.
    pub fn config(&self, name: &str) -> Option<&str> {
        self.integration.get("config").and_then(|config| config.get(name)).and_then(Value::as_str)
    }

    /// Our totals are what is to be paid: tax, if there is any, is in them.
    pub fn tax(&self) -> TaxMode {
        if self.config("tax_type").is_some() { TaxMode::Inclusive } else { TaxMode::NoTax }
    }

    /// Makes a call and reads its answer. A token that ended before its time is replaced once.
    pub async fn call<T>(
        &self,
        request: impl Fn(&Api<'_>) -> Outgoing,
        read: fn(&Answer<'_>) -> Result<T, Failure>,
    ) -> Result<T, Refused> {
        let response = self.exchange(&request).await?;
        match response.read(read) {
            Err(failure) if failure.code == "xero-token-refused" => {
                self.token.replace(None);
                Ok(self.exchange(&request).await?.read(read)?)
            }
            other => Ok(other?),
        }
    }

    /// Not generic, so that the wasm holds it once.
    async fn exchange(&self, request: &dyn Fn(&Api<'_>) -> Outgoing) -> Result<Response, Refused> {
        let kept = self.token.borrow().clone();
        let token = match kept {
            Some(token) => token,
            None => self.new_token().await?,
        };
        let api = Api { url: &self.api_url, access_token: &token, tenant_id: self.organisation() };
        Ok(send(self.work.host, request(&api)).await?)
    }

    /// A new token, which is kept for the jobs to come. Keeping it is no change of the integration that anybody sees.
    async fn new_token(&self) -> Result<String, Refused> {
        let app = App {
            identity_url: &self.identity_url,
            client_id: self.credential("client_id"),
            client_secret: self.credential("client_secret"),
        };
        let request = app.client_credentials(self.config("scopes").unwrap_or(SCOPES_DEFAULT));
        let now_ms = self.work.host.now_ms();
        let token = send(self.work.host, request).await?.read(|answer| xero::token(answer, now_ms))?;
        let kept = vec![("access_token", token.access_token.as_str().into()), ("expires_at_ms", token.expires_at_ms.into())];
        let kept = object(kept).to_string();
        self.work.set_silently(&INTEGRATION, text(&self.integration, "_id"), "token", kept.into()).await?;
        self.token.replace(Some(token.access_token.clone()));
        Ok(token.access_token)
    }

    fn credential(&self, name: &str) -> &str {
        self.credentials.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The token that an earlier job got, while it lasts.
fn kept_token(integration: &Doc, now_ms: i64) -> Option<String> {
    let kept: Value = serde_json::from_str(text(integration, "token")).ok()?;
    let lasts = kept.get("expires_at_ms").and_then(Value::as_i64)? > now_ms;
    kept.get("access_token").and_then(Value::as_str).filter(|_| lasts).map(str::to_owned)
}

/// Why a call had no result: Xero's answer, or our own store.
pub enum Refused {
    /// Xero.
    ByXero(Failure),
    /// The store.
    Stopped(Stop),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::ByXero(failure)
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}
