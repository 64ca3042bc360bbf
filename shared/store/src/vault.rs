//! Seals what must not be read in the store, and signs what is handed out, under keys derived from the master key.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};

const NONCE_LEN: usize = 12;

/// The master key, and what follows from it. It prints as `[secret]`.
#[derive(Clone)]
pub struct Vault {
    master: [u8; 32],
}

impl Vault {
    /// A vault from 32 bytes in unpadded URL-safe base 64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(text.trim_end_matches('='), None).ok()?;
        Some(Self { master: bytes.try_into().ok()? })
    }

    /// The text encrypted and authenticated (AES-256-GCM) for one purpose and owner; `random` is used once.
    pub fn seal(&self, purpose: &str, owner: &str, plain: &str, random: [u8; NONCE_LEN]) -> String {
        let payload = Payload { msg: plain.as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.cipher(purpose, owner).encrypt(&Nonce::from(random), payload);
        // AES-GCM fails only for texts of more than 64 GB; an empty seal opens to nothing.
        let sealed = sealed.unwrap_or_default();
        let mut bytes = random.to_vec();
        bytes.extend(sealed);
        Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
    }

    /// What was sealed for this purpose and owner, or nothing when it was not.
    pub fn open(&self, purpose: &str, owner: &str, sealed: &str) -> Option<String> {
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(sealed, None).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let plain = self.cipher(purpose, owner).decrypt(&Nonce::from(nonce), payload).ok()?;
        String::from_utf8(plain).ok()
    }

    /// A signature of the parts for one purpose (HMAC-SHA-256), in unpadded URL-safe base 64.
    pub fn sign(&self, purpose: &str, parts: &[&str]) -> String {
        let mut mac = hmac_sha256::HMAC::new(self.key("sign", purpose));
        for part in parts {
            mac.update((part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Base64UrlSafeNoPadding::encode_to_string(mac.finalize()).unwrap_or_default()
    }

    /// Whether the signature is that of the parts for the purpose; takes the same time whatever differs.
    pub fn verify(&self, purpose: &str, parts: &[&str], signature: &str) -> bool {
        constant_time_eq(self.sign(purpose, parts).as_bytes(), signature.as_bytes())
    }

    fn cipher(&self, purpose: &str, owner: &str) -> Aes256Gcm {
        Aes256Gcm::new(&self.key(purpose, owner).into())
    }

    fn key(&self, purpose: &str, owner: &str) -> [u8; 32] {
        let mut key = [0; 32];
        hmac_sha256::HKDF::expand(&mut key, self.master, format!("edgewise/{purpose}/{owner}"));
        key
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault { master: [7; 32] }
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_owner_alone() {
        let sealed = vault().seal("hook", "ten_a", "secret", [1; 12]);
        assert_eq!(vault().open("hook", "ten_a", &sealed).as_deref(), Some("secret"));
        let mut broken = sealed.clone();
        broken.replace_range(20..21, if sealed.as_bytes()[20] == b'A' { "B" } else { "A" });
        for (purpose, owner, text) in [("hook", "ten_b", &sealed), ("body", "ten_a", &sealed), ("hook", "ten_a", &broken)] {
            assert_eq!(vault().open(purpose, owner, text), None);
        }
        assert_eq!(vault().open("hook", "ten_a", "AA"), None);
    }

    #[test]
    fn a_signature_covers_every_part() {
        let signature = vault().sign("refresh", &["a", "1"]);
        assert!(vault().verify("refresh", &["a", "1"], &signature));
        for (purpose, parts) in [("refresh", ["a", "2"]), ("refresh", ["a1", ""]), ("invite", ["a", "1"])] {
            assert!(!vault().verify(purpose, &parts, &signature));
        }
        assert_eq!(format!("{:?}", vault()), "[secret]");
    }
}
