//! JSON Web Tokens of our own (RFC 7519), signed with HMAC-SHA256. A key has one header and there is no choice of
//! algorithm: a token with another header is not ours.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};
use domain::{Doc, doc, json};
use hmac_sha256::HMAC;
use serde_json::Value;

const SECRET_LEN_MIN: usize = 32;

/// A key that signs tokens and opens those that it signed.
#[derive(Clone)]
pub struct Key {
    /// The header of its tokens as it stands in them; it names the key.
    header: String,
    secret: Vec<u8>,
}

impl Key {
    /// A key from its id and its secret of at least 32 bytes in base64url.
    pub fn parse(id: &str, secret: &str) -> Option<Self> {
        let secret = Base64UrlSafeNoPadding::decode_to_vec(secret.trim_end_matches('='), None).ok()?;
        let header = encode(json!({"alg": "HS256", "kid": id, "typ": "JWT"}).to_string().as_bytes());
        (secret.len() >= SECRET_LEN_MIN).then_some(Self { header, secret })
    }

    /// A token that says these claims.
    pub fn sign(&self, claims: Value) -> String {
        let signed = [self.header.as_str(), &encode(claims.to_string().as_bytes())].join(".");
        let mac = encode(&HMAC::mac(&signed, &self.secret));
        [signed, mac].join(".")
    }

    /// The claims of a token, if this key signed it; compared in constant time.
    pub fn open(&self, token: &str) -> Option<Doc> {
        let (signed, mac) = token.rsplit_once('.')?;
        let claims = signed.strip_prefix(&self.header)?.strip_prefix('.')?;
        let mac = decode(mac)?.try_into().ok()?;
        if !HMAC::verify(signed, &self.secret, &mac) {
            return None;
        }
        doc::parse(&decode(claims)?).and_then(doc::object)
    }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlSafeNoPadding::decode_to_vec(text, None).ok()
}

#[cfg(test)]
mod tests {
    use jwt_simple::prelude::*;

    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn key() -> Key {
        Key::parse("a", &encode(&SECRET)).unwrap()
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct Custom {
        tid: String,
    }

    #[test]
    fn another_library_reads_what_is_signed_here() {
        let now = Clock::now_since_epoch().as_secs();
        let token = key().sign(json!({"sub": "idy_1", "iat": now, "exp": now + 60, "tid": "ten_1"}));
        let claims = HS256Key::from_bytes(&SECRET).verify_token::<Custom>(&token, None).unwrap();
        assert_eq!((claims.subject.as_deref(), claims.custom.tid.as_str()), (Some("idy_1"), "ten_1"));
        assert_eq!(Token::decode_metadata(&token).unwrap().key_id(), Some("a"));
    }

    #[test]
    fn what_another_library_signs_is_read_here() {
        let claims = Claims::with_custom_claims(Custom { tid: "ten_1".to_owned() }, Duration::from_mins(1));
        let signed = |secret, id| HS256Key::from_bytes(secret).with_key_id(id).authenticate(claims.clone()).unwrap();
        assert_eq!(key().open(&signed(&SECRET, "a")).unwrap()["tid"], "ten_1");
        for (secret, id) in [(&[8; 32], "a"), (&SECRET, "b")] {
            assert!(key().open(&signed(secret, id)).is_none(), "{id}");
        }
    }

    #[test]
    fn a_changed_token_is_not_opened() {
        let token = key().sign(json!({"tid": "ten_1"}));
        assert_eq!(key().open(&token).unwrap()["tid"], "ten_1");
        for at in 0..token.len() {
            for other in [".", "A", "_", "="] {
                let (before, after) = token.split_at(at);
                let changed = [before, other, after.get(1..).unwrap()].concat();
                assert!(changed == token || key().open(&changed).is_none(), "{changed}");
            }
            assert!(key().open(token.get(..at).unwrap()).is_none(), "{at}");
        }
    }

    #[test]
    fn a_header_that_is_not_the_keys_is_refused_even_when_it_is_signed() {
        let claims = encode(br#"{"tid":"ten_1"}"#);
        let signed = |header: &[u8]| {
            let signed = format!("{}.{claims}", encode(header));
            format!("{signed}.{}", encode(&HMAC::mac(&signed, SECRET)))
        };
        assert!(key().open(&signed(br#"{"alg":"HS256","kid":"a","typ":"JWT"}"#)).is_some());
        for header in [
            r#"{"alg":"none","kid":"a","typ":"JWT"}"#,
            r#"{"alg":"HS512","kid":"a","typ":"JWT"}"#,
            r#"{"alg":"RS256","kid":"a","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"a","typ":"JWT","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            "",
        ] {
            assert!(key().open(&signed(header.as_bytes())).is_none(), "{header}");
        }
    }
}
