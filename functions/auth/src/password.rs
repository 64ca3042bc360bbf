//! Passwords: checked, hashed and verified by argon2id with the cost that OWASP names (19 MiB, 2 passes, 1 lane).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Error, Violation};

/// The longest password, in characters.
pub const LEN_MAX: usize = 200;

const LEN_MIN: usize = 10;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is verified for somebody who is not there, so that it takes as long as for somebody who is.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password may be chosen; the longest is checked with the rest of the input.
pub fn check(password: &str) -> Result<(), Violation> {
    match password.chars().count() < LEN_MIN {
        true => Err(Violation::on("password", "too-short", format!("Expected at least {LEN_MIN} characters."))),
        false => Ok(()),
    }
}

/// The hash of a password, with all that is needed to verify it.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::internal(format!("argon2: {error}")))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(format!("argon2: {error}")))
}

/// Whether the password is the one that was hashed; without a hash it is not, after the same work.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let right = parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    right && hash.is_some()
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
    fn nobody_costs_what_everybody_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash("correct horse", [1; 16]).unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.params, somebody.params);
        assert_eq!((nobody.algorithm, nobody.version), (somebody.algorithm, somebody.version));
        assert_eq!(nobody.hash.map(|hash| hash.as_ref().len()), somebody.hash.map(|hash| hash.as_ref().len()));
    }

    #[test]
    fn a_password_has_at_least_ten_characters() {
        assert!(check("pässwörter").is_ok());
        assert_eq!(check("pässwörte").unwrap_err().code, "too-short");
    }
}
