//! A started stand-in, and what a test does with it.

use crate::config::Config;
use crate::fault::{Fault, Service};
use crate::mail::Mail;
use crate::oidc::Forgery;
use crate::server::{Shared, serve};
use crate::world::{CallRecord, World};
use crate::xero::webhook::{self, Notice, Report};
use crate::xero::{Books, payment};
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// Serves until it is dropped.
pub struct Running {
    address: SocketAddr,
    config: Config,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// Starts all stand-ins on one listener.
///
/// # Errors
/// The address is taken.
pub async fn start(config: Config) -> io::Result<Running> {
    let listener = TcpListener::bind(config.address).await?;
    let redirect = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(redirect).build().map_err(io::Error::other)?;
    let shared = Arc::new(Shared { world: Mutex::new(World::new(config.clone())), held: watch::channel(false).0, client });
    Ok(Running { address: listener.local_addr()?, config, server: tokio::spawn(serve(listener, Arc::clone(&shared))), shared })
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Running {
    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// For `XERO_IDENTITY_URL`.
    #[must_use]
    pub fn xero_identity_url(&self) -> String {
        format!("{}/identity", self.base_url())
    }

    /// For `XERO_API_URL`.
    #[must_use]
    pub fn xero_api_url(&self) -> String {
        self.base_url()
    }

    /// For `MAIL_API_URL`.
    #[must_use]
    pub fn mail_url(&self) -> String {
        self.base_url()
    }

    /// Where the keys of an OpenID provider are.
    #[must_use]
    pub fn oidc_keys_url(&self, provider: &str) -> String {
        format!("{}/oidc/{provider}/keys", self.base_url())
    }

    /// An ID token of a provider that says this, with `sub`, `iat` and `exp` filled in; `null` leaves one out.
    pub async fn id_token(&self, provider: &str, claims: &Value) -> String {
        self.shared.world.lock().await.oidc.named(provider).token(claims, None)
    }

    /// As [`Running::id_token`], but forged.
    pub async fn forged_token(&self, provider: &str, claims: &Value, forgery: Forgery) -> String {
        self.shared.world.lock().await.oidc.named(provider).token(claims, Some(forgery))
    }

    /// A provider publishes its second key beside the first, and signs with it.
    pub async fn add_oidc_key(&self, provider: &str) {
        self.shared.world.lock().await.oidc.named(provider).add_key();
    }

    /// A provider publishes its second key alone.
    pub async fn retire_oidc_key(&self, provider: &str) {
        self.shared.world.lock().await.oidc.named(provider).retire_key();
    }

    /// For how long a provider says that its keys are fresh.
    pub async fn set_oidc_max_age(&self, provider: &str, max_age_s: u32) {
        self.shared.world.lock().await.oidc.named(provider).set_max_age(max_age_s);
    }

    /// Whether a provider answers nobody.
    pub async fn set_oidc_down(&self, provider: &str, is_down: bool) {
        self.shared.world.lock().await.oidc.named(provider).set_down(is_down);
    }

    /// How often the keys of a provider were fetched.
    pub async fn oidc_fetches(&self, provider: &str) -> usize {
        self.shared.world.lock().await.oidc.named(provider).fetches()
    }

    /// For `DNS_URL`.
    #[must_use]
    pub fn dns_url(&self) -> String {
        self.base_url()
    }

    /// Puts a text at a name, as whoever holds the domain does.
    pub async fn dns_text(&self, name: &str, text: &str) {
        self.shared.world.lock().await.zone.add(name, text);
    }

    /// From now on the servers of a name do not answer.
    pub async fn dns_dies(&self, name: &str) {
        self.shared.world.lock().await.zone.dead.insert(name.to_lowercase());
    }

    /// Credentials, organisations and limits it was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Mails taken so far, oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        self.shared.world.lock().await.mailbox.mails.clone()
    }

    /// Mails to one address.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails().await;
        mails.retain(|mail| mail.to.iter().any(|to| to.contains(address)));
        mails
    }

    /// Makes an address bounce; its next mail bounces and those after it are suppressed.
    pub async fn bounce(&self, address: &str) {
        self.shared.world.lock().await.mailbox.bouncing.insert(address.to_lowercase());
    }

    /// Contacts of all organisations, as Xero shows them.
    pub async fn xero_contacts(&self) -> Vec<Value> {
        self.records(|books| &books.contacts).await
    }

