//! That somebody has just proved again who they are: sealed by `auth` on its way through the client, believed for a few minutes.

use domain::Time;

use crate::Vault;

const PURPOSE: &str = "step-up";
/// How long it is believed, in seconds.
pub const STEP_UP_TTL_S: i64 = 300;

/// What was proved again within a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUp {
    /// Whether it was all that the identity can be asked for: its second factor, else its password, else a mailed code.
    pub is_full: bool,
    /// The e-mail address to which a code was mailed, if one was.
    pub address: Option<String>,
}

impl StepUp {
    /// As the client carries it: good for this login alone.
    pub fn seal(&self, vault: &Vault, login: &str, now: Time, random: [u8; 12]) -> String {
        // Hexadecimal, as thirteen decimal digits may look like a card number. An address has no line breaks.
        let until = format!("{:x}", now.plus_ms(STEP_UP_TTL_S * 1_000).ms());
        let is_full = if self.is_full { "full" } else { "" };
        vault.seal(PURPOSE, login, &[&until, is_full, self.address.as_deref().unwrap_or_default()].join("\n"), random)
    }

    /// What was sealed, if it was ours, for this login, and is in time.
    pub fn open(vault: &Vault, login: &str, sealed: &str, now: Time) -> Option<Self> {
        let plain = vault.open(PURPOSE, login, sealed)?;
        let mut parts = plain.split('\n');
        let until = Time::from_ms(i64::from_str_radix(parts.next()?, 16).ok()?);
        let is_full = parts.next()? == "full";
        let address = parts.next().filter(|address| !address.is_empty()).map(str::to_owned);
        (until > now).then_some(Self { is_full, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_its_login_and_a_while() {
        let vault = |letter: &str| Vault::parse(&format!("{letter}{}", "A".repeat(42))).unwrap();
        let now = Time::from_ms(1_800_000_000_000);
        for (is_full, address) in [(true, None), (false, Some("ada@example.com".to_owned()))] {
            let proof = StepUp { is_full, address };
            let sealed = proof.seal(&vault("A"), "log_1", now, [5; 12]);
            let open = |letter, login, after_s| StepUp::open(&vault(letter), login, &sealed, now.plus_ms(after_s * 1_000));
            assert_eq!(open("A", "log_1", STEP_UP_TTL_S - 1), Some(proof));
            assert_eq!((open("A", "log_1", STEP_UP_TTL_S), open("A", "log_2", 0), open("B", "log_1", 0)), (None, None, None));
            assert!(!sealed.contains("ada"));
        }
    }
}
