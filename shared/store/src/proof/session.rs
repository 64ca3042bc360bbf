//! Sessions: short-lived access tokens (HS256), signed by the newest key and verified by any that is still in use.

use std::fmt;

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use domain::{Error, Policy, Result, Role, Time, Viewer};
use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::claims::JWTClaims;
use jwt_simple::common::VerificationOptions;
use jwt_simple::prelude::{Duration, UnixTimeStamp};
use jwt_simple::token::Token;
use serde::{Deserialize, Serialize};

/// How long an access token lives, in seconds.
pub const ACCESS_TOKEN_TTL_S: i64 = 900;

/// How far clocks may be apart, in seconds; the library's own default is 15 minutes.
const TOLERANCE_S: u64 = 5;
const TOKEN_LEN_MAX: usize = 4_096;

/// The keys that sign and verify access tokens; they print as `[secret]`.
#[derive(Clone)]
pub struct SigningKeys(Vec<(String, HS256Key)>);

impl SigningKeys {
    /// Keys from `kid:base64url[,kid:base64url…]`: the first signs, all verify. Each has at least 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let keys = text.split(',').map(|pair| {
            let (kid, secret) = pair.trim().split_once(':')?;
            let secret = Base64UrlSafeNoPadding::decode_to_vec(secret.trim_end_matches('='), None)
                .ok()
                .filter(|secret| secret.len() >= 32)?;
            Some((kid.to_owned(), HS256Key::from_bytes(&secret).with_key_id(kid)))
        });
        keys.collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty()).map(Self)
    }

    /// An access token for a subject.
    pub fn issue(&self, subject: &Subject, now: Time) -> Result<String> {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let claims = JWTClaims {
            issued_at: Some(UnixTimeStamp::from_secs(seconds)),
            expires_at: Some(UnixTimeStamp::from_secs(seconds + ACCESS_TOKEN_TTL_S.unsigned_abs())),
            // A verifier whose clock rounds down must not find the token early.
            invalid_before: Some(UnixTimeStamp::from_secs(seconds.saturating_sub(1))),
            issuer: None,
            subject: Some(subject.identity.clone()),
            audiences: None,
            jwt_id: Some(subject.login.clone()),
            nonce: None,
            custom: Claims {
                tid: subject.tenant.clone(),
                mid: subject.member.clone(),
                role: subject.policy.role(),
                pol: subject.policy_version,
                may: subject.policy.written(),
                dk: subject.keys.clone(),
                teams: subject.policy.teams().to_vec(),
            },
        };
        let key = self.0.first().ok_or_else(|| Error::internal("no signing key"))?;
        key.1.authenticate(claims).map_err(|error| Error::internal(format!("token: {error}")))
    }

    /// The session that a token proves.
    pub fn verify(&self, token: &str, now: Time) -> Result<Session> {
        let refused = || Error::unauthenticated("invalid-token", "The access token is not valid or has expired.");
        let metadata = Some(token).filter(|token| token.len() <= TOKEN_LEN_MAX);
        let metadata = metadata.and_then(|token| Token::decode_metadata(token).ok()).ok_or_else(refused)?;
        let key = self.0.iter().find(|(kid, _)| metadata.key_id() == Some(kid)).ok_or_else(refused)?;
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(TOLERANCE_S)),
            artificial_time: Some(UnixTimeStamp::from_secs(u64::try_from(now.seconds()).unwrap_or(0))),
            ..VerificationOptions::default()
        };
        let claims = key.1.verify_token::<Claims>(token, Some(options)).map_err(|_| refused())?;
        let (Some(identity), Some(login), Some(expires_at)) = (claims.subject, claims.jwt_id, claims.expires_at) else {
            return Err(refused());
        };
        let Claims { tid, mid, role, pol, may, dk, teams } = claims.custom;
        let policy = match may {
            Some(written) => Policy::read(role, &written).ok_or_else(refused)?,
            None => role.into(),
        };
        let policy = policy.in_teams(teams);
        let viewer = Viewer { member: mid.clone(), policy: policy.clone() };
        let subject = Subject { identity, tenant: tid, member: mid, policy, policy_version: pol, login, keys: dk };
        let expires = Time::from_ms(i64::try_from(expires_at.as_secs()).unwrap_or(0).saturating_mul(1_000));
        Ok(Session { viewer, subject, expires })
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

/// Whom an access token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The global identity.
    pub identity: String,
    /// The tenant.
    pub tenant: String,
    /// The membership.
    pub member: String,
    /// What the member may do.
    pub policy: Policy,
    /// The version of the member's policy: writes expect it to be the current one.
    pub policy_version: i64,
    /// The login, which is the line of refresh tokens.
    pub login: String,
    /// The tenant's keys, wrapped: they open nothing without the master key.
    pub keys: Option<String>,
}

/// A verified session: only [`SigningKeys::verify`] makes one.
#[derive(Clone, Debug)]
pub struct Session {
    subject: Subject,
    viewer: Viewer,
    expires: Time,
}

impl Session {
    /// The tenant.
    pub fn tenant(&self) -> &str {
        &self.subject.tenant
    }

