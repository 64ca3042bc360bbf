//! The keys of a provider: from memory while they are fresh, fetched anew when they are not or when one is missing, and at most
//! once in a while whoever asks.

use std::time::Duration;

use domain::json;
use domain::{Error, Time};
use edge::{Call, Halt};
use serde_json::Value;
use store::{KeySet, KeySets};

const TIMEOUT: Duration = Duration::from_secs(5);
const FETCH_MAX_MS: i64 = 6_000;
/// How long a request waits for what another fetches, before it looks once more.
const WAIT_MS: u64 = 1_000;
const BODY_LEN_MAX: usize = 50_000;
const KEYS_MAX: usize = 20;

/// No provider is asked more often, however many unknown keys strangers make up: until then, a missing key stays missing.
const QUIET_MS: i64 = 30_000;
/// A key that was withdrawn is believed for so long at the most, whatever the provider says.
const FRESH_MAX_S: i64 = 3_600;
const FRESH_MIN_S: i64 = 60;
const FRESH_UNSAID_S: i64 = 300;
/// How long keys are used whose provider does not answer.
const STALE_MAX_MS: i64 = 86_400_000;

/// Modulus and exponent of a key.
pub struct Key {
    pub modulus: String,
    pub exponent: String,
}

/// The key of this id, if the provider has it: in two trips at the most.
pub async fn find(call: &Call, url: &str, kid: &str) -> Result<Option<Key>, Halt> {
    let (sets, now) = (KeySets::at(&call.store, url), call.now());
    let (set, is_ours) = sets.look(kid, QUIET_MS).await?;
    let key = pick(&set.keys, kid).filter(|_| lasts(&set, now));
    if !is_ours {
        return if key.is_some() { Ok(key) } else { await_other(call, &sets, set, kid).await };
    }
    match fetch(call, url).await {
        Ok((keys, fresh_s)) => {
            sets.keep(&keys, now.plus_ms(fresh_s * 1_000)).await?;
            Ok(pick(&keys, kid))
        }
        Err(_) if key.is_some() => Ok(key),
        Err(cause) => Err(unavailable(cause).into()),
    }
}

/// The key as another request fetches it at this moment; if it has done so before, what is missing stays missing.
async fn await_other(call: &Call, sets: &KeySets<'_>, mut set: KeySet, kid: &str) -> Result<Option<Key>, Halt> {
    if is_being_fetched(&set, call.now()) {
        call.host.sleep_ms(WAIT_MS).await;
        set = sets.read().await?;
    }
    match lasts(&set, call.now()) && !is_being_fetched(&set, call.now()) {
        true => Ok(pick(&set.keys, kid)),
        false => Err(unavailable("not fetched yet").into()),
    }
}

fn is_being_fetched(set: &KeySet, now: Time) -> bool {
    let Some(claimed_at) = set.fetch_after.map(|after| after.plus_ms(-QUIET_MS)) else { return false };
    let is_done = set.fetched_at.is_some_and(|fetched_at| fetched_at >= claimed_at);
    !is_done && now < claimed_at.plus_ms(FETCH_MAX_MS)
}

fn lasts(set: &KeySet, now: Time) -> bool {
    set.fetched_at.is_some_and(|fetched_at| now < fetched_at.plus_ms(STALE_MAX_MS))
}

fn unavailable(cause: impl Into<String>) -> Error {
    Error::unavailable("the keys of the provider cannot be had").because(cause)
}

fn pick(keys: &Value, kid: &str) -> Option<Key> {
    let key = keys.as_array()?.iter().find(|key| key.get("kid").and_then(Value::as_str) == Some(kid))?;
    let part = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Key { modulus: part("n")?, exponent: part("e")? })
}

/// The keys at a URL, and for how many seconds they are fresh.
async fn fetch(call: &Call, url: &str) -> Result<(Value, i64), String> {
    let response = call.host.fetch().get(url).timeout(TIMEOUT).send().await.map_err(|error| error.without_url().to_string())?;
    if response.status().as_u16() != 200 {
        return Err(format!("status {}", response.status().as_u16()));
    }
    let said = response.headers().get("cache-control").and_then(|value| value.to_str().ok().map(str::to_owned));
    let text = response.text().await.map_err(|error| error.without_url().to_string())?;
    let keys = usable(&text).ok_or("no keys")?;
    Ok((keys, fresh_s(said.as_deref().unwrap_or_default())))
}

/// What can verify RS256 of a JSON Web Key Set (RFC 7517).
fn usable(text: &str) -> Option<Value> {
    let set: Value = Some(text).filter(|text| text.len() <= BODY_LEN_MAX).and_then(|text| serde_json::from_str(text).ok())?;
    let is = |key: &Value, name: &str, wanted: &str| key.get(name).and_then(Value::as_str).is_none_or(|said| said == wanted);
    let fits =
        |key: &&Value| key.get("kty").and_then(Value::as_str) == Some("RSA") && is(key, "use", "sig") && is(key, "alg", "RS256");
    let bare = |key: &Value| {
        let part = |name: &str| key.get(name).and_then(Value::as_str);
        Some(json!({ "kid": part("kid")?, "n": part("n")?, "e": part("e")? }))
    };
    let keys: Vec<Value> = set.get("keys")?.as_array()?.iter().filter(fits).filter_map(bare).take(KEYS_MAX).collect();
    (!keys.is_empty()).then(|| keys.into())
}

/// The `max-age` that was said, within bounds.
fn fresh_s(cache_control: &str) -> i64 {
    let said = cache_control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    said.unwrap_or(FRESH_UNSAID_S).clamp(FRESH_MIN_S, FRESH_MAX_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rsa_keys_for_signatures_are_kept_and_nothing_else_of_them() {
        let set = r#"{"keys":[
            {"kty":"RSA","kid":"a","use":"sig","alg":"RS256","n":"nn","e":"AQAB","x5c":["long"]},
            {"kty":"RSA","kid":"b","n":"nn","e":"AQAB"},
            {"kty":"RSA","kid":"c","use":"enc","n":"nn","e":"AQAB"},
            {"kty":"RSA","kid":"d","alg":"RS512","n":"nn","e":"AQAB"},
            {"kty":"EC","kid":"e","n":"nn","e":"AQAB"},
            {"kty":"RSA","n":"nn","e":"AQAB"}]}"#;
        let keys = usable(set).unwrap();
        assert_eq!(keys, serde_json::json!([{ "kid": "a", "n": "nn", "e": "AQAB" }, { "kid": "b", "n": "nn", "e": "AQAB" }]));
        assert!(pick(&keys, "b").is_some() && pick(&keys, "c").is_none());
        for bad in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#] {
            assert!(usable(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn how_long_keys_are_fresh_is_bounded() {
        let cases = [
            ("", FRESH_UNSAID_S),
            ("public, max-age=1800, must-revalidate", 1_800),
            ("max-age=1", FRESH_MIN_S),
            ("max-age=31536000", FRESH_MAX_S),
            ("max-age=-5", FRESH_MIN_S),
            ("max-age=x", FRESH_UNSAID_S),
        ];
        for (said, expected) in cases {
            assert_eq!(fresh_s(said), expected, "{said}");
        }
    }
}
