//! The app: all functions natively, the real gateway with the embedded engine, and the stand-ins; one for each test binary.

use std::sync::OnceLock;

use serde_json::{Value, json};
use store::proof::SigningKeys;
use store::{Nonces, Rings, Vault};

use crate::system::vars;
use crate::wire::Wire;
use crate::{Caller, server};

/// Lets a scheduler run jobs.
pub const JOBS_SECRET: &str = "jobs-secret-of-the-tests";
/// Lets the operator set plans, limits and statuses.
pub const OPERATOR_SECRET: &str = "operator-secret-of-the-tests";
pub(crate) const GATEWAY_KEY: &str = "gateway-key-of-the-tests";

/// A gateway that keeps the database of keys in a file of its own, as it does in operation.
pub(crate) fn gateway_config() -> gateway::Config {
    let keys = gateway::Apart { database: "edgewise_keys".into(), path: "keys.sqlite".into() };
    // All tests of a binary ask at once, and some of them two hundred times.
    let limits = gateway::Limits { concurrent: 1_024, ..gateway::Limits::default() };
    gateway::Config { apart: vec![keys], limits, ..gateway::Config::temporary(GATEWAY_KEY) }
}

/// A running system.
pub struct App {
    /// The base URL of the API.
    pub url: String,
    /// The way between functions and gateway.
    pub wire: Wire,
    /// Stand-ins of the outside services.
    pub standins: standins::Running,
    /// What signs access tokens.
    pub keys: SigningKeys,
    /// What seals and signs everything else.
    pub vault: Vault,
    gateway_url: String,
    client: reqwest::Client,
}

impl App {
    /// The app of this test binary.
    pub fn shared() -> &'static App {
        static APP: OnceLock<App> = OnceLock::new();
        APP.get_or_init(|| {
            let (send, receive) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
                runtime.block_on(async {
                    let (app, gateway) = App::start().await;
                    send.send(app).unwrap();
                    std::future::pending::<()>().await;
                    drop(gateway);
                });
            });
            receive.recv().unwrap()
        })
    }

    async fn start() -> (App, gateway::Running) {
        let gateway = gateway::start(gateway_config()).await.unwrap();
        let gateway_url = gateway.url("edgewise");
        let wire = Wire::start(format!("http://{}", gateway.address)).await;
        let standins = standins::start(standins::Config::default()).await.unwrap();
        let (listener, own_url) = server::address();
        let vars = vars(&format!("{}/app/edgewise/endpoint/data/v1", wire.url()), &own_url, &standins);
        let (jwt_keys, master_key) = (vars["JWT_KEYS"].clone(), vars["MASTER_KEY"].clone());
        let url = server::start(listener, vars.into_iter().collect());
        let keys = SigningKeys::parse(&jwt_keys).unwrap();
        let vault = Vault::parse(&master_key).unwrap();
        // Every test has its own runtime: a connection kept by one is dead for the next.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let app = App { url, wire, standins, keys, vault, gateway_url, client };
        for request in store::schema::index_requests() {
            app.data("createIndexes", request).await;
        }
        (app, gateway)
    }

    /// A caller without a token.
    pub fn anyone(&self) -> Caller {
        Caller::new(self.client.clone(), &self.url, None)
    }

    /// A caller with this access token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller::new(self.client.clone(), &self.url, Some(token))
    }

    /// Asks the gateway directly, past the functions and the wire: to arrange, and to see what is really stored.
    pub async fn data(&self, action: &str, mut body: Value) -> Value {
        body["dataSource"] = "edgewise".into();
        body["database"] = if body["collection"] == "keys" { "edgewise_keys" } else { "edgewise" }.into();
        let request = self.client.post(format!("{}/action/{action}", self.gateway_url)).header("api-key", GATEWAY_KEY);
        let request = request.header("content-type", "application/json").header("accept", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{action}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The documents of a collection that a filter finds, opened.
    pub async fn stored(&self, collection: &str, filter: Value) -> Vec<Value> {
        let rings = Rings::new(self.vault.clone());
        if let Some(tenant) = filter["tenant_id"].as_str() {
            self.learn(&rings, tenant).await;
        }
        let mut body = json!({ "collection": collection, "filter": filter });
        let email = body["filter"].as_object_mut().unwrap().remove("email");
        rings.seal(body.as_object_mut().unwrap(), &mut Nonces::new([0; 12])).unwrap();
        let mut found = self.as_stored(collection, body["filter"].take()).await;
        for document in &mut found {
            let tenant = document["tenant_id"].as_str().unwrap_or_default().to_owned();
            self.learn(&rings, &tenant).await;
            // Without keys nothing can be opened any more, and is left out.
            rings.open(document, &tenant, rings.wrapped(&tenant).is_some()).unwrap();
        }
        found.retain(|document| email.as_ref().is_none_or(|email| document["email"] == *email));
        found
    }

    /// The documents of a collection that a filter finds, as they are stored.
    pub async fn as_stored(&self, collection: &str, filter: Value) -> Vec<Value> {
        let found = self.data("find", json!({ "collection": collection, "filter": filter, "sort": { "_id": 1 } })).await;
        found["documents"].as_array().unwrap().clone()
    }

    async fn learn(&self, rings: &Rings, tenant: &str) {
        if rings.wrapped(tenant).is_none() {
            // In the order of their ids, the tenant's own may be among those of deliveries.
            let found = self.as_stored("keys", json!({ "tenant_id": tenant })).await;
            let (own, deliveries): (Vec<_>, Vec<_>) = found.iter().partition(|keys| keys["_id"] == tenant);
            own.iter().filter_map(|keys| keys["sealed"].as_str()).for_each(|wrapped| rings.learn(tenant, wrapped));
            deliveries.iter().filter_map(|keys| keys["sealed"].as_str()).for_each(|one| rings.learn_delivery(tenant, one));
        }
    }

    /// Runs due jobs until none is left: for tests that run alone, as another's run may hold the job that one waits for.
    pub async fn run_jobs(&self) {
        for _ in 0..50 {
            if self.anyone().run_lanes(None).await.taken == 0 {
                return;
            }
        }
        panic!("jobs never end");
    }
}
