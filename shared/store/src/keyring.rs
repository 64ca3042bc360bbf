//! The keys of one tenant: what its personal values are sealed with, and what finds them without reading them.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};
use domain::{doc, search};
use serde_json::Value;

use crate::{PlatformScope, Vault};

/// How a sealed value starts, in its first version.
pub const MARK: &str = "~1.";
/// The vault's purpose for a tenant's keys.
const PURPOSE: &str = "keys";
/// The number of keys that seal one delivery each: whoever takes in has none of the tenant's.
const DELIVERY: u32 = 0;
const KEY_LEN: usize = 32;
const VERSION_LEN: usize = KEY_LEN + 4;
/// 128 bits tell any two values apart; of words 72 do, as there are many.
const BLIND_LEN: usize = 16;
const WORD_LEN: usize = 9;
/// Beginnings of words are found up to this length.
const START_LEN_MAX: usize = 12;

type Key = [u8; KEY_LEN];

/// A tenant's keys as they are kept: one that never changes, and versions of the one that values are sealed with, the active
/// first. They print as `[secret]`.
#[derive(Clone)]
pub struct TenantKeys {
    root: Key,
    versions: Vec<(u32, Key)>,
}

impl TenantKeys {
    /// New keys.
    pub fn new(root: Key, first: Key) -> Self {
        Self { root, versions: vec![(1, first)] }
    }

    /// The key of one delivery, and nothing else.
    pub fn of_delivery(root: Key, key: Key) -> Self {
        Self { root, versions: vec![(DELIVERY, key)] }
    }

    /// The keys as they travel and wait: sealed by the vault for one tenant.
    pub fn wrap(&self, vault: &Vault, tenant: &str, random: [u8; 12]) -> String {
        let mut plain = self.root.to_vec();
        for (number, key) in &self.versions {
            plain.extend(number.to_be_bytes());
            plain.extend(key);
        }
        vault.seal_bytes(PURPOSE, tenant, &plain, random)
    }

    /// The keys that were wrapped for this tenant.
    pub fn unwrap(vault: &Vault, tenant: &str, wrapped: &str) -> Option<Self> {
        let plain = vault.open_bytes(PURPOSE, tenant, wrapped)?;
        let (root, rest) = plain.split_first_chunk::<KEY_LEN>()?;
        let version = |bytes: &[u8]| {
            let (number, key) = bytes.split_first_chunk::<4>()?;
            Some((u32::from_be_bytes(*number), key.try_into().ok()?))
        };
        let versions = rest.chunks(VERSION_LEN).map(version).collect::<Option<_>>()?;
        Some(Self { root: *root, versions })
    }

    /// The number of the version that seals.
    pub fn active(&self) -> u32 {
        self.versions.first().map_or(DELIVERY, |(number, _)| *number)
    }

    /// Whether there is another version beside the one that seals.
    pub fn is_turning(&self) -> bool {
        self.versions.len() > 1
    }

    /// Adds a version that opens, and does not seal yet.
    pub fn publish(&mut self, key: Key) {
        let newest = self.versions.iter().map(|(number, _)| *number).max().unwrap_or(DELIVERY);
        self.versions.push((newest + 1, key));
    }

    /// Lets the newest version seal.
    pub fn activate(&mut self) {
        self.versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    }

    /// Forgets all versions but the one that seals.
    pub fn retire(&mut self) {
        self.versions.truncate(1);
    }

    fn derived(&self, purpose: &str) -> Key {
        hmac_sha256::HMAC::mac(purpose, self.root)
    }
}

/// What seals, opens and finds the values of one tenant. It prints as `[secret]`.
pub struct Keyring {
    tenant: String,
    /// By number; the first seals.
    ciphers: Vec<(u32, Aes256Gcm)>,
    /// What values are found by; the first is written.
    indexes: Vec<Key>,
}

impl Keyring {
    /// The ring of a tenant's keys.
    pub fn new(tenant: &str, keys: &TenantKeys) -> Self {
        let mut ring = Self { tenant: tenant.to_owned(), ciphers: Vec::new(), indexes: vec![keys.derived("index")] };
        ring.also_open(keys);
        ring
    }

    /// Opens what these keys sealed, too.
    pub fn also_open(&mut self, keys: &TenantKeys) {
        self.ciphers.extend(keys.versions.iter().map(|(number, key)| (*number, Aes256Gcm::new(key.into()))));
    }

