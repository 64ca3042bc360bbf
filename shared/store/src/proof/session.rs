//! Sessions: short-lived access tokens (HS256), signed by the newest key and verified by any that is still in use.

use std::fmt;

use domain::{Doc, Error, Policy, Result, Role, Time, Viewer, doc, json};
use serde_json::Value;

use super::token::Key;

/// How long an access token lives, in seconds.
pub const ACCESS_TOKEN_TTL_S: i64 = 900;

/// How far clocks may be apart, in seconds.
const TOLERANCE_S: i64 = 5;
const TOKEN_LEN_MAX: usize = 4_096;

/// The keys that sign and verify access tokens; they print as `[secret]`.
#[derive(Clone)]
pub struct SigningKeys(Vec<Key>);

impl SigningKeys {
    /// Keys from `kid:base64url[,kid:base64url…]`: the first signs, all verify. Each has at least 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let keys = text.split(',').map(|pair| {
            let (kid, secret) = pair.trim().split_once(':')?;
            Key::parse(kid, secret)
        });
        keys.collect::<Option<Vec<_>>>().map(Self)
    }

    /// An access token for a subject.
    pub fn issue(&self, subject: &Subject, now: Time) -> Result<String> {
        let seconds = now.seconds();
        let mut claims = doc::fields(json!({
            "iat": seconds,
            "exp": seconds + ACCESS_TOKEN_TTL_S,
            "sub": subject.identity,
            "jti": subject.login,
            "tid": subject.tenant,
            "mid": subject.member,
            "role": subject.policy.role().word(),
            "pol": subject.policy_version,
        }));
        let teams = subject.policy.teams();
        let optional = [
            ("may", subject.policy.written().map(Value::from)),
            ("dk", subject.keys.clone().map(Value::from)),
            ("teams", (!teams.is_empty()).then(|| Value::from(teams))),
        ];
        claims.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let key = self.0.first().ok_or_else(|| Error::internal("no signing key"))?;
        Ok(key.sign(claims.into()))
    }

    /// The session that a token proves.
    pub fn verify(&self, token: &str, now: Time) -> Result<Session> {
        let claims = Some(token).filter(|token| token.len() <= TOKEN_LEN_MAX);
        let claims = claims.and_then(|token| self.0.iter().find_map(|key| key.open(token)));
        claims
            .and_then(|claims| session(&claims, now))
            .ok_or_else(|| Error::unauthenticated("invalid-token", "The access token is not valid or has expired."))
    }
}

/// The session of verified claims, if it is the time for it.
fn session(claims: &Doc, now: Time) -> Option<Session> {
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let text = |name: &str| doc::text(claims, name).map(str::to_owned);
    let (issued_at, expires_at) = (number("iat")?, number("exp")?);
    if issued_at > now.seconds() + TOLERANCE_S || now.seconds() > expires_at.saturating_add(TOLERANCE_S) {
        return None;
    }
    let role = Role::parse(doc::text(claims, "role")?)?;
    let policy = match claims.get("may") {
        // The policy, where it is no preset.
        Some(written) => Policy::read(role, written.as_str()?)?,
        None => role.into(),
    };
    let teams = claims.get("teams").and_then(Value::as_array).into_iter().flatten();
    let policy = policy.in_teams(teams.filter_map(Value::as_str).map(str::to_owned));
    let member = text("mid")?;
    Some(Session {
        viewer: Viewer { member: member.clone(), policy: policy.clone() },
        subject: Subject {
            identity: text("sub")?,
            tenant: text("tid")?,
            member,
            policy,
            policy_version: number("pol")?,
            login: text("jti")?,
            keys: text("dk"),
        },
        expires: Time::from_ms(expires_at.saturating_mul(1_000)),
    })
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

#[cfg(test)]
mod tests {
    use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
    use domain::policy::{MASKS_LEN_MAX, MASKS_MAX, Mask, PERMISSIONS, Reach, TEAMS_MAX};

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
        for (after_s, valid) in [(-6, false), (-5, true), (0, true), (905, true), (906, false)] {
            assert_eq!(keys(&["a"]).verify(&token, issued.plus_ms(after_s * 1_000)).is_ok(), valid, "{after_s}");
        }
        let session = keys(&["a"]).verify(&token, issued).unwrap();
        assert_eq!(session.subject, subject());
    }

    #[test]
    fn a_token_has_room_for_the_longest_policy_and_the_most_teams() {
        let member = &domain::entities::MEMBERSHIP;
        let all = PERMISSIONS.iter().map(|permission| (*permission, Reach::Team));
        let longest = format!("custom.{}", "k".repeat(MASKS_LEN_MAX / MASKS_MAX - member.name.len() - "custom.".len()));
        let masks = vec![(member, longest.as_str(), Mask::Hidden); MASKS_MAX];
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