    /// Quotes of all organisations.
    pub async fn xero_quotes(&self) -> Vec<Value> {
        self.records(|books| &books.quotes).await
    }

    /// Invoices of all organisations.
    pub async fn xero_invoices(&self) -> Vec<Value> {
        self.records(|books| &books.invoices).await
    }

    /// Calls of Xero's API, tokens aside.
    pub async fn xero_calls(&self) -> Vec<CallRecord> {
        self.calls(Service::Xero).await
    }

    /// Calls of a service, oldest first.
    pub async fn calls(&self, service: Service) -> Vec<CallRecord> {
        let world = self.shared.world.lock().await;
        world.calls.iter().filter(|call| call.service == service).cloned().collect()
    }

    /// Pays the whole of an invoice, named by id or number, and tells the registered webhook.
    ///
    /// # Errors
    /// There is no such invoice, or it takes no payment.
    pub async fn pay_invoice(&self, name: &str) -> Result<Report, String> {
        pay(&self.shared, name, None, true).await.map(|(_, report)| report)
    }

    /// Pays a part of an invoice, as decimal text, and tells nobody.
    ///
    /// # Errors
    /// There is no such invoice, or it takes no such payment.
    pub async fn pay_silently(&self, name: &str, amount: Option<&str>) -> Result<Value, String> {
        let amount = amount.map(Value::from);
        pay(&self.shared, name, amount.as_ref(), false).await.map(|(invoice, _)| invoice)
    }

    /// Where Xero's webhooks go, and the key that signs them.
    pub async fn register_webhook(&self, url: &str, key: &str) {
        self.shared.world.lock().await.xero.webhook.register(url, key, false);
    }

    /// Intent-to-receive rounds with good and bad signatures.
    ///
    /// # Errors
    /// No webhook is registered.
    pub async fn intent_to_receive(&self) -> Result<Report, String> {
        webhook::intent_to_receive(&self.shared).await
    }

    /// Tells of changed invoices.
    ///
    /// # Errors
    /// No webhook is registered, or there is no such invoice.
    pub async fn notify(&self, notice: &Notice) -> Result<Report, String> {
        webhook::notify(&self.shared, notice).await
    }

    /// Makes all earlier deliveries again, byte for byte.
    ///
    /// # Errors
    /// No webhook is registered.
    pub async fn resend(&self, reverse: bool) -> Result<Report, String> {
        webhook::resend(&self.shared, reverse).await
    }

    /// Makes the next calls of a service fail.
    pub async fn fail_next(&self, service: Service, calls: usize, fault: Fault) {
        self.shared.world.lock().await.faults.add(service, calls, fault);
    }

    /// Takes back the faults that have not happened.
    pub async fn clear_faults(&self) {
        self.shared.world.lock().await.faults.clear();
    }

    /// Moves the stand-in's clock.
    pub async fn advance(&self, ms: i64) {
        self.shared.world.lock().await.clock.advance(ms);
    }

    /// Ends all access tokens, as when a person disconnects the app.
    pub async fn revoke_tokens(&self) {
        self.shared.world.lock().await.xero.tokens.revoke_all();
    }

    /// Lets calls of Xero's API wait, so that they run at once; `false` lets them go on.
    pub fn hold(&self, held: bool) {
        self.shared.held.send_replace(held);
    }

    /// Waits until that many calls of Xero's API have been held up or answered as too many.
    pub async fn wait_for_held(&self, calls: usize) {
        while self.shared.held.receiver_count() < calls {
            tokio::task::yield_now().await;
        }
    }

    async fn records(&self, pick: fn(&Books) -> &Vec<Value>) -> Vec<Value> {
        let world = self.shared.world.lock().await;
        world.xero.books.iter().flat_map(pick).cloned().collect()
    }
}

/// Pays, and reports what the webhook's receiver did.
pub(crate) async fn pay(shared: &Shared, name: &str, amount: Option<&Value>, notify: bool) -> Result<(Value, Report), String> {
    let (is_registered, invoice) = {
        let mut world = shared.world.lock().await;
        let (_, invoice) = payment::receive(&mut world, name, amount)?;
        (world.xero.webhook.is_registered(), invoice)
    };
    if !notify || !is_registered {
        return Ok((invoice, Report { ok: true, rounds: Vec::new() }));
    }
    let notice = Notice { invoices: vec![name.to_owned()], ..Notice::default() };
    let report = webhook::notify(shared, &notice).await?;
    Ok((invoice, report))
}
