//! Access to an organisation: tokens by client credentials or refresh token, and the list of tenants.

use crate::message::{Answer, Failure, Outgoing, encoded};
use ct_codecs::{Base64, Encoder};
use serde_json::Value;
use std::fmt;

/// A token is given up this long before it ends, so that it does not end on the way.
const MARGIN_S: i64 = 60;

/// An app registered with Xero.
#[derive(Clone, Copy)]
pub struct App<'a> {
    /// [`super::IDENTITY_URL`] or a stand-in.
    pub identity_url: &'a str,
    /// The app's public name.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a str,
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The bearer.
    pub access_token: String,
    /// When to ask for a new one; a minute before Xero would refuse it.
    pub expires_at_ms: i64,
    /// Good for one use; absent for client credentials.
    pub refresh_token: Option<String>,
    /// What it is good for, separated by spaces.
    pub scope: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Token {{ [secret], expires_at_ms: {}, scope: {} }}", self.expires_at_ms, self.scope)
    }
}

/// An organisation that the token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Goes into `xero-tenant-id`.
    pub tenant_id: String,
    /// `ORGANISATION`.
    pub tenant_type: String,
    /// Its name, for a person to choose.
    pub tenant_name: Option<String>,
}

impl App<'_> {
    /// A token of a custom connection, which belongs to one organisation.
    /// `scopes` are separated by spaces; which ones an app may ask for depends on its age, so they are configuration.
    #[must_use]
    pub fn client_credentials(&self, scopes: &str) -> Outgoing {
        self.request(format!("grant_type=client_credentials&scope={}", encoded(scopes)))
    }

    /// A token of a connection that a person granted; the answer carries the next refresh token.
    #[must_use]
    pub fn refresh(&self, refresh_token: &str) -> Outgoing {
        self.request(format!("grant_type=refresh_token&refresh_token={}", encoded(refresh_token)))
    }

    fn request(&self, body: String) -> Outgoing {
        let credentials = format!("{}:{}", self.client_id, self.client_secret);
        let credentials = Base64::encode_to_string(credentials).unwrap_or_default();
        Outgoing {
            method: "POST",
            url: format!("{}/connect/token", self.identity_url),
            headers: vec![
                ("authorization", format!("Basic {credentials}")),
                ("content-type", "application/x-www-form-urlencoded".into()),
                ("accept", "application/json".into()),
            ],
            body,
        }
    }
}

/// Reads the answer to either token request.
///
/// # Errors
/// `xero-grant-refused` means that a person must connect again; `xero-app-refused` that the configuration is wrong.
pub fn token(answer: &Answer<'_>, now_ms: i64) -> Result<Token, Failure> {
    if answer.status != 200 {
        return Err(refusal(answer));
    }
    let granted = answer.json("xero-token-unreadable")?;
    let text = |name: &str| granted.get(name).and_then(Value::as_str).map(str::to_owned);
    let given = text("access_token").zip(granted.get("expires_in").and_then(Value::as_i64));
    let unreadable = || Failure::final_("xero-token-unreadable", "the answer lacks a token or its end");
    let (access_token, expires_in_s) = given.ok_or_else(unreadable)?;
    let lasts_s = expires_in_s.clamp(0, 86_400).saturating_sub(MARGIN_S);
    Ok(Token {
        access_token,
        expires_at_ms: now_ms.saturating_add(lasts_s * 1_000),
        refresh_token: text("refresh_token"),
        scope: text("scope").unwrap_or_default(),
    })
}

/// Asks which organisations a token opens.
#[must_use]
pub fn connections_request(api_url: &str, access_token: &str) -> Outgoing {
    Outgoing {
        method: "GET",
        url: format!("{api_url}/connections"),
        headers: vec![("authorization", format!("Bearer {access_token}")), ("accept", "application/json".into())],
        body: String::new(),
    }
}

/// Reads the answer to [`connections_request`].
///
/// # Errors
/// As every call of the API.
pub fn connections(answer: &Answer<'_>) -> Result<Vec<Connection>, Failure> {
    super::answer::checked(answer)?;
    let unreadable = || Failure::final_("xero-connections-unreadable", "the answer is no list of connections");
    let body = answer.json("xero-connections-unreadable")?;
    let connections: Option<Vec<Connection>> = body.as_array().and_then(|list| list.iter().map(connection).collect());
    connections.ok_or_else(unreadable)
}

fn connection(raw: &Value) -> Option<Connection> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Connection {
        tenant_id: text("tenantId")?,
        tenant_type: text("tenantType").unwrap_or_default(),
        tenant_name: text("tenantName"),
    })
}

fn refusal(answer: &Answer<'_>) -> Failure {
    if answer.status == 429 || answer.status >= 500 {
        return Failure::passing("xero-identity-busy", "Xero gives no token now", answer.retry_after_s());
    }
    let error = answer.text("error").unwrap_or_default();
    match error.as_str() {
        "invalid_grant" => Failure::final_("xero-grant-refused", "the connection to Xero must be made again"),
        "invalid_scope" => Failure::final_("xero-scope-refused", "the app may not ask for these scopes"),
        _ => Failure::final_("xero-app-refused", "Xero does not know the app or its secret"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: App<'_> = App { identity_url: "https://id.example", client_id: "me", client_secret: "s:/e" };

    fn answer(status: u16, body: &'static str) -> Result<Token, Failure> {
        let header = |name: &str| (name == "retry-after").then(|| "7".to_owned());
        token(&Answer { status, header: &header, body: body.as_bytes() }, 1_000)
    }

    #[test]
    fn token_requests_are_forms_with_basic_credentials() {
        let sent = APP.client_credentials("accounting.invoices accounting.contacts");
        assert_eq!((sent.method, sent.url.as_str()), ("POST", "https://id.example/connect/token"));
        assert_eq!(sent.body, "grant_type=client_credentials&scope=accounting.invoices%20accounting.contacts");
        assert_eq!(sent.headers[0], ("authorization", "Basic bWU6czovZQ==".into()));
        assert_eq!(APP.refresh("a+b").body, "grant_type=refresh_token&refresh_token=a%2Bb");
    }

    #[test]
    fn a_token_ends_a_minute_early_and_prints_nothing() {
        let body = r#"{"access_token":"hush","expires_in":1800,"token_type":"Bearer","scope":"a b"}"#;
        let token = answer(200, body).unwrap();
        assert_eq!(token.expires_at_ms, 1_000 + 1_740_000);
        assert!(!format!("{token:?}").contains("hush"));
    }

    #[test]
    fn refusals_say_whether_to_come_back() {
        for (status, body, code, retry_after_s) in [
            (400, r#"{"error":"invalid_grant"}"#, "xero-grant-refused", None),
            (400, r#"{"error":"invalid_client"}"#, "xero-app-refused", None),
            (400, r#"{"error":"invalid_scope"}"#, "xero-scope-refused", None),
            (403, "", "xero-app-refused", None),
            (200, "<html>", "xero-token-unreadable", None),
            (429, "", "xero-identity-busy", Some(7)),
            (503, "", "xero-identity-busy", Some(7)),
        ] {
            let failure = answer(status, body).unwrap_err();
            assert_eq!((failure.code, failure.retry_after_s), (code, retry_after_s), "{status} {body}");
            assert_eq!(failure.retry, status == 429 || status >= 500);
        }
    }
}
