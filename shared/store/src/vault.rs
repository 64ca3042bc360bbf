//! Seals what must not be read in the store, and signs what is handed out, under keys derived from the master key.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};

const NONCE_LEN: usize = 12;

/// The master keys, and what follows from them: the first seals and signs, all open and verify. It prints as `[secret]`.
#[derive(Clone)]
pub struct Vault {
    masters: Vec<[u8; 32]>,
}

impl Vault {
    /// A vault from `key[,key…]`: each 32 bytes in unpadded URL-safe base 64, with a name and a colon before it or without.
    pub fn parse(text: &str) -> Option<Self> {
        let key = |text: &str| {
            let text = text.trim().rsplit(':').next()?;
            Base64UrlSafeNoPadding::decode_to_vec(text.trim_end_matches('='), None).ok()?.try_into().ok()
        };
        let masters: Vec<_> = text.split(',').map(key).collect::<Option<_>>()?;
        Some(Self { masters })
    }

    /// The text encrypted and authenticated (AES-256-GCM) for one purpose and owner; `random` is used once.
    pub fn seal(&self, purpose: &str, owner: &str, plain: &str, random: [u8; NONCE_LEN]) -> String {
        self.seal_bytes(purpose, owner, plain.as_bytes(), random)
    }

    /// As [`Vault::seal`], of bytes.
    pub fn seal_bytes(&self, purpose: &str, owner: &str, plain: &[u8], random: [u8; NONCE_LEN]) -> String {
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let key = self.keys(purpose, owner).next().unwrap_or_default();
        let sealed = Aes256Gcm::new(&key.into()).encrypt(&Nonce::from(random), payload);
        // AES-GCM fails only for texts of more than 64 GB; an empty seal opens to nothing.
        let sealed = sealed.unwrap_or_default();
        let mut bytes = random.to_vec();
        bytes.extend(sealed);
        Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
    }

    /// What was sealed for this purpose and owner, or nothing when it was not.
    pub fn open(&self, purpose: &str, owner: &str, sealed: &str) -> Option<String> {
        String::from_utf8(self.open_bytes(purpose, owner, sealed)?).ok()
    }

    /// As [`Vault::open`], of bytes.
    pub fn open_bytes(&self, purpose: &str, owner: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(sealed, None).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let open = |key: [u8; 32]| {
            Aes256Gcm::new(&key.into()).decrypt(&Nonce::from(*nonce), Payload { msg, aad: purpose.as_bytes() }).ok()
        };
        self.keys(purpose, owner).find_map(open)
    }

    /// A signature of the parts for one purpose (HMAC-SHA-256), in unpadded URL-safe base 64.
    pub fn sign(&self, purpose: &str, parts: &[&str]) -> String {
        sign_with(self.keys("sign", purpose).next().unwrap_or_default(), parts)
    }

    /// Whether the signature is that of the parts for the purpose; takes the same time whatever differs.
    pub fn verify(&self, purpose: &str, parts: &[&str], signature: &str) -> bool {
        let mut all = self.keys("sign", purpose);
        all.any(|key| constant_time_eq(sign_with(key, parts).as_bytes(), signature.as_bytes()))
    }

    /// Whether the master key is being replaced: what was made under one is looked for under others, too.
    pub fn is_turning(&self) -> bool {
        self.masters.len() > 1
    }

    /// The keys for one purpose and owner, one for each master key.
    pub(crate) fn keys(&self, purpose: &str, owner: &str) -> impl Iterator<Item = [u8; 32]> {
        let info = ["edgewise", purpose, owner].join("/");
        self.masters.iter().map(move |master| {
            let mut key = [0; 32];
            hmac_sha256::HKDF::expand(&mut key, master, &info);
            key
        })
    }
}

fn sign_with(key: [u8; 32], parts: &[&str]) -> String {
    let mut mac = hmac_sha256::HMAC::new(key);
    for part in parts {
        mac.update((part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Base64UrlSafeNoPadding::encode_to_string(mac.finalize()).unwrap_or_default()
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
        Vault { masters: vec![[7; 32]] }
    }

    #[test]
    fn master_keys_rotate() {
        let [old, new] = ["A", "B"].map(|letter| format!("{letter}{}", "A".repeat(42)));
        let (before, after) = (Vault::parse(&old).unwrap(), Vault::parse(&format!("2026:{new}, old:{old}")).unwrap());
        let (sealed, signature) = (before.seal("hook", "ten_a", "secret", [1; 12]), before.sign("refresh", &["a"]));
        assert_eq!(after.open("hook", "ten_a", &sealed).as_deref(), Some("secret"));
        assert!(after.verify("refresh", &["a"], &signature));
        assert_eq!(after.sign("refresh", &["a"]), Vault::parse(&new).unwrap().sign("refresh", &["a"]));
        assert_eq!(Vault::parse(&new).unwrap().open("hook", "ten_a", &sealed), None);
        for text in ["", "AA", &format!("{old},AA"), &format!("{old},")] {
            assert!(Vault::parse(text).is_none(), "{text}");
        }
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
