//! The second factor of an identity: a code by the clock, or one of the codes that were written down for when the device is lost.

use ct_codecs::{Base64NoPadding, Decoder, Encoder};
use data_api::{Action, Operation};
use domain::entities::IDENTITY;
use domain::json::{object, of};
use domain::{Doc, Error, Time, Violation};
use edge::Call;
use serde_json::Value;
use store::{Command, EventOf, PlatformScope, Vault, password_stamp};

use crate::entrance::text as text_of;
use crate::totp::{self, SECRET_LEN};

/// All that an identity has of it.
pub const FIELDS: [&str; 4] = ["totp_secret", "totp_pending", "totp_step", "recovery_hashes"];

const TOTP: &str = "totp";
const RECOVERY: &str = "recovery";
const CHALLENGE: &str = "second-factor";
const CHALLENGE_VALID_MS: i64 = 300_000;

/// The longest code of either kind, as people write it.
pub const CODE_LEN_MAX: usize = 20;

/// How many codes are written down.
const RECOVERY_CODES: usize = 10;
const RECOVERY_LEN: usize = 10;
/// Crockford's letters and digits, as nobody takes them for one another.
const RECOVERY_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What proved the second factor; it does so once.
pub enum Used {
    /// The code of a step.
    Step(i64),
    /// A code that was written down, by its hash.
    Recovery(String),
}

/// Somebody whose password was right.
pub struct Challenge {
    /// Who.
    pub identity: String,
    /// The tenant they enter.
    pub tenant: String,
    /// The device they come from, if it is known.
    pub device: Option<String>,
    stamp: String,
}

/// Whether an identity has a second factor.
pub fn is_on(identity: &Doc) -> bool {
    identity.get("totp_secret").is_some_and(Value::is_string)
}

/// A secret as it is stored.
pub fn seal(vault: &Vault, identity: &str, secret: [u8; SECRET_LEN], random: [u8; 12]) -> String {
    vault.seal(TOTP, identity, &Base64NoPadding::encode_to_string(secret).unwrap_or_default(), random)
}

/// A secret that was stored.
pub fn open(vault: &Vault, identity: &str, sealed: &str) -> Option<Vec<u8>> {
    Base64NoPadding::decode_to_vec(vault.open(TOTP, identity, sealed)?, None).ok()
}

/// New codes to write down, and their hashes.
pub fn recovery_codes(vault: &Vault, identity: &str, random: [u8; RECOVERY_CODES * RECOVERY_LEN]) -> (Vec<String>, Vec<String>) {
    let letter = |byte: &u8| RECOVERY_LETTERS.get(usize::from(byte & 31)).map_or('0', |letter| char::from(*letter));
    let code = |bytes: &[u8]| {
        let code: String = bytes.iter().map(letter).collect();
        let (first, rest) = code.split_at_checked(RECOVERY_LEN / 2).unwrap_or((&code, ""));
        format!("{first}-{rest}")
    };
    let codes: Vec<String> = random.chunks_exact(RECOVERY_LEN).map(code).collect();
    let hashes = codes.iter().map(|code| recovery_hash(vault, identity, code)).collect();
    (codes, hashes)
}

/// What a code proves of an identity that has a second factor, if anything.
pub fn prove(vault: &Vault, identity: &Doc, code: &str, now: Time) -> Option<Used> {
    let id = text_of(identity, "_id");
    let secret = open(vault, id, text_of(identity, "totp_secret"))?;
    let last_used = identity.get("totp_step").and_then(Value::as_i64).unwrap_or_default();
    if let Some(step) = totp::matching(&secret, code.trim(), now, last_used) {
        return Some(Used::Step(step));
    }
    let (code, hashes) = (recovery_letters(code), identity.get("recovery_hashes").and_then(Value::as_array)?);
    let used = hashes.iter().filter_map(Value::as_str).find(|known| vault.verify(RECOVERY, &[id, &code], known));
    used.map(|used| Used::Recovery(used.to_owned()))
}

/// Uses a proof up, if nobody else has and the identity has the password and the second factor it was read with; else fails.
pub fn use_up(command: &mut Command<'_>, identity: &Doc, used: &Used) {
    let as_read = |field| (field, identity.get(field).cloned().into());
    let mut filter: Vec<(&str, Value)> = ["_id", "password_hash", "totp_secret"].map(as_read).into();
    filter.extend([("tenant_id", PlatformScope::TENANT.into()), ("deleted_at", Value::Null)]);
    let (condition, update) = match used {
        Used::Step(step) => (as_read("totp_step"), of("$set", of("totp_step", *step))),
        Used::Recovery(hash) => (("recovery_hashes", hash.as_str().into()), of("$pull", of("recovery_hashes", hash.as_str()))),
    };
    filter.push(condition);
    let operation = Operation::new(Action::UpdateOne, IDENTITY.collection).with("filter", object(filter));
    let operation = operation.with("update", update);
    command.operation(operation.expecting("matchedCount", 1), Some(wrong_code()));
    if let Used::Recovery(_) = used {
        let (kind, id) = ("identity.recovery_code_used", text_of(identity, "_id"));
        command.event(EventOf { kind, entity: &IDENTITY, id, lead: None, changes: object(vec![]), comment: None, holes: &[] });
    }
}

/// Asks for the second factor.
pub fn required(call: &Call, identity: &Doc, tenant: &str, device: Option<&str>) -> Error {
    let vault = &call.config.vault;
    let until = format!("{:x}", call.now().plus_ms(CHALLENGE_VALID_MS).ms());
    let stamp = password_stamp(vault, text_of(identity, "password_hash"));
    let plain = [text_of(identity, "_id"), tenant, device.unwrap_or_default(), &until, &stamp].join("|");
    let challenge = vault.seal(CHALLENGE, PlatformScope::TENANT, &plain, call.store.random());
    Error { more: Some(Box::new(("challenge", challenge))), ..asked() }
}

/// The second factor is missing.
pub fn asked() -> Error {
    Error::unauthenticated("second-factor-required", "The password is right. Send a code of the second factor as well.")
}

/// What a challenge says, if it is ours and in time.
pub fn open_challenge(vault: &Vault, sealed: &str, now: Time) -> Option<Challenge> {
    let plain = vault.open(CHALLENGE, PlatformScope::TENANT, sealed)?;
    let parts: Vec<&str> = plain.split('|').collect();
    let [identity, tenant, device, until, stamp] = <[&str; 5]>::try_from(parts).ok()?;
    let until = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
    let [identity, tenant, stamp] = [identity, tenant, stamp].map(str::to_owned);
    let device = (!device.is_empty()).then(|| device.to_owned());
    (until > now).then_some(Challenge { identity, tenant, device, stamp })
}

impl Challenge {
    /// Whether the password that was right still is.
    pub fn is_of(&self, vault: &Vault, identity: &Doc) -> bool {
        self.stamp == password_stamp(vault, text_of(identity, "password_hash"))
    }
}

/// The code proves nothing.
pub fn wrong_code() -> Error {
    let violation = Violation::on("code", "wrong-code", "This is no code of yours, or it was used before.");
    Error { violations: vec![violation], ..Error::unauthenticated("wrong-code", "The code is not right.") }
}

fn recovery_hash(vault: &Vault, identity: &str, code: &str) -> String {
    vault.sign(RECOVERY, &[identity, &recovery_letters(code)])
}

fn recovery_letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}
