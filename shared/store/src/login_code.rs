//! Codes for logging in by mail: nothing of them is stored, as each follows from what was asked for under our key.

use domain::Time;

use crate::Vault;

const PURPOSE: &str = "login-code";
const VALID_MS: i64 = 600_000;

/// When a code that was asked for at a time ends.
pub fn login_code_expiry(asked_at: Time) -> Time {
    asked_at.plus_ms(VALID_MS)
}

/// The six digits for an e-mail address and a nonce that was drawn for it.
pub fn login_code(vault: &Vault, email: &str, nonce: &str) -> String {
    let signature = vault.sign(PURPOSE, &[email, nonce]);
    // The remainders of 2^64 are uneven by less than one in 10^13.
    let number = signature.bytes().fold(0_u64, |number, byte| number.wrapping_mul(257).wrapping_add(u64::from(byte)));
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_follows_from_address_nonce_and_key() {
        let vault = |letter: &str| Vault::parse(&format!("{letter}{}", "A".repeat(42))).unwrap();
        let code = login_code(&vault("A"), "ada@example.com", "n1");
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        assert_eq!(code, login_code(&vault("A"), "ada@example.com", "n1"));
        for (vault, email, nonce) in
            [(vault("B"), "ada@example.com", "n1"), (vault("A"), "bea@example.com", "n1"), (vault("A"), "ada@example.com", "n2")]
        {
            assert_ne!(code, login_code(&vault, email, nonce));
        }
    }

    #[test]
    fn codes_are_spread_evenly() {
        let vault = Vault::parse(&"A".repeat(43)).unwrap();
        let mut tens = [0; 10];
        for nonce in 0..10_000 {
            let code: usize = login_code(&vault, "ada@example.com", &nonce.to_string()).parse().unwrap();
            tens[code / 100_000] += 1;
        }
        assert!(tens.iter().all(|count| (850..1_150).contains(count)), "{tens:?}");
    }
}
