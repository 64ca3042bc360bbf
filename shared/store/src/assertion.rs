//! What an outside provider has said of somebody: checked by `oidc`, sealed on its way through the client, believed by `auth` once.

use domain::json;
use domain::{Time, doc};
use serde_json::Value;

use crate::{PlatformScope, Vault};

const PURPOSE: &str = "assertion";
/// How long an assertion can be exchanged, in milliseconds.
const VALID_MS: i64 = 120_000;

/// What a provider says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The assertion itself: it is good once.
    pub nonce: String,
    /// Who says so.
    pub provider: String,
    /// Whom it is about, in the provider's words.
    pub subject: String,
    /// Their e-mail address, if they have proved to the provider that it is theirs.
    pub email: Option<String>,
    /// Whether the provider can tell whose the address is today.
    pub is_authoritative: bool,
    /// Their name.
    pub name: Option<String>,
    /// Until when it is good.
    pub expires: Time,
}

/// When an assertion ends that is made at a time.
pub fn assertion_expiry(now: Time) -> Time {
    now.plus_ms(VALID_MS)
}

impl Assertion {
    /// As the client carries it: it can neither read nor change it.
    pub fn seal(&self, vault: &Vault, random: [u8; 12]) -> String {
        let plain = json!({
            "n": self.nonce, "p": self.provider, "s": self.subject, "e": self.email, "a": self.is_authoritative, "m": self.name,
            "t": self.expires,
        });
        vault.seal(PURPOSE, PlatformScope::TENANT, &plain.to_string(), random)
    }

    /// What was sealed, if it was ours; whether it is in time is the caller's question.
    pub fn open(vault: &Vault, sealed: &str) -> Option<Self> {
        let plain = vault.open(PURPOSE, PlatformScope::TENANT, sealed)?;
        let parts = serde_json::from_str(&plain).ok().and_then(doc::object)?;
        let text = |name: &str| doc::text(&parts, name).map(str::to_owned);
        Some(Self {
            nonce: text("n")?,
            provider: text("p")?,
            subject: text("s")?,
            email: text("e"),
            is_authoritative: parts.get("a").and_then(Value::as_bool)?,
            name: text("m"),
            expires: text("t").as_deref().and_then(Time::parse)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_read_back_and_says_nothing_on_its_way() {
        let vault = |letter: &str| Vault::parse(&format!("{letter}{}", "A".repeat(42))).unwrap();
        let [nonce, provider, subject] = ["n1", "google", "10769150350006150715113082367"].map(str::to_owned);
        let email = Some("ada@example.com".to_owned());
        let expires = assertion_expiry(Time::from_ms(1_800_000_000_000));
        let assertion = Assertion { nonce, provider, subject, email, is_authoritative: true, name: None, expires };
        let sealed = assertion.seal(&vault("A"), [5; 12]);
        assert_eq!(Assertion::open(&vault("A"), &sealed), Some(assertion));
        assert_eq!(Assertion::open(&vault("B"), &sealed), None);
        assert_eq!(Assertion::open(&vault("A"), &format!("{sealed}A")), None);
        assert!(!sealed.contains("ada"));
    }
}
