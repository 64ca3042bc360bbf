//! Invitations: a token that whoever knows the keys can make again, so a mail sent twice holds the same link.

use domain::Time;
use domain::entities::IDENTITY;
use domain::retention::INVITE_DAYS;

use crate::sealing::blind_field;
use crate::{Keyring, Vault};

const PURPOSE: &str = "invite";

/// What an invitation's token says.
#[derive(Debug, PartialEq, Eq)]
pub struct Invite {
    /// The tenant.
    pub tenant: String,
    /// The membership that waits there.
    pub membership: String,
    /// What the identity of its e-mail address is found by.
    pub identity: String,
    /// When it ends.
    pub expires: Time,
}

/// When an invitation that was made at a time ends.
pub fn invite_expiry(invited_at: Time) -> Time {
    invited_at.plus_days(INVITE_DAYS)
}

/// The token of an invitation: it follows from its parts alone.
pub fn invite_token(vault: &Vault, membership: &str, tenant: &str, email: &str, expires: Time) -> String {
    // Hexadecimal, as thirteen decimal digits may look like a card number.
    let until = format!("{:x}", expires.ms());
    let identity = identity_of(vault, email);
    let signature = vault.sign(PURPOSE, &[membership, tenant, &identity, &until]);
    [membership, tenant, &identity, &until, &signature].join(".")
}

/// What a token says, if we made it; whether it is still in time is the caller's question.
pub fn open_invite(vault: &Vault, token: &str) -> Option<Invite> {
    let parts: Vec<&str> = token.split('.').collect();
    let [membership, tenant, identity, until, signature] = <[&str; 5]>::try_from(parts).ok()?;
    if !vault.verify(PURPOSE, &[membership, tenant, identity, until], signature) {
        return None;
    }
    let expires = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
    let [membership, tenant, identity] = [membership, tenant, identity].map(str::to_owned);
    Some(Invite { tenant, membership, identity, expires })
}

/// What finds the identity of an e-mail address, and tells nothing of it.
fn identity_of(vault: &Vault, email: &str) -> String {
    Keyring::of_platform(vault).blind(&blind_field(&IDENTITY, "email"), email).into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
        Vault::parse(&Base64UrlSafeNoPadding::encode_to_string([byte; 32]).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_the_same_each_time_and_says_whom_it_invites() {
        let expires = invite_expiry(Time::from_ms(1_800_000_000_000));
        let token = invite_token(&vault(1), "mem_a", "ten_b", "ada@example.com", expires);
        assert_eq!(token, invite_token(&vault(1), "mem_a", "ten_b", "ada@example.com", expires));
        let invite = open_invite(&vault(1), &token).unwrap();
        assert_eq!((invite.tenant.as_str(), invite.membership.as_str(), invite.expires), ("ten_b", "mem_a", expires));
        assert!(!token.contains("ada") && invite.identity == identity_of(&vault(1), "ada@example.com"));
    }

    #[test]
    fn a_changed_or_foreign_token_is_not_opened() {
        let expires = Time::from_ms(1_800_000_000_000);
        let token = invite_token(&vault(1), "mem_a", "ten_b", "ada@example.com", expires);
        let foreign = invite_token(&vault(2), "mem_a", "ten_b", "ada@example.com", expires);
        let later = token.replace(&format!("{:x}", expires.ms()), &format!("{:x}", expires.ms() + 1));
        for token in ["", "mem_a.ten_b", &foreign, &later, &token.replace("mem_a", "mem_c"), &format!("{token}.x")] {
            assert_eq!(open_invite(&vault(1), token), None, "{token}");
        }
    }
}
