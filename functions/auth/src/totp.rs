//! One-time codes by the clock (RFC 6238): SHA-1, six digits, thirty seconds, which every authenticator app understands.

use domain::Time;
use hmac_sha1_compact::HMAC;
use store::constant_time_eq;

/// As long as the hash, which RFC 4226 recommends.
pub const SECRET_LEN: usize = 20;

const STEP_S: i64 = 30;
/// How many steps a clock may be wrong either way.
const SKEW: i64 = 1;
const CODES: u32 = 1_000_000;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step whose code this is, if it is near now and after the last one that was used.
pub fn matching(secret: &[u8], code: &str, now: Time, last_used: i64) -> Option<i64> {
    let near = step(now) - SKEW..=step(now) + SKEW;
    let is_code = |step: &i64| constant_time_eq(code_of(secret, *step).as_bytes(), code.as_bytes());
    near.filter(|step| *step > last_used).find(is_code)
}

/// The code of a secret at a time.
pub fn code_at(secret: &[u8], time: Time) -> String {
    code_of(secret, step(time))
}

/// What an authenticator app is shown as a QR code.
pub fn url(secret: &[u8], issuer: &str, account: &str) -> String {
    let account: String = form_urlencoded::byte_serialize(account.as_bytes()).collect();
    let secret = base32(secret);
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}")
}

/// RFC 4648 without padding, as people type secrets: for whole groups of five bytes.
pub fn base32(bytes: &[u8]) -> String {
    let groups = bytes.chunks_exact(5).map(|group| group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)));
    let digits = groups.flat_map(|bits| (0..8).rev().map(move |at| (bits >> (5 * at)) as usize & 31));
    digits.map(|digit| ALPHABET.get(digit).map_or('A', |letter| char::from(*letter))).collect()
}

fn step(time: Time) -> i64 {
    time.seconds().div_euclid(STEP_S)
}

fn code_of(secret: &[u8], step: i64) -> String {
    format!("{:06}", number(secret, step) % CODES)
}

/// The dynamic truncation of RFC 4226, 5.3.
fn number(secret: &[u8], step: i64) -> u32 {
    let mac = HMAC::mac(&step.to_be_bytes(), secret);
    let offset = mac.last().map_or(0, |byte| usize::from(byte & 15));
    mac.iter().skip(offset).take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        // Appendix B, the rows of SHA-1, which have eight digits.
        for (seconds, expected) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let time = Time::from_ms(seconds * 1_000);
            assert_eq!(number(SECRET, step(time)) % 100_000_000, expected, "{seconds}");
            assert_eq!(code_at(SECRET, time), format!("{:06}", expected % CODES), "{seconds}");
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        // Appendix D.
        let expected = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, expected) in (0..).zip(expected) {
            assert_eq!(number(SECRET, counter) % CODES, expected, "{counter}");
        }
    }

    #[test]
    fn a_code_is_good_a_step_early_or_late_and_once() {
        let now = Time::from_ms(1_800_000_000_000);
        let code = code_at(SECRET, now);
        for (off_s, good) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            assert_eq!(matching(SECRET, &code, now.plus_ms(off_s * 1_000), 0).is_some(), good, "{off_s}");
        }
        let used = matching(SECRET, &code, now, 0).unwrap();
        assert_eq!(matching(SECRET, &code, now, used), None);
        for wrong in ["", "1", &format!("{code}0"), &format!(" {code}")] {
            assert_eq!(matching(SECRET, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_written_as_rfc_4648_says() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let url = url(SECRET, "Edgewise", "ada@example.com");
        let expected = "otpauth://totp/Edgewise:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                        &issuer=Edgewise&algorithm=SHA1&digits=6&period=30";
        assert_eq!(url, expected);
    }
}