    /// The ring of what belongs to no tenant: it follows from the master keys.
    pub fn of_platform(vault: &Vault) -> Self {
        let tenant = PlatformScope::TENANT;
        let ciphers = vault.keys(PURPOSE, tenant).map(|key| {
            let [a, b, c, d, ..] = hmac_sha256::HMAC::mac("number", key);
            (u32::from_be_bytes([a, b, c, d]), Aes256Gcm::new(&key.into()))
        });
        Self { tenant: tenant.to_owned(), ciphers: ciphers.collect(), indexes: vault.keys("index", tenant).collect() }
    }

    /// The tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// A value sealed for one place, which is part of what is authenticated; `random` is used once.
    pub fn seal(&self, place: &str, value: &Value, random: [u8; 12]) -> Option<String> {
        let (number, cipher) = self.ciphers.first()?;
        let (aad, plain) = (self.aad(place), value.to_string());
        let payload = Payload { msg: plain.as_bytes(), aad: aad.as_bytes() };
        let mut bytes = random.to_vec();
        bytes.extend(cipher.encrypt(&Nonce::from(random), payload).ok()?);
        Some(format!("{MARK}{number}.{}", encode(&bytes)))
    }

    /// The value that was sealed for this place.
    pub fn open(&self, place: &str, sealed: &str) -> Option<Value> {
        let (number, text) = sealed.strip_prefix(MARK)?.split_once('.')?;
        let number: u32 = number.parse().ok()?;
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(text, None).ok()?;
        let (random, msg) = bytes.split_first_chunk::<12>()?;
        let aad = self.aad(place);
        let open = |cipher: &Aes256Gcm| cipher.decrypt(&Nonce::from(*random), Payload { msg, aad: aad.as_bytes() }).ok();
        // Deliveries have keys of the same number.
        let plain = self.ciphers.iter().filter(|(known, _)| *known == number).find_map(|(_, cipher)| open(cipher))?;
        doc::parse(&plain)
    }

    /// Whether a sealed value is sealed as a new one would be.
    pub fn is_current(&self, sealed: &str) -> bool {
        let number = sealed.strip_prefix(MARK).and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
        let active = self.ciphers.first().map(|(active, _)| active.to_string());
        number.is_some() && number == active.as_deref()
    }

    /// What stands for a value wherever an equal one is looked for; the first is written.
    pub fn blind(&self, field: &str, value: &str) -> Vec<String> {
        let digest = |key: &Key| short(&mac(key, &[field, value]), BLIND_LEN);
        self.indexes.iter().map(digest).collect()
    }

