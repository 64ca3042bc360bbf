//! The whole system as it is deployed: the built wasm in a real runtime, the real gateway, and the stand-ins.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use xtask::runtime::{Kind, Settings};
use xtask::workspace::Workspace;

use crate::app::{GATEWAY_KEY, JOBS_SECRET, OPERATOR_SECRET, gateway_config};
use crate::{Caller, server};

/// A running system; everything stops when it is dropped.
pub struct System {
    /// The base URL of the API.
    pub url: String,
    /// Stand-ins of the outside services.
    pub standins: standins::Running,
    client: reqwest::Client,
    _runtime: Option<xtask::runtime::Running>,
    gateway: gateway::Running,
}

impl System {
    /// All functions natively in this process.
    pub async fn native() -> System {
        Self::start(None).await
    }

    /// All functions natively in this process, on the files `data.sqlite` and `keys.sqlite` of a folder.
    pub async fn native_in(folder: &Path) -> System {
        Self::native_with(folder, &URL_SAFE_NO_PAD.encode([7; 32])).await
    }

    /// As [`System::native_in`], with other master keys.
    pub async fn native_with(folder: &Path, master_key: &str) -> System {
        let backend = gateway::Backend::Embedded { path: folder.join("data.sqlite") };
        let keys = gateway::Apart { database: "edgewise_keys".into(), path: folder.join("keys.sqlite") };
        Self::start_on(gateway::Config { backend, apart: vec![keys], ..gateway_config() }, None, Some(master_key)).await
    }

    /// The built functions in a runtime.
    pub async fn deployed(kind: Kind) -> System {
        Self::start(Some(kind)).await
    }

    async fn start(kind: Option<Kind>) -> System {
        Self::start_on(gateway_config(), kind, None).await
    }

    async fn start_on(config: gateway::Config, kind: Option<Kind>, master_key: Option<&str>) -> System {
        let gateway = gateway::start(config).await.unwrap();
        let standins = standins::start(standins::Config::default()).await.unwrap();
        // Every test has its own runtime: a connection kept by one is dead for the next.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        for mut request in store::schema::index_requests() {
            request["dataSource"] = "edgewise".into();
            request["database"] = "edgewise".into();
            let url = format!("{}/action/createIndexes", gateway.url("edgewise"));
            let made = client
                .post(url)
                .header("api-key", GATEWAY_KEY)
                .header("content-type", "application/json")
                .body(request.to_string());
            assert!(made.send().await.unwrap().status().is_success());
        }
        let (listener, own_url) = server::address();
        let data_api = gateway.url("edgewise");
        let (url, runtime) = match kind {
            None => {
                let mut vars = vars(&data_api, &own_url, &standins);
                vars.extend(master_key.map(|key| ("MASTER_KEY".to_owned(), key.to_owned())));
                (server::start(listener, vars.into_iter().collect()), None)
            }
            Some(kind) => {
                // The runtime takes this port: the functions must know their own public address.
                let port = listener.local_addr().unwrap().port();
                drop(listener);
                let workspace = Workspace::find().unwrap();
                let log = workspace.target.join(format!("edgewise/logs/{kind}-{port}.log"));
                let settings = Settings { vars: vars(&data_api, &own_url, &standins), port, log };
                let runtime = tokio::task::spawn_blocking(move || kind.start(&workspace, &settings)).await.unwrap().unwrap();
                (runtime.url.clone(), Some(runtime))
            }
        };
        System { url, standins, client, _runtime: runtime, gateway }
    }

    /// The same functions natively once more, on the same data, with other master keys: as while they are deployed anew. A caller of
    /// theirs without a token.
    pub fn beside(&self, master_key: &str) -> Caller {
        let (listener, url) = server::address();
        let mut vars = vars(&self.gateway.url("edgewise"), &url, &self.standins);
        vars.insert("MASTER_KEY".to_owned(), master_key.to_owned());
        Caller::new(self.client.clone(), &server::start(listener, vars.into_iter().collect()), None)
    }

    /// The documents of a collection that a filter finds, as they are stored.
    pub async fn as_stored(&self, collection: &str, filter: Value) -> Vec<Value> {
        let database = if collection == "keys" { "edgewise_keys" } else { "edgewise" };
        let found = self.data("find", json!({ "database": database, "collection": collection, "filter": filter })).await;
        found["documents"].as_array().unwrap().clone()
    }

    /// Puts a document into a collection, past the functions.
    pub async fn put(&self, collection: &str, document: Value) {
        let body = json!({ "database": "edgewise", "collection": collection, "document": document });
        assert!(self.data("insertOne", body).await["insertedId"].is_string(), "{collection}");
    }

    async fn data(&self, action: &str, mut body: Value) -> Value {
        body["dataSource"] = "edgewise".into();
        let request =
            self.client.post(format!("{}/action/{action}", self.gateway.url("edgewise"))).header("api-key", GATEWAY_KEY);
        let request = request.header("content-type", "application/json").header("accept", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// A caller without a token.
    pub fn anyone(&self) -> Caller {
        Caller::new(self.client.clone(), &self.url, None)
    }

    /// A caller with this access token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller::new(self.client.clone(), &self.url, Some(token))
    }

    /// Runs due jobs until none is left.
    pub async fn run_jobs(&self) {
        for _ in 0..50 {
            let ran = self.anyone().run_lanes(None).await;
            assert_eq!(ran.failed, 0, "{ran:?}");
            if ran.taken == 0 {
                return;
            }
        }
        panic!("jobs never end");
    }
}

