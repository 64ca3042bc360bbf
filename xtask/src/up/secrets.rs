//! The secrets of a run, made once and kept beside its data.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::Path;

const KEY_BYTES: usize = 32;

/// What the functions and the gateway share.
#[derive(Deserialize, Serialize)]
pub struct Secrets {
    /// Opens the Data API for documents.
    pub data_api_key: String,
    /// Opens the Data API for indexes, too.
    pub admin_key: String,
    /// Signs access tokens.
    pub jwt_keys: String,
    /// Encrypts personal values.
    pub master_key: String,
    /// Lets a scheduler run jobs.
    pub jobs_secret: String,
    /// Lets the operator set plans, limits and statuses of tenants.
    #[serde(default)]
    pub operator_secret: String,
    /// The password of every login of the demo tenant.
    pub demo_password: String,
}

impl Secrets {
    /// The secrets in this folder; new ones where there are none.
    pub fn read_or_make(folder: &Path) -> Result<Self> {
        let path = folder.join("secrets.json");
        if let Ok(text) = fs::read_to_string(&path) {
            return serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()));
        }
        let secrets = Self::make()?;
        let text = serde_json::to_string_pretty(&secrets).context("writing the secrets")?;
        private_file(&path)?.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
        Ok(secrets)
    }

    fn make() -> Result<Self> {
        Ok(Self {
            data_api_key: key()?,
            admin_key: key()?,
            jwt_keys: format!("k1:{}", key()?),
            master_key: key()?,
            jobs_secret: key()?,
            operator_secret: key()?,
            demo_password: format!("demo-{}", key()?.chars().take(12).collect::<String>()),
        })
    }
}

fn key() -> Result<String> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).ok().context("the system has no randomness")?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(unix)]
fn private_file(path: &Path) -> Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("making {}", path.display()))
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> Result<fs::File> {
    fs::File::create(path).with_context(|| format!("making {}", path.display()))
}
