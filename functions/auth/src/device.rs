//! Devices that have logged in before: a token tells them from strangers, and opens nothing by itself.

use domain::retention::DEVICE_DAYS;
use domain::{Time, id};
use store::{Store, Vault};

const PURPOSE: &str = "device";
const PREFIX: &str = "dev";

/// The longest token that is read.
pub const LEN_MAX: usize = 200;

/// The device that a token names, if it has logged in with this e-mail address within a year.
pub fn known(vault: &Vault, email: &str, token: &str, now: Time) -> Option<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [device, until, signature] = <[&str; 3]>::try_from(parts).ok()?;
    let expires = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
    let is_ours = vault.verify(PURPOSE, &[email, device, until], signature);
    (is_ours && expires > now).then(|| device.to_owned())
}

/// The token of a device that has just logged in: of the one that was known, or of a new one.
pub fn token(store: &Store, email: &str, known: Option<String>) -> String {
    let device = known.unwrap_or_else(|| id::from_parts(PREFIX, store.now().ms(), store.random()));
    write(store.vault(), email, &device, store.now().plus_days(DEVICE_DAYS))
}

fn write(vault: &Vault, email: &str, device: &str, expires: Time) -> String {
    // Hexadecimal, as thirteen decimal digits may look like a card number.
    let until = format!("{:x}", expires.ms());
    let signature = vault.sign(PURPOSE, &[email, device, &until]);
    format!("{device}.{until}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_address_and_time_alone() {
        let vault = Vault::parse(&"A".repeat(43)).unwrap();
        let expires = Time::from_ms(1_800_000_000_000);
        let token = write(&vault, "ada@example.com", "dev_a", expires);
        let known = |email: &str, token: &str, ms: i64| known(&vault, email, token, expires.plus_ms(ms));
        assert_eq!(known("ada@example.com", &token, -1).as_deref(), Some("dev_a"));
        assert_eq!(known("ada@example.com", &token, 0), None);
        assert_eq!(known("bea@example.com", &token, -1), None);
        for forged in ["", "dev_a", &token.replace("dev_a", "dev_b"), &format!("{token}.x")] {
            assert_eq!(known("ada@example.com", forged, -1), None, "{forged}");
        }
    }
}
