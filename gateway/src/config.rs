//! What a gateway is started with.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use data_api::Grant;
pub use engine::Kept;
use serde::Deserialize;

use crate::tls::Tls;

/// Everything a gateway needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the documents are.
    pub backend: Backend,
    /// The databases that the embedded engine keeps in files of their own.
    pub apart: Vec<Apart>,
    /// Who may do what; without keys every request is refused.
    pub keys: Vec<Key>,
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// The certificate for HTTPS; without one it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// What a request may take.
    pub limits: Limits,
    /// Whether each request is told in a line on standard output.
    pub log: bool,
}

/// Where the documents are.
#[derive(Clone)]
pub enum Backend {
    /// The embedded engine on a file.
    Embedded {
        /// The file; created where there is none.
        path: PathBuf,
    },
    /// The embedded engine on a file that goes with the gateway.
    Temporary,
    /// A MongoDB deployment or what speaks its wire protocol.
    Mongo {
        /// The connection string; holds the password, so it is never printed.
        uri: String,
    },
}

/// A database in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The name of the database.
    pub database: String,
    /// Its file; created where there is none. Of a temporary backend it is in the folder that goes with the gateway.
    pub path: PathBuf,
}

/// An API key and what it allows.
#[derive(Clone)]
pub struct Key {
    /// The SHA-256 of the key.
    pub hash: [u8; 32],
    /// The databases it is for; `None` means all.
    pub databases: Option<Vec<String>>,
    /// Whether it may read.
    pub read: bool,
    /// Whether it may write.
    pub write: bool,
    /// Whether it may change the structure of a database.
    pub admin: bool,
}

/// What a request may take; beyond it a request is refused, never left hanging.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The size of a request body.
    pub body_bytes: usize,
    /// The documents of one answer.
    pub documents: usize,
    /// The bytes of one answer.
    pub answer_bytes: usize,
    /// The operations of one transaction.
    pub operations: usize,
    /// The time from the request's last byte to the answer.
    pub time: Duration,
    /// Requests under way at once.
    pub concurrent: usize,
    /// The requests of one partition; as many as it likes where there is none.
    pub partition: Option<Rate>,
    /// Watchers at once; they count for themselves, not as requests.
    pub watchers: usize,
    /// How long a watcher hears nothing at most.
    pub heartbeat: Duration,
    /// How much of the log of changes the embedded engine keeps for watchers that come back.
    pub changes: Kept,
    /// How long a shutdown waits for requests under way.
    pub grace: Duration,
}

/// How many requests are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run; not zero.
    pub per_second: u32,
    /// At once, after a pause; not zero.
    pub burst: u32,
}

impl Config {
    /// A gateway over a temporary database on a free port of this machine, with one key that allows everything.
    pub fn temporary(key: &str) -> Self {
        Self {
            backend: Backend::Temporary,
            apart: Vec::new(),
            keys: vec![Key::new(key)],
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            limits: Limits::default(),
            log: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            documents: 50_000,
            answer_bytes: 64 * 1024 * 1024,
            operations: 1_000,
            time: Duration::from_secs(30),
            concurrent: 256,
            partition: None,
            watchers: 128,
            heartbeat: Duration::from_secs(15),
            changes: Kept::default(),
            grace: Duration::from_secs(10),
        }
    }
}

impl Key {
    /// A key that allows everything.
    pub fn new(key: &str) -> Self {
        Self { hash: hmac_sha256::Hash::hash(key.as_bytes()), databases: None, read: true, write: true, admin: true }
    }

    /// Restricts the key to these databases.
    #[must_use]
    pub fn for_databases<I: Into<String>>(self, databases: impl IntoIterator<Item = I>) -> Self {
        Self { databases: Some(databases.into_iter().map(Into::into).collect()), ..self }
    }

    /// Restricts the key to reading.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { write: false, admin: false, ..self }
    }

    /// Restricts the key to reading and writing documents.
    #[must_use]
    pub fn without_admin(self) -> Self {
        Self { admin: false, ..self }
    }

    /// Reads a JSON list such as `[{"key": "…" or "sha256": "hex", "databases": ["crm"], "write": false, "admin": true}]`.
    pub fn list_from_json(json: &str) -> Result<Vec<Self>, String> {
        let listed: Vec<Listed> = serde_json::from_str(json)
            // The parser's message could quote a part of a key.
            .map_err(|error| format!("not a list of keys: line {}, column {}", error.line(), error.column()))?;
        listed.into_iter().map(Listed::into_key).collect()
    }

    pub(crate) fn allows(&self, grant: Grant) -> bool {
        match grant {
            Grant::Read => self.read,
            Grant::Write => self.write,
            Grant::Admin => self.admin,
        }
    }

    pub(crate) fn is_for(&self, database: &str) -> bool {
        self.databases.as_ref().is_none_or(|databases| databases.iter().any(|name| name == database))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Key")
            .field("hash", &"[secret]")
            .field("databases", &self.databases)
            .field("read", &self.read)
            .field("write", &self.write)
            .field("admin", &self.admin)
            .finish()
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { path } => write!(formatter, "Embedded({})", path.display()),
            Self::Temporary => formatter.write_str("Temporary"),
            Self::Mongo { .. } => formatter.write_str("Mongo([secret])"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    key: Option<String>,
    sha256: Option<String>,
    databases: Option<Vec<String>>,
    #[serde(default = "yes")]
    read: bool,
    #[serde(default = "yes")]
    write: bool,
    #[serde(default)]
    admin: bool,
}

fn yes() -> bool {
    true
}

impl Listed {
    fn into_key(self) -> Result<Key, String> {
        let hash = match (self.key, self.sha256) {
            (Some(key), None) if !key.is_empty() => hmac_sha256::Hash::hash(key.as_bytes()),
            (None, Some(hex)) => hash_from_hex(&hex).ok_or("sha256 is not 64 hexadecimal digits")?,
            _ => return Err("each key has either key or sha256".into()),
        };
        Ok(Key { hash, databases: self.databases, read: self.read, write: self.write, admin: self.admin })
    }
}

fn hash_from_hex(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_key_may_be_plain_or_hashed() {
        let hex: String = hmac_sha256::Hash::hash(b"other").iter().map(|byte| format!("{byte:02x}")).collect();
        let json = format!(r#"[{{"key":"one","databases":["crm"],"write":false}},{{"sha256":"{hex}","admin":true}}]"#);
        let keys = Key::list_from_json(&json).unwrap();
        assert_eq!(keys[0].hash, Key::new("one").hash);
        assert!(keys[0].is_for("crm") && !keys[0].is_for("other") && !keys[0].write && !keys[0].admin);
        assert_eq!(keys[1].hash, Key::new("other").hash);
        assert!(keys[1].is_for("other") && keys[1].admin);
    }

    #[test]
    fn secrets_are_not_printed() {
        let mut config = Config::temporary("swordfish");
        config.backend = Backend::Mongo { uri: "mongodb://u:swordfish@host".into() };
        assert!(!format!("{config:?}").contains("swordfish"));
        let error = Key::list_from_json(r#"[{"key":swordfish}]"#).unwrap_err();
        assert!(!error.contains("swordfish"), "{error}");
    }
}
