//! Ids: a prefix that says what it names and a ULID, which sorts by the time it was made.

/// Crockford's base 32, as the ULID specification has it.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_LEN: usize = 26;

/// An id from a time and 80 random bits.
pub fn from_parts(prefix: &str, ms: i64, random: [u8; 10]) -> String {
    let time = u128::from(ms.max(0).unsigned_abs() & 0xFFFF_FFFF_FFFF);
    let noise = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    write(prefix, time << 80 | noise)
}

/// The id that always follows from the same parts: what is made twice from one cause gets one id.
pub fn derived(prefix: &str, parts: &[&str]) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let bits = digest.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    write(prefix, bits)
}

/// Whether the text is an id with this prefix.
pub fn is(prefix: &str, text: &str) -> bool {
    let Some(ulid) = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else {
        return false;
    };
    ulid.len() == ULID_LEN
        && ulid.bytes().all(|byte| ALPHABET.contains(&byte))
        && ulid.bytes().next().is_some_and(|first| first <= b'7')
}

fn write(prefix: &str, bits: u128) -> String {
    let mut id = String::with_capacity(prefix.len() + 1 + ULID_LEN);
    id.push_str(prefix);
    id.push('_');
    for position in (0..ULID_LEN).rev() {
        let digit = (bits >> (5 * position)) as usize & 31;
        id.push(ALPHABET.get(digit).map_or('0', |byte| char::from(*byte)));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_are_recognised_by_prefix() {
        let first = from_parts("lead", 1_000, [255; 10]);
        let second = from_parts("lead", 1_001, [0; 10]);
        assert!(first < second);
        assert!(is("lead", &first));
        for (prefix, text) in [("bid", first.as_str()), ("lead", "lead_"), ("lead", "lead_01J"), ("lead", &first.to_lowercase())]
        {
            assert!(!is(prefix, text), "{prefix} {text}");
        }
    }

    #[test]
    fn a_known_ulid_is_written_as_its_specification_says() {
        assert_eq!(from_parts("x", 1_469_918_176_385, [0; 10]), "x_01ARYZ6S410000000000000000");
    }

    #[test]
    fn a_derived_id_depends_on_every_part_and_their_borders() {
        let id = derived("job", &["a", "bc"]);
        assert_eq!(id, derived("job", &["a", "bc"]));
        assert_ne!(id, derived("job", &["ab", "c"]));
        assert!(is("job", &id));
    }
}