    /// The member with their policy.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The global identity.
    pub fn identity(&self) -> &str {
        &self.subject.identity
    }

    /// The login.
    pub fn login(&self) -> &str {
        &self.subject.login
    }

    /// The version of the member's policy.
    pub fn policy_version(&self) -> i64 {
        self.subject.policy_version
    }

    /// Whom it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The tenant's wrapped keys.
    pub fn keys(&self) -> Option<&str> {
        self.subject.keys.as_deref()
    }

    /// When it ends.
    pub fn expires(&self) -> Time {
        self.expires
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    tid: String,
    mid: String,
    role: Role,
    pol: i64,
    /// The policy, where it is no preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    may: Option<String>,
    /// The tenant's wrapped keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dk: Option<String>,
    /// The member's teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    teams: Vec<String>,
}

#[cfg(test)]
mod tests {
    use ct_codecs::Encoder;
    use domain::policy::{self, MASKS_MAX, Mask, PERMISSIONS, Reach, TEAMS_MAX};

    use super::*;

    fn keys(kids: &[&str]) -> SigningKeys {
        let pair = |kid: &&str| format!("{kid}:{}", Base64UrlSafeNoPadding::encode_to_string([kid.as_bytes()[0]; 32]).unwrap());
        SigningKeys::parse(&kids.iter().map(pair).collect::<Vec<_>>().join(",")).unwrap()
    }

    fn subject() -> Subject {
        let [identity, tenant, member, login] = ["idy_1", "ten_1", "mem_1", "log_1"].map(str::to_owned);
        Subject {
            identity,
            tenant,
            member,
            policy: Role::Expert.into(),
            policy_version: 3,
            login,
            keys: Some("wrapped".to_owned()),
        }
    }

    #[test]
    fn a_token_lives_15_minutes_with_5_seconds_of_tolerance() {
        let issued = Time::from_ms(1_800_000_000_900);
        let token = keys(&["a"]).issue(&subject(), issued).unwrap();
        for (after_s, valid) in [(-7, false), (-5, true), (0, true), (904, true), (907, false)] {
            assert_eq!(keys(&["a"]).verify(&token, issued.plus_ms(after_s * 1_000)).is_ok(), valid, "{after_s}");
        }
        let session = keys(&["a"]).verify(&token, issued).unwrap();
        assert_eq!(session.subject, subject());
    }

    #[test]
    fn a_token_has_room_for_the_longest_policy_and_the_most_teams() {
        let lead = &domain::entities::LEAD;
        let all = PERMISSIONS.iter().map(|permission| (*permission, Reach::Team));
        let longest = lead.fields.iter().filter(|field| policy::maskable(lead, field)).max_by_key(|field| field.name.len());
        let masks = longest.into_iter().flat_map(|field| vec![(lead, field, Mask::Hidden); MASKS_MAX]);
        let teams = (0..TEAMS_MAX).map(|at| domain::id::derived("team", &[&at.to_string()]));
        let policy = Policy::custom(Role::Expert, all, masks).unwrap().in_teams(teams);
        // Two versions of the tenant's key, as while it is being replaced.
        let mut tenant_keys = crate::TenantKeys::new([1; 32], [2; 32]);
        tenant_keys.publish([3; 32]);
        let vault = crate::Vault::parse(&"A".repeat(43)).unwrap();
        let wrapped = Some(tenant_keys.wrap(&vault, "ten_1", [4; 12]));
        let (now, subject) = (Time::from_ms(1_800_000_000_000), Subject { policy, keys: wrapped, ..subject() });
        let token = keys(&["a"]).issue(&subject, now).unwrap();
        assert!(token.len() < TOKEN_LEN_MAX * 9 / 10, "{}", token.len());
        assert_eq!(keys(&["a"]).verify(&token, now).unwrap().subject, subject);
    }

    #[test]
    fn keys_rotate_by_kid() {
        let now = Time::from_ms(1_800_000_000_000);
        let old = keys(&["a"]).issue(&subject(), now).unwrap();
        assert!(keys(&["b", "a"]).verify(&old, now).is_ok());
        assert!(keys(&["b"]).verify(&old, now).is_err());
    }

    #[test]
    fn forged_unsigned_and_foreign_tokens_are_refused() {
        let now = Time::from_ms(1_800_000_000_000);
        let token = keys(&["a"]).issue(&subject(), now).unwrap();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let none = Base64UrlSafeNoPadding::encode_to_string(r#"{"alg":"none","typ":"JWT","kid":"a"}"#).unwrap();
        let payload = head.split_once('.').unwrap().1;
        let forged = [
            format!("{head}."),
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{head}.AAAA"),
            String::new(),
        ];
        for token in forged {
            assert_eq!(keys(&["a"]).verify(&token, now).unwrap_err().code, "invalid-token", "{token}");
        }
    }

    #[test]
    fn short_keys_are_not_taken() {
        for text in ["", "a:", "a:AAAA", "AAAA"] {
            assert!(SigningKeys::parse(text).is_none(), "{text}");
        }
    }
}