    /// What stands for the words of a text and for their beginnings.
    pub fn words(&self, field: &str, text: &str) -> Vec<String> {
        let Some(key) = self.indexes.first() else { return Vec::new() };
        let mut found: Vec<String> = Vec::new();
        for word in search::words(text).take(search::WORDS_MAX) {
            let starts = word.char_indices().map(|(at, letter)| at + letter.len_utf8()).take(START_LEN_MAX);
            found.push(whole(key, field, &word));
            found.extend(starts.filter_map(|end| word.get(..end)).map(|start| beginning(key, field, start)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What stands for a word that is looked for, or for its beginning.
    pub fn word(&self, field: &str, word: &str, is_whole: bool) -> Vec<String> {
        let start: String = word.chars().take(START_LEN_MAX).collect();
        let digest = |key| if is_whole { whole(key, field, word) } else { beginning(key, field, &start) };
        self.indexes.iter().map(digest).collect()
    }

    fn aad(&self, place: &str) -> String {
        [&self.tenant, place].join("/")
    }
}

fn whole(key: &Key, field: &str, word: &str) -> String {
    short(&mac(key, &[field, "word", word]), WORD_LEN)
}

fn beginning(key: &Key, field: &str, start: &str) -> String {
    short(&mac(key, &[field, "start", start]), WORD_LEN)
}

fn mac(key: &Key, parts: &[&str]) -> Key {
    let mut mac = hmac_sha256::HMAC::new(key);
    for part in parts {
        mac.update((part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize()
}

fn short(digest: &Key, len: usize) -> String {
    encode(digest.get(..len).unwrap_or(digest))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
}

impl std::fmt::Debug for TenantKeys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vault(letter: &str) -> Vault {
        Vault::parse(&format!("{letter}{}", "A".repeat(42))).unwrap()
    }

    fn keys() -> TenantKeys {
        TenantKeys::new([1; 32], [2; 32])
    }

    #[test]
    fn keys_travel_wrapped_for_their_tenant_alone() {
        let wrapped = keys().wrap(&vault("A"), "ten_a", [3; 12]);
        let opened = TenantKeys::unwrap(&vault("A"), "ten_a", &wrapped).unwrap();
        assert_eq!((opened.root, opened.versions), ([1; 32], vec![(1, [2; 32])]));
        assert!(TenantKeys::unwrap(&vault("A"), "ten_b", &wrapped).is_none());
        assert!(TenantKeys::unwrap(&vault("B"), "ten_a", &wrapped).is_none());
        assert_eq!(format!("{:?} {:?}", keys(), Keyring::new("ten_a", &keys())), "[secret] [secret]");
    }

    #[test]
    fn a_value_opens_in_its_place_alone() {
        let ring = Keyring::new("ten_a", &keys());
        let sealed = ring.seal("person/email/per_1", &json!("ada@example.com"), [4; 12]).unwrap();
        assert!(sealed.starts_with("~1.1.") && !sealed.contains("ada"));
        assert_eq!(ring.open("person/email/per_1", &sealed), Some(json!("ada@example.com")));
        assert_eq!(ring.open("person/email/per_2", &sealed), None);
        assert_eq!(Keyring::new("ten_b", &keys()).open("person/email/per_1", &sealed), None);
        let mut broken = sealed.clone();
        broken.replace_range(30..31, if sealed.as_bytes()[30] == b'A' { "B" } else { "A" });
        for text in [broken.as_str(), "~1.1.AA", "~1.9.AAAA", "~1.", "ada"] {
            assert_eq!(ring.open("person/email/per_1", text), None, "{text}");
        }
    }

    #[test]
    fn a_new_version_opens_before_it_seals_and_the_old_one_until_it_is_retired() {
        let mut keys = keys();
        let old = Keyring::new("t", &keys).seal("p", &json!(1), [5; 12]).unwrap();
        keys.publish([9; 32]);
        assert_eq!(keys.active(), 1);
        let ready = Keyring::new("t", &keys);
        keys.activate();
        let both = Keyring::new("t", &keys);
        let new = both.seal("p", &json!(2), [6; 12]).unwrap();
        assert!(new.starts_with("~1.2.") && both.is_current(&new) && !both.is_current(&old));
        assert_eq!((ready.open("p", &new), both.open("p", &old)), (Some(json!(2)), Some(json!(1))));
        keys.retire();
        let last = Keyring::new("t", &keys);
        assert_eq!((last.open("p", &old), last.open("p", &new)), (None, Some(json!(2))));
        assert_eq!(last.blind("email", "a"), both.blind("email", "a"));
    }

    #[test]
    fn a_delivery_opens_by_its_own_key_alone() {
        let [one, other] = [7, 8].map(|byte| TenantKeys::of_delivery([byte; 32], [byte; 32]));
        let (door, mut house) = (Keyring::new("t", &one), Keyring::new("t", &keys()));
        let taken = door.seal("p", &json!("in"), [7; 12]).unwrap();
        assert!(taken.starts_with("~1.0.") && !house.is_current(&taken));
        house.also_open(&other);
        assert_eq!(house.open("p", &taken), None);
        house.also_open(&one);
        assert_eq!(house.open("p", &taken), Some(json!("in")));
        assert_eq!(door.open("p", &house.seal("p", &json!("out"), [8; 12]).unwrap()), None);
    }

    #[test]
    fn words_and_their_beginnings_are_found_and_tell_nothing() {
        let ring = Keyring::new("t", &keys());
        let words = ring.words("name", "Ada Łovelace-Konstantinopoulou");
        let finds = |word: &str, is_whole| ring.word("name", word, is_whole).iter().any(|found| words.contains(found));
        assert!(finds("ada", true) && finds("ad", false) && finds("łove", false) && finds("konstantinopoulou", true));
        assert!(finds("konstantinopoulou", false));
        assert!(!finds("ad", true) && !finds("da", false) && !finds("x", false));
        assert!(ring.word("email", "ada", true).iter().all(|found| !words.contains(found)));
    }
}
