//! ID tokens (OpenID Connect Core § 3.1.3.7): what they say, whom they are for, and whether a key signed them.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use domain::{Doc, Time, doc};
use jwt_simple::algorithms::{RS256PublicKey, RSAPublicKeyLike};
use jwt_simple::claims::NoCustomClaims;
use jwt_simple::common::VerificationOptions;
use jwt_simple::prelude::{Duration, UnixTimeStamp};
use serde_json::Value;

use crate::provider::{Authority, Provider};

/// The longest token that is read.
pub const LEN_MAX: usize = 8_192;
/// How far clocks may be apart, in seconds.
const TOLERANCE_S: i64 = 5;
const KID_LEN_MAX: usize = 200;
const SUBJECT_LEN_MAX: usize = 255;

/// A token that has been taken apart: nothing of it is believed before [`Token::is_signed_by`].
pub struct Token<'a> {
    text: &'a str,
    /// The id of the key that is said to have signed it.
    pub kid: String,
    /// What it says.
    pub claims: Doc,
}

impl<'a> Token<'a> {
    /// Takes a token apart; why it cannot be one is for the log.
    pub fn read(text: &'a str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, _] = <[&str; 3]>::try_from(parts).map_err(|_| "not three parts")?;
        let (header, claims) = (json(header).ok_or("no header")?, json(claims).ok_or("no claims")?);
        if doc::text(&header, "alg") != Some("RS256") {
            return Err("another algorithm than RS256");
        }
        let kid = doc::text(&header, "kid").filter(|kid| (1..=KID_LEN_MAX).contains(&kid.len())).ok_or("no kid")?;
        Ok(Self { text, kid: kid.to_owned(), claims })
    }

    /// Whether the key of this modulus and exponent, in unpadded URL-safe base 64, signed it.
    pub fn is_signed_by(&self, modulus: &str, exponent: &str, now: Time) -> bool {
        let bytes = |text: &str| Base64UrlSafeNoPadding::decode_to_vec(text, None).ok();
        let key = bytes(modulus).zip(bytes(exponent));
        let key = key.and_then(|(modulus, exponent)| RS256PublicKey::from_components(&modulus, &exponent).ok());
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(TOLERANCE_S.unsigned_abs())),
            artificial_time: Some(UnixTimeStamp::from_secs(now.seconds().max(0).unsigned_abs())),
            max_token_length: Some(LEN_MAX),
            ..VerificationOptions::default()
        };
        key.is_some_and(|key| key.verify_token::<NoCustomClaims>(self.text, Some(options)).is_ok())
    }

    /// Checks that it was made by the provider, for us, for this moment, and for the request that asked for it.
    pub fn check(&self, provider: &Provider, nonce: Option<&str>, now: Time) -> Result<(), &'static str> {
        let claim = |name: &str| doc::text(&self.claims, name);
        let is_listed = |list: &[String], name: &str| claim(name).is_some_and(|value| list.iter().any(|word| word == value));
        let is_wanted = |list: &[String], name: &str| list.is_empty() || is_listed(list, name);
        let second = |name: &str| self.claims.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact")]
        let (now_s, tolerance_s) = (now.seconds() as f64, TOLERANCE_S as f64);
        let checks = [
            (is_listed(&provider.issuers, "iss"), "another issuer"),
            (self.is_for(&provider.audiences), "another audience"),
            (is_wanted(&provider.authorized_parties, "azp"), "another authorised party"),
            (is_wanted(&provider.hosted_domains, "hd"), "another workspace"),
            (second("exp").is_some_and(|exp| now_s < exp + tolerance_s), "expired"),
            (second("iat").is_some_and(|iat| iat <= now_s + tolerance_s), "issued in the future"),
            (self.claims.get("nbf").is_none() || second("nbf").is_some_and(|nbf| nbf <= now_s + tolerance_s), "not valid yet"),
            (claim("nonce") == nonce, "another nonce"),
            (claim("sub").is_some_and(|sub| (1..=SUBJECT_LEN_MAX).contains(&sub.len())), "no subject"),
        ];
        checks.into_iter().find(|(is_right, _)| !is_right).map_or(Ok(()), |(_, reason)| Err(reason))
    }

    /// Whether one of these is the audience, and whoever else is named in it has had no part.
    fn is_for(&self, audiences: &[String]) -> bool {
        let is_ours = |name: &str| audiences.iter().any(|audience| audience == name);
        match self.claims.get("aud") {
            _ if audiences.is_empty() => true,
            Some(Value::String(audience)) => is_ours(audience),
            Some(Value::Array(several)) => {
                let party = doc::text(&self.claims, "azp");
                let is_named = several.iter().filter_map(Value::as_str).any(is_ours);
                is_named && (several.len() == 1 || party.is_some_and(is_ours))
            }
            _ => false,
        }
    }

    /// Whether the provider has seen that the e-mail address is theirs. Some write the word in the place of the value.
    pub fn has_verified_email(&self) -> bool {
        match self.claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        }
    }

    /// Whether the provider can tell that the address is still theirs.
    pub fn is_authoritative(&self, authority: Authority, email: &str) -> bool {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let is_hosted =
            || domain == "gmail.com" || doc::text(&self.claims, "hd").is_some_and(|hd| hd.eq_ignore_ascii_case(domain));
        match authority {
            Authority::Nobody => false,
            Authority::Hosted => is_hosted(),
            Authority::Verified => true,
        }
    }
}

fn json(part: &str) -> Option<Doc> {
    let bytes = Base64UrlSafeNoPadding::decode_to_vec(part, None).ok()?;
    serde_json::from_slice(&bytes).ok().and_then(doc::object)
}
