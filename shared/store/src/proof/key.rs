//! API keys: a text that names the key and its tenant, so one trip finds it, and a secret of which only a hash is kept.

use data_api::{Action, Operation};
use domain::cidr::Cidr;
use domain::entities::{API_KEY, MEMBERSHIP, TENANT, may_enter, tenant_inactive};
use domain::json;
use domain::{Doc, Error, Policy, Time, Viewer, doc};
use serde_json::Value;

use crate::keys::find_keys;
use crate::{Halt, Store, Vault};

/// What every key begins with, for those who look for secrets where none should be.
pub const KEY_PREFIX: &str = "ewk_";
const LIVE: &str = "ewk_live_";
/// For the keys of a test mode to come.
const TEST: &str = "ewk_test_";
const PURPOSE: &str = "api-key";
const CHECK: &str = "api-key-checksum";
const ULID_LEN: usize = 26;
const SECRET_LEN: usize = 32;
const CHECK_LEN: usize = 6;
/// How exactly a key tells when it was last used.
const USE_EVERY_MS: i64 = 60_000;

/// A key as its holder has it. It prints as `[secret]`.
pub struct ApiKey {
    id: String,
    tenant: String,
    secret: String,
}

impl ApiKey {
    /// A new secret for a key of a tenant.
    pub fn new(id: &str, tenant: &str, random: [u8; SECRET_LEN]) -> Self {
        Self { id: id.to_owned(), tenant: tenant.to_owned(), secret: letters(&random) }
    }

    /// The text that is shown once: it ends with a checksum under our key, so that a mistyped or made-up one is refused without a
    /// trip.
    pub fn text(&self, vault: &Vault) -> String {
        let body = format!("{}{}{}", ulid(&self.id), ulid(&self.tenant), self.secret);
        let check = vault.keys("sign", CHECK).next().map(|key| check(key, &body)).unwrap_or_default();
        format!("{LIVE}{body}{check}")
    }

    /// What may be shown of it again and again.
    pub fn prefix(&self) -> String {
        format!("{LIVE}{}", ulid(&self.id))
    }

    /// The key that a text is, as far as that can be told from the text alone.
    pub fn parse(vault: &Vault, text: &str) -> Option<Self> {
        let body = text.strip_prefix(LIVE).or_else(|| text.strip_prefix(TEST))?;
        let (body, checksum) = body.split_at_checked(2 * ULID_LEN + SECRET_LEN)?;
        let (id, rest) = body.split_at_checked(ULID_LEN)?;
        let (tenant, secret) = rest.split_at_checked(ULID_LEN)?;
        let (id, tenant) = (format!("{}_{id}", API_KEY.prefix), format!("ten_{tenant}"));
        let is_ours = || vault.keys("sign", CHECK).any(|key| check(key, body) == checksum);
        let is_whole = domain::id::is(API_KEY.prefix, &id) && domain::id::is("ten", &tenant) && is_ours();
        // No test mode has given out keys yet.
        (is_whole && text.starts_with(LIVE)).then(|| Self { id, tenant, secret: secret.to_owned() })
    }

    /// What is kept of the secret.
    pub fn hash(&self, vault: &Vault) -> String {
        vault.sign(PURPOSE, &[&self.id, &self.tenant, &self.secret])
    }

    /// The key as a proof, when it is a live one of a live member; `address` tells where the request comes from, if anything can.
    pub async fn verify(&self, store: &Store, address: impl FnOnce() -> Option<String>) -> Result<VerifiedKey, Halt> {
        // The tenant's keys come along, as they do in an access token.
        let operations = vec![self.look_up(), find_keys(&self.tenant)];
        let mut answers = store.client.transaction(&self.tenant, operations).await.map_err(Error::from)?;
        let found = answers.first_mut().and_then(|answer| answer.documents.take()?.pop());
        let key = found.and_then(doc::object).ok_or_else(invalid_key)?;
        let now = store.now();
        if !self.is_right(&key, &store.vault, now) {
            return Err(invalid_key().into());
        }
        let time = |field: &str| doc::text(&key, field).and_then(Time::parse);
        let expires = time("expires_at");
        if key.get("revoked_at").is_some_and(|at| !at.is_null()) || expires.is_some_and(|expires| expires <= now) {
            return Err(Error::unauthenticated("key-ended", "The API key was revoked or has expired.").into());
        }
        let first = |name: &str| key.get(name).and_then(|found| found.as_array()?.first()?.as_object());
        let (member, tenant) = first("holder").zip(first("tenant")).ok_or_else(invalid_key)?;
        if !may_enter(tenant, member, now) {
            return Err(tenant_inactive().into());
        }
        let allowed = texts(&key, "allowed_ips");
        if !allowed.is_empty() {
            let address = address().unwrap_or_default();
            if !allowed.iter().filter_map(|range| Cidr::parse(range)).any(|range| range.contains(&address)) {
                return Err(Error::forbidden("address-not-allowed", "The API key may not be used from this address.").into());
            }
        }
        let policy = Policy::of_member(member).ok_or_else(|| Error::internal("a membership has no known policy"))?;
        let viewer = Viewer {
            member: doc::text(member, "_id").unwrap_or_default().to_owned(),
            policy: policy.limited_to(&texts(&key, "scopes")),
        };
        let policy_version = member.get("policy_version").and_then(Value::as_i64).unwrap_or(1);
        let is_use_known = time("last_used_at").is_some_and(|used| now < used.plus_ms(USE_EVERY_MS));
        Ok(VerifiedKey { id: self.id.clone(), tenant: self.tenant.clone(), viewer, policy_version, expires, is_use_known })
    }

