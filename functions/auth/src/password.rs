//! Passwords: checked, hashed and verified by argon2id with the cost that OWASP names (19 MiB, 2 passes, 1 lane).

use argon2::{Algorithm, Argon2, Params, Version};
use ct_codecs::{Base64NoPadding, Decoder, Encoder};
use domain::{Error, Violation};
use store::constant_time_eq;

/// The longest password, in characters.
pub const LEN_MAX: usize = 200;

const LEN_MIN: usize = 10;
const HASH_LEN: usize = 32;
/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// What is verified for somebody who is not there, so that it takes as long as for somebody who is.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password may be chosen; the longest is checked with the rest of the input.
pub fn check(password: &str) -> Result<(), Violation> {
    match password.chars().count() < LEN_MIN {
        true => Err(Violation::on("password", "too-short", format!("Expected at least {LEN_MIN} characters."))),
        false => Ok(()),
    }
}

/// The hash of a password in the PHC string format, with all that is needed to verify it.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, Error> {
    phc(password, &salt, COST).ok_or_else(|| Error::internal("argon2 refuses its parameters"))
}

/// Whether the password is the one that was hashed; without a hash it is not, after the same work.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let known = hash.unwrap_or(NOBODY);
    let again = read(known).and_then(|(cost, salt)| phc(password, &salt, cost));
    let is_right = again.is_some_and(|again| constant_time_eq(again.as_bytes(), known.as_bytes()));
    is_right && hash.is_some()
}

fn phc(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<String> {
    let params = Params::new(memory, passes, lanes, Some(HASH_LEN)).ok()?;
    let mut hash = [0; HASH_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(password.as_bytes(), salt, &mut hash).ok()?;
    let text = |bytes: &[u8]| Base64NoPadding::encode_to_string(bytes).unwrap_or_default();
    let (salt, hash) = (text(salt), text(&hash));
    Some(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}"))
}

/// The cost and the salt of a hash.
fn read(hash: &str) -> Option<((u32, u32, u32), Vec<u8>)> {
    let mut parts = hash.strip_prefix("$argon2id$v=19$")?.split('$');
    let mut costs = parts.next()?.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse().ok();
    let cost = (cost("m=")?, cost("t=")?, cost("p=")?);
    Some((cost, Base64NoPadding::decode_to_vec(parts.next()?, None).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_verifies_its_own_password_alone() {
        let hash = hash("correct horse", [1; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse", Some(&hash)));
        for (password, hash) in
            [("correct horsf", Some(hash.as_str())), ("correct horse", None), ("x", Some("")), ("x", Some("$"))]
        {
            assert!(!verify(password, hash));
        }
    }

    #[test]
    fn hashes_of_the_reference_implementation_are_understood() {
        // From the test vectors of P-H-C/phc-winner-argon2: t=2, m=2^16 and 2^8, p=1.
        for hash in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert!(verify("password", Some(hash)), "{hash}");
            assert!(!verify("passwort", Some(hash)), "{hash}");
        }
    }

    #[test]
    fn nobody_costs_what_everybody_costs() {
        let somebody = hash("correct horse", [1; 16]).unwrap();
        let (nobody_read, somebody_read) = (read(NOBODY).unwrap(), read(&somebody).unwrap());
        assert_eq!((nobody_read.0, nobody_read.1.len()), (somebody_read.0, somebody_read.1.len()));
        assert_eq!(NOBODY.len(), somebody.len());
    }

    #[test]
    fn a_password_has_at_least_ten_characters() {
        assert!(check("pässwörter").is_ok());
        assert_eq!(check("pässwörte").unwrap_err().code, "too-short");
    }
}
