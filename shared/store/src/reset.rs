//! Links for those who have forgotten their password: each is good for the password it replaces, and for an hour.

use domain::Time;

use crate::{PlatformScope, Vault};

const PURPOSE: &str = "reset";
const STAMP: &str = "password-stamp";
const ADDRESS: &str = "reset-address";
const VALID_MS: i64 = 3_600_000;

/// What the token of such a link says.
#[derive(Debug, PartialEq, Eq)]
pub struct Reset {
    /// Whose password it is.
    pub identity: String,
    /// When it ends.
    pub expires: Time,
    stamp: String,
}

/// When a link that was asked for at a time ends.
pub fn reset_expiry(asked_at: Time) -> Time {
    asked_at.plus_ms(VALID_MS)
}

/// The token of a link: it follows from its parts alone, so a mail sent twice holds the same.
pub fn reset_token(vault: &Vault, identity: &str, password_hash: &str, expires: Time) -> String {
    // Hexadecimal, as thirteen decimal digits may look like a card number.
    let until = format!("{:x}", expires.ms());
    let stamp = password_stamp(vault, password_hash);
    let signature = vault.sign(PURPOSE, &[identity, &until, &stamp]);
    format!("{identity}.{until}.{stamp}.{signature}")
}

/// What a token says, if we made it; whether it is in time and still for the present password is the caller's question.
pub fn open_reset(vault: &Vault, token: &str) -> Option<Reset> {
    let parts: Vec<&str> = token.split('.').collect();
    let [identity, until, stamp, signature] = <[&str; 4]>::try_from(parts).ok()?;
    if !vault.verify(PURPOSE, &[identity, until, stamp], signature) {
        return None;
    }
    let expires = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
    Some(Reset { identity: identity.to_owned(), expires, stamp: stamp.to_owned() })
}

impl Reset {
    /// Whether this is the password that the link was made to replace.
    pub fn replaces(&self, vault: &Vault, password_hash: &str) -> bool {
        vault.verify(STAMP, &[password_hash], &self.stamp)
    }
}

/// What tells one password from the next, and nothing of either.
pub fn password_stamp(vault: &Vault, password_hash: &str) -> String {
    vault.sign(STAMP, &[password_hash])
}

/// An e-mail address as it waits in a job.
pub fn seal_address(vault: &Vault, email: &str, random: [u8; 12]) -> String {
    vault.seal(ADDRESS, PlatformScope::TENANT, email, random)
}

/// The e-mail address in a job.
pub fn open_address(vault: &Vault, sealed: &str) -> Option<String> {
    vault.open(ADDRESS, PlatformScope::TENANT, sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(letter: &str) -> Vault {
        Vault::parse(&format!("{letter}{}", "A".repeat(42))).unwrap()
    }

    #[test]
    fn a_token_says_whose_password_it_replaces_and_no_other() {
        let expires = reset_expiry(Time::from_ms(1_800_000_000_000));
        let token = reset_token(&vault("A"), "idy_a", "$hash$1", expires);
        assert_eq!(token, reset_token(&vault("A"), "idy_a", "$hash$1", expires));
        let reset = open_reset(&vault("A"), &token).unwrap();
        assert_eq!((reset.identity.as_str(), reset.expires), ("idy_a", expires));
        assert!(reset.replaces(&vault("A"), "$hash$1"));
        assert!(!reset.replaces(&vault("A"), "$hash$2"));
        assert!(!token.contains("hash"));
    }

    #[test]
    fn a_changed_or_foreign_token_is_not_opened() {
        let expires = Time::from_ms(1_800_000_000_000);
        let token = reset_token(&vault("A"), "idy_a", "$hash$1", expires);
        let stamps = (password_stamp(&vault("A"), "$hash$1"), password_stamp(&vault("A"), "$hash$2"));
        let later = token.replace(&format!("{:x}", expires.ms()), &format!("{:x}", expires.ms() + 1));
        let others = [
            String::new(),
            reset_token(&vault("B"), "idy_a", "$hash$1", expires),
            later,
            token.replace("idy_a", "idy_b"),
            token.replace(&stamps.0, &stamps.1),
            format!("{token}.x"),
        ];
        for other in others {
            assert_eq!(open_reset(&vault("A"), &other), None, "{other}");
        }
    }

    #[test]
    fn an_address_waits_unread() {
        let sealed = seal_address(&vault("A"), "ada@example.com", [3; 12]);
        assert!(!sealed.contains("ada"));
        assert_eq!(open_address(&vault("A"), &sealed).as_deref(), Some("ada@example.com"));
        assert_eq!(open_address(&vault("B"), &sealed), None);
    }
}
