//! OpenID providers: each has two keys, of which it publishes one or both, and signs ID tokens, right ones and forged ones.

use crate::clock::Clock;
use crate::wire::{Call, Reply};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use http::Method;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey, LineEnding};
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use std::collections::HashMap;

const KEYS: [&str; 2] = [include_str!("../keys/oidc-1.pem"), include_str!("../keys/oidc-2.pem")];
const LASTS_S: i64 = 3_600;

/// What is wrong with a token besides what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// It says that it needs no signature, and has none.
    AlgNone,
    /// It says so, and has the signature of another token.
    AlgNoneSigned,
    /// It is an HMAC whose secret is the public key, as a verifier that goes by the header would take it.
    PublicKeyAsSecret,
    /// It names a key that the provider does not have.
    UnknownKid,
    /// It names no key.
    NoKid,
    /// It was changed after it was signed.
    Tampered,
    /// It names one key and was signed by the other.
    OtherKey,
    /// It demands an extension that nobody knows.
    Critical,
}

impl Forgery {
    /// Everything that can be wrong so.
    pub const ALL: &[Self] = &[
        Self::AlgNone,
        Self::AlgNoneSigned,
        Self::PublicKeyAsSecret,
        Self::UnknownKid,
        Self::NoKid,
        Self::Tampered,
        Self::OtherKey,
        Self::Critical,
    ];
}

/// A provider.
pub(crate) struct Provider {
    /// The keys it publishes, by their place in `KEYS`; the last signs.
    published: Vec<usize>,
    max_age_s: u32,
    is_down: bool,
    fetches: usize,
}

/// All providers, made when they are first asked for.
#[derive(Default)]
pub(crate) struct Providers(HashMap<String, Provider>);

impl Providers {
    pub(crate) fn named(&mut self, name: &str) -> &mut Provider {
        let new = || Provider { published: vec![0], max_age_s: 300, is_down: false, fetches: 0 };
        self.0.entry(name.to_owned()).or_insert_with(new)
    }

    /// `GET /oidc/<provider>/keys`.
    pub(crate) fn answer(&mut self, call: &Call) -> Reply {
        let ["oidc", name, "keys"] = call.segments()[..] else { return Reply::empty(404) };
        if call.method != Method::GET {
            return Reply::empty(405);
        }
        let provider = self.named(name);
        provider.fetches += 1;
        if provider.is_down {
            return Reply::empty(503);
        }
        let keys: Vec<Value> = provider.published.iter().map(|place| published(*place)).collect();
        let max_age = format!("public, max-age={}, must-revalidate", provider.max_age_s);
        Reply::json(200, &json!({ "keys": keys })).with("cache-control", max_age)
    }
}

impl Provider {
    /// Publishes the second key beside the first, and signs with it.
    pub(crate) fn add_key(&mut self) {
        self.published = vec![0, 1];
    }

    /// Publishes the second key alone.
    pub(crate) fn retire_key(&mut self) {
        self.published = vec![1];
    }

    pub(crate) fn set_down(&mut self, is_down: bool) {
        self.is_down = is_down;
    }

    pub(crate) fn set_max_age(&mut self, max_age_s: u32) {
        self.max_age_s = max_age_s;
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches
    }

    /// A token that says this, with what every provider says filled in.
    pub(crate) fn token(&self, claims: &Value, forgery: Option<Forgery>) -> String {
        let signer = self.published.last().copied().unwrap_or_default();
        let now_s = Clock::default().now_ms() / 1_000;
        let mut said = json!({ "sub": "10769150350006150715", "iat": now_s, "exp": now_s + LASTS_S });
        merge(&mut said, claims);
        let mut header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid(signer) });
        match forgery {
            Some(Forgery::AlgNone | Forgery::AlgNoneSigned) => merge(&mut header, &json!({ "alg": "none" })),
            Some(Forgery::PublicKeyAsSecret) => merge(&mut header, &json!({ "alg": "HS256" })),
            Some(Forgery::UnknownKid) => merge(&mut header, &json!({ "kid": "no-such-key" })),
            Some(Forgery::NoKid) => merge(&mut header, &json!({ "kid": null })),
            Some(Forgery::Critical) => merge(&mut header, &json!({ "crit": ["exp2"], "exp2": 1 })),
            Some(Forgery::Tampered | Forgery::OtherKey) | None => {}
        }
        let signed = format!("{}.{}", part(&header), part(&said));
        let signature = match forgery {
            Some(Forgery::AlgNone) => Vec::new(),
            Some(Forgery::PublicKeyAsSecret) => hmac_sha256::HMAC::mac(&signed, public_pem(signer)).to_vec(),
            Some(Forgery::OtherKey) => sign(1 - signer, &signed),
            Some(Forgery::Tampered) => {
                merge(&mut said, &json!({ "sub": "somebody else" }));
                let signature = sign(signer, &signed);
                return format!("{}.{}.{}", part(&header), part(&said), BASE64.encode(signature));
            }
            _ => sign(signer, &signed),
        };
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

fn merge(into: &mut Value, more: &Value) {
    let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) else { return };
    for (name, value) in more {
        match value {
            Value::Null => into.remove(name),
            value => into.insert(name.clone(), value.clone()),
        };
    }
}

fn part(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

fn kid(place: usize) -> String {
    format!("key-{}", place + 1)
}

fn key(place: usize) -> RsaPrivateKey {
    let pem = KEYS.get(place).copied().unwrap_or_default();
    RsaPrivateKey::from_pkcs8_pem(pem).expect("the keys of the stand-in are whole")
}

fn sign(place: usize, text: &str) -> Vec<u8> {
    SigningKey::<Sha256>::new(key(place)).sign(text.as_bytes()).to_vec()
}

fn public_pem(place: usize) -> String {
    RsaPublicKey::from(&key(place)).to_public_key_pem(LineEnding::LF).expect("a public key can be written")
}

/// A key as RFC 7517 has it.
fn published(place: usize) -> Value {
    let key = RsaPublicKey::from(&key(place));
    let number = |bytes: Vec<u8>| BASE64.encode(bytes);
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid(place), "n": number(key.n().to_bytes_be()),
        "e": number(key.e().to_bytes_be()),
    })
}
