//! Webhooks: the `{key}` in their path is sealed, so a signature is checked before any trip.

use domain::json;
use serde_json::Value;

use crate::Vault;

const PURPOSE: &str = "hook";

/// What the key in a webhook's path says, before its sender has proved anything.
pub struct Hook {
    tenant: String,
    integration: String,
    kind: String,
    secret: String,
}

impl Hook {
    /// A hook of a tenant's integration, whose sender signs with the secret.
    pub fn new(tenant: &str, integration: &str, kind: &str, secret: &str) -> Self {
        let [tenant, integration, kind, secret] = [tenant, integration, kind, secret].map(str::to_owned);
        Self { tenant, integration, kind, secret }
    }

    /// The key for the path.
    pub fn key(&self, vault: &Vault, random: [u8; 12]) -> String {
        let plain = json!({ "t": self.tenant, "i": self.integration, "k": self.kind, "s": self.secret });
        vault.seal(PURPOSE, PURPOSE, &plain.to_string(), random)
    }

    /// The hook of a key of this kind.
    pub fn open(vault: &Vault, key: &str, kind: &str) -> Option<Self> {
        let plain = vault.open(PURPOSE, PURPOSE, key)?;
        let parts: Value = serde_json::from_str(&plain).ok()?;
        let part = |name: &str| parts.get(name).and_then(Value::as_str).map(str::to_owned);
        let hook = Self { tenant: part("t")?, integration: part("i")?, kind: part("k")?, secret: part("s")? };
        Some(hook).filter(|hook| hook.kind == kind)
    }

    /// The hook as a proof, when `check` finds the sender's signature right for the secret.
    pub fn verify(self, check: impl FnOnce(&str) -> bool) -> Option<VerifiedHook> {
        check(&self.secret).then_some(VerifiedHook { tenant: self.tenant, integration: self.integration })
    }
}

/// A webhook whose sender has proved to know the secret: only [`Hook::verify`] makes one.
#[derive(Debug)]
pub struct VerifiedHook {
    tenant: String,
    integration: String,
}

impl VerifiedHook {
    /// The tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The integration.
    pub fn integration(&self) -> &str {
        &self.integration
    }
}
