//! HMAC-SHA256 signatures in base64, as webhook senders put them in a header.

use ct_codecs::{Base64, Decoder, Encoder};
use hmac_sha256::HMAC;

/// Whether `encoded` is base64 of the HMAC of `raw` under `key`; compared in constant time.
/// An empty key verifies nothing, so a missing secret cannot open the door.
#[must_use]
pub fn is_valid(key: &[u8], raw: &[u8], encoded: &str) -> bool {
    let mut given = [0u8; 32];
    !key.is_empty()
        && Base64::decode(&mut given, encoded, None).is_ok_and(|mac| mac.len() == 32)
        && HMAC::verify(raw, key, &given)
}

/// base64 of the HMAC of `raw` under `key`.
#[must_use]
pub fn sign(key: &[u8], raw: &[u8]) -> String {
    Base64::encode_to_string(HMAC::mac(raw, key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2.
    const KEY: &[u8] = b"Jefe";
    const RAW: &[u8] = b"what do ya want for nothing?";
    const MAC: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

    #[test]
    fn only_the_right_key_body_and_text_verify() {
        assert_eq!(sign(KEY, RAW), MAC);
        for (key, raw, encoded, expected) in [
            (KEY, RAW, MAC, true),
            (b"jefe", RAW, MAC, false),
            (KEY, b"what do ya want for nothing!", MAC, false),
            (KEY, RAW, "", false),
            (KEY, RAW, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM", false),
            (KEY, RAW, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOA=", false),
            (KEY, RAW, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEMAAA==", false),
            (KEY, RAW, "not base64 at all", false),
        ] {
            assert_eq!(is_valid(key, raw, encoded), expected, "{encoded}");
        }
    }

    #[test]
    fn an_empty_key_verifies_nothing() {
        assert!(!is_valid(b"", RAW, &sign(b"", RAW)));
    }
}