/// What every function is told, by upper-case name.
pub(crate) fn vars(data_api: &str, url: &str, standins: &standins::Running) -> BTreeMap<String, String> {
    let vars = [
        ("DATA_API_URL", data_api.to_owned()),
        ("DATA_API_KEY", GATEWAY_KEY.to_owned()),
        ("DATABASE", "edgewise".to_owned()),
        ("JWT_KEYS", format!("test:{}", URL_SAFE_NO_PAD.encode([42; 32]))),
        ("MASTER_KEY", URL_SAFE_NO_PAD.encode([7; 32])),
        ("JOBS_SECRET", JOBS_SECRET.to_owned()),
        ("CORS_ORIGINS", "https://app.example".to_owned()),
        ("PUBLIC_URL", url.to_owned()),
        ("APP_URL", "https://app.example".to_owned()),
        ("XERO_IDENTITY_URL", standins.xero_identity_url()),
        ("XERO_API_URL", standins.xero_api_url()),
        ("OIDC_PROVIDERS", oidc_providers(standins)),
        ("OIDC_KEYS_ORIGIN", standins.base_url()),
        ("OPERATOR_SECRET", OPERATOR_SECRET.to_owned()),
        ("DNS_URL", standins.dns_url()),
        ("MAIL_API_URL", standins.mail_url()),
        ("MAIL_API_KEY", standins.config().mail_key.clone()),
        ("MAIL_FROM", "Edgewise <hello@app.example>".to_owned()),
    ];
    vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Who is believed: Google and Clerk as they are configured for real, and others that tests may upset.
fn oidc_providers(standins: &standins::Running) -> String {
    let google = |name: &str| {
        json!({
            "name": name, "jwks_url": standins.oidc_keys_url(name), "email_authority": "hosted",
            "issuers": ["https://accounts.google.com", "accounts.google.com"], "audiences": ["client-of-the-tests"],
        })
    };
    let clerk = json!({
        "name": "clerk", "jwks_url": standins.oidc_keys_url("clerk"), "email_authority": "verified",
        "issuers": ["https://clerk.app.example"], "authorized_parties": ["https://app.example"],
    });
    let workspace = json!({
        "name": "workspace", "jwks_url": standins.oidc_keys_url("workspace"), "hosted_domains": ["roofs.example"],
        "issuers": ["https://accounts.google.com"], "audiences": ["client-of-the-tests"],
    });
    let upset = ["rotating", "flooded", "down", "withdrawn", "crowded", "slow"].map(google);
    let mut all = vec![google("google"), clerk, workspace];
    all.extend(upset);
    Value::Array(all).to_string()
}