    /// The secret, or the one before it while it may still be used.
    fn is_right(&self, key: &Doc, vault: &Vault, now: Time) -> bool {
        let parts = [self.id.as_str(), &self.tenant, &self.secret];
        let is = |field: &str| doc::text(key, field).is_some_and(|kept| vault.verify(PURPOSE, &parts, kept));
        let until = doc::text(key, "previous_until").and_then(Time::parse);
        is("hash") || is("previous_hash") && until.is_some_and(|until| now < until)
    }

    /// Reads the key with its holder, if that is an active member, and what the tenant is entered by.
    fn look_up(&self) -> Operation {
        let active = json!([
            { "$match": { "tenant_id": self.tenant, "status": "active", "deleted_at": null } },
            { "$project": { "role": 1, "policy": 1, "policy_version": 1, "team_ids": 1 } },
        ]);
        let tenant = json!([
            { "$match": { "deleted_at": null } },
            { "$project": { "status": 1, "erase_after": 1 } },
        ]);
        let pipeline = json!([
            { "$match": { "_id": self.id, "tenant_id": self.tenant, "deleted_at": null } },
            { "$lookup": {
                "from": MEMBERSHIP.collection, "localField": "member", "foreignField": "_id", "pipeline": active, "as": "holder",
            } },
            { "$lookup": {
                "from": TENANT.collection, "localField": "tenant_id", "foreignField": "_id", "pipeline": tenant, "as": "tenant",
            } },
        ]);
        Operation::new(Action::Aggregate, API_KEY.collection).with("pipeline", pipeline)
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[secret]")
    }
}

/// A key that has been checked: only [`ApiKey::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedKey {
    id: String,
    tenant: String,
    viewer: Viewer,
    policy_version: i64,
    expires: Option<Time>,
    is_use_known: bool,
}

impl VerifiedKey {
    /// The key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The member who acts through it, with what the key leaves of their policy.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The version of the member's policy.
    pub fn policy_version(&self) -> i64 {
        self.policy_version
    }

    /// When it ends.
    pub fn expires(&self) -> Option<Time> {
        self.expires
    }

    /// Whether it is known already that it is used about now.
    pub fn is_use_known(&self) -> bool {
        self.is_use_known
    }

    /// Remembers that it is used now.
    pub async fn note_use(&self, store: &Store) {
        let update = json!({ "$max": { "last_used_at": store.now().ejson() } });
        let filter = json!({ "_id": self.id, "tenant_id": self.tenant });
        let operation = Operation::new(Action::UpdateOne, API_KEY.collection).with("filter", filter).with("update", update);
        // The next use tells as well.
        let _ = store.client.single(&self.tenant, operation).await;
    }
}

/// One answer for every key that is not good.
pub fn invalid_key() -> Error {
    Error::unauthenticated("invalid-key", "The API key is not valid.")
}

fn texts<'a>(doc: &'a Doc, field: &str) -> Vec<&'a str> {
    doc.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn ulid(id: &str) -> &str {
    id.split_once('_').map_or("", |(_, ulid)| ulid)
}

fn check(key: [u8; 32], body: &str) -> String {
    let digest = hmac_sha256::HMAC::mac(body.as_bytes(), key);
    letters(digest.get(..CHECK_LEN).unwrap_or_default())
}

/// Five bits of each byte, in Crockford's letters.
fn letters(bytes: &[u8]) -> String {
    let letter = |byte: &u8| domain::id::ALPHABET.get(usize::from(byte & 31)).map_or('0', |letter| char::from(*letter));
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey::new(
            &domain::id::from_parts("key", 1_800_000_000_000, [1; 10]),
            &domain::id::from_parts("ten", 1_700_000_000_000, [2; 10]),
            [7; SECRET_LEN],
        )
    }

    fn vault(letter: &str) -> Vault {
        Vault::parse(&letter.split(',').map(|letter| letter.to_owned() + &"A".repeat(42)).collect::<Vec<_>>().join(",")).unwrap()
    }

    #[test]
    fn a_text_names_its_key_and_a_mistyped_one_names_none() {
        let vault = vault("A");
        let text = key().text(&vault);
        assert!(text.len() == 99 && text.starts_with("ewk_live_") && text.starts_with(&key().prefix()), "{text}");
        let parsed = ApiKey::parse(&vault, &text).unwrap();
        assert_eq!((parsed.id, parsed.tenant, parsed.secret), (key().id, key().tenant, key().secret));
        for at in LIVE.len()..text.len() {
            let mut mistyped = text.clone().into_bytes();
            mistyped[at] = if mistyped[at] == b'Q' { b'R' } else { b'Q' };
            assert!(ApiKey::parse(&vault, std::str::from_utf8(&mistyped).unwrap()).is_none(), "{at}");
        }
        for bad in ["", "ewk_live_", &text.replace("live", "test"), &format!("{text}0"), &text.to_lowercase()] {
            assert!(ApiKey::parse(&vault, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn nobody_makes_up_a_text_without_a_master_key() {
        let text = key().text(&vault("B"));
        assert!(ApiKey::parse(&vault("A"), &text).is_none());
        assert!(ApiKey::parse(&vault("A,B"), &text).is_some(), "while master keys change");
    }

    #[test]
    fn what_is_kept_is_bound_to_key_tenant_and_secret_and_shows_none() {
        let vault = vault("A");
        let other = ApiKey { tenant: "ten_other".to_owned(), ..key() };
        assert_eq!(key().hash(&vault), key().hash(&vault));
        assert_ne!(key().hash(&vault), other.hash(&vault));
        assert!(!key().prefix().contains(&key().secret) && !key().hash(&vault).contains(&key().secret));
        assert_eq!(format!("{:?}", key()), "[secret]");
    }
}
