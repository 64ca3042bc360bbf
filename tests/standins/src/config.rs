//! What a stand-in is started with; the defaults are the real services' figures and made-up credentials.

use std::net::{Ipv4Addr, SocketAddr};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The app's public name at Xero.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What the app may ask for.
    pub scopes: Vec<String>,
    /// The scope that quotes need; Xero does not say which granular one it is.
    pub quote_scope: String,
    /// The first refresh token of a person's grant; each use gives the next.
    pub refresh_token: String,
    /// What the app is connected to; client credentials open the first alone.
    pub organisations: Vec<Organisation>,
    /// How long an access token lasts.
    pub token_lasts_s: i64,
    /// Xero's limits.
    pub limits: Limits,
    /// The mail API's bearer.
    pub mail_key: String,
    /// Most recipients of one mail.
    pub mail_recipients: usize,
}

/// An organisation in Xero.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Goes into `xero-tenant-id`.
    pub tenant_id: String,
    /// Its name.
    pub name: String,
    /// Currencies it has subscribed to; the first is its own.
    pub currencies: Vec<String>,
    /// Codes of its chart of accounts.
    pub accounts: Vec<String>,
}

/// Calls that Xero takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Per organisation in 60 s.
    pub minute: usize,
    /// Per organisation in 24 h.
    pub day: usize,
    /// Per organisation at once.
    pub concurrent: usize,
    /// Per app in 60 s.
    pub app_minute: usize,
}

impl Default for Config {
    fn default() -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            client_id: "standin-client".into(),
            client_secret: "standin-secret".into(),
            scopes: words("offline_access accounting.invoices accounting.contacts accounting.payments"),
            quote_scope: "accounting.invoices".into(),
            refresh_token: "standin-refresh".into(),
            organisations: vec![
                Organisation::named("45e4708e-d862-4111-ab3a-dd8cd03913e1", "Demo Company"),
                Organisation::named("7a8c1b1e-0b4f-4b39-9d3e-2f6f0c5d9a02", "Other Company"),
            ],
            token_lasts_s: 1_800,
            limits: Limits { minute: 60, day: 5_000, concurrent: 5, app_minute: 10_000 },
            mail_key: "re_standin".into(),
            mail_recipients: 50,
        }
    }
}

impl Organisation {
    /// An organisation with the usual currencies and accounts.
    #[must_use]
    pub fn named(tenant_id: &str, name: &str) -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        Self {
            tenant_id: tenant_id.into(),
            name: name.into(),
            currencies: words("EUR USD GBP CHF JPY KWD"),
            accounts: words("200 260 400"),
        }
    }
}
