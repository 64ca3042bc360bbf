//! The configuration of a function, read once; all that is missing is reported together.

use platform::Host;
use store::proof::SigningKeys;
use store::{Api, Vault};

/// Workers sets it; elsewhere anyone could.
const CLIENT_IP_HEADER: Option<&str> = if cfg!(target_os = "wasi") { None } else { Some("cf-connecting-ip") };

/// What a function needs to know. Secrets print as `[secret]`.
pub struct Config {
    /// What signs and verifies access tokens.
    pub keys: SigningKeys,
    /// What seals and signs everything else.
    pub vault: Vault,
    /// Where the data is.
    pub api: Api,
    /// Origins whose scripts may call, or `*`.
    pub cors_origins: Vec<String>,
    /// The base URL of the API as clients see it.
    pub public_url: String,
    /// The base URL of links in mails.
    pub app_url: String,
    /// Lets a scheduler run jobs.
    pub jobs_secret: String,
    /// The header that tells a caller's address and that no caller can set.
    pub client_ip_header: Option<String>,
    /// Lets the operator set a tenant's plan, limits and status.
    pub operator_secret: String,
}

impl Config {
    /// The configuration that the runtime's variables hold, or what is wrong with them.
    pub fn read(host: &Host) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let mut required = |name: &'static str| {
            host.var(name).unwrap_or_else(|| {
                wrong.push(format!("{name} is missing"));
                String::new()
            })
        };
        let [url, key, keys, master, public_url] =
            ["DATA_API_URL", "DATA_API_KEY", "JWT_KEYS", "MASTER_KEY", "PUBLIC_URL"].map(&mut required);
        let optional = |name: &str, fallback: &str| host.var(name).unwrap_or_else(|| fallback.to_owned());
        let keys = SigningKeys::parse(&keys).ok_or("JWT_KEYS is not kid:base64url of at least 32 bytes");
        let vault = Vault::parse(&master).ok_or("MASTER_KEY is not base64url of 32 bytes, or several of them");
        let database = optional("DATABASE", "edgewise");
        match (keys, vault, wrong.is_empty()) {
            (Ok(keys), Ok(vault), true) => Ok(Self {
                keys,
                vault,
                api: Api {
                    url: url.trim_end_matches('/').to_owned(),
                    key,
                    keys_database: optional("KEYS_DATABASE", &format!("{database}_keys")),
                    database,
                },
                cors_origins: optional("CORS_ORIGINS", "").split(',').map(|origin| origin.trim().to_owned()).collect(),
                app_url: optional("APP_URL", &public_url).trim_end_matches('/').to_owned(),
                public_url: public_url.trim_end_matches('/').to_owned(),
                jobs_secret: optional("JOBS_SECRET", ""),
                client_ip_header: host.var("CLIENT_IP_HEADER").or(CLIENT_IP_HEADER.map(str::to_owned)),
                operator_secret: optional("OPERATOR_SECRET", ""),
            }),
            (keys, vault, _) => {
                wrong.extend(keys.err().into_iter().chain(vault.err()).map(str::to_owned));
                Err(wrong.join("; "))
            }
        }
    }
}
