//! Finds what looks like a payment card's number (ISO/IEC 7812-1) in a text, and leaves other numbers alone.

use std::ops::Range;

const LENGTH_MIN: usize = 13;
const LENGTH_MAX: usize = 19;
/// Between two groups of a number.
const SEPARATORS_MAX: usize = 3;

/// Where the first card number stands: 13 to 19 digits that begin as an issuer's do and are right by Luhn, perhaps in groups.
pub fn find(text: &str) -> Option<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    let mut separators = 0;
    for (at, letter) in text.char_indices().chain([(text.len(), '\n')]) {
        if letter.is_alphanumeric() {
            start.get_or_insert(at);
            continue;
        }
        let mut ends = false;
        if let Some(word) = start.take().map(|start| start..at) {
            separators = 0;
            let digits = digits_of(text, &word);
            // `VISA4111111111111111` is a card all the same, and no group of a longer one.
            ends = digits.as_ref() != Some(&word);
            if ends && let Some(found) = in_groups(text, &groups).or_else(|| in_groups(text, digits.as_slice())) {
                return Some(found);
            }
            match ends {
                true => groups.clear(),
                false => groups.push(word),
            }
        }
        separators += 1;
        if !ends && (!separates(letter) || separators > SEPARATORS_MAX) {
            if let Some(found) = in_groups(text, &groups) {
                return Some(found);
            }
            groups.clear();
        }
    }
    None
}

/// Spaces, dashes and dots, as they are typed and as they are pasted.
fn separates(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '_' | '\t' | '\u{a0}' | '\u{2000}'..='\u{2015}' | '\u{202f}')
}

/// The digits of a word that has them in one piece, with letters at most around them.
fn digits_of(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let letters = text.get(word.clone())?;
    let first = letters.find(|letter: char| letter.is_ascii_digit())?;
    let last = letters.rfind(|letter: char| letter.is_ascii_digit())?;
    let digits = word.start + first..word.start + last + 1;
    bytes(text, &digits).iter().all(u8::is_ascii_digit).then_some(digits)
}

/// A card number among groups of digits that only separators part; an expiry date or the like may stand beside it.
fn in_groups(text: &str, groups: &[Range<usize>]) -> Option<Range<usize>> {
    let total: usize = groups.iter().map(ExactSizeIterator::len).sum();
    let is_call = groups.first().is_some_and(|first| text.get(..first.start).is_some_and(|before| before.ends_with('+')));
    // E.164 has 15 digits at most.
    if total < LENGTH_MIN || (is_call && total <= 15) {
        return None;
    }
    // A number of usual length that stands alone may be in any small groups.
    let is_small = matches!(total, 15 | 16) && groups.iter().all(|group| group.len() <= 4);
    if is_small && let Some(found) = card(text, groups) {
        return Some(found);
    }
    (0..groups.len()).find_map(|from| card_from(text, groups.get(from..)?))
}

/// A card number that begins with the first group, as cards are written: in one piece, 4-4-4-4 and the like, 4-6-5 or 8-8.
fn card_from(text: &str, groups: &[Range<usize>]) -> Option<Range<usize>> {
    (1..=5).map_while(|count| groups.get(..count)).find_map(|groups| {
        let lengths: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
        let is_usual = match lengths.as_slice() {
            [_] | [8, 8] | [4, 6, 4 | 5] => true,
            [fours @ .., last] => *last <= 5 && fours.iter().all(|length| *length == 4),
            [] => false,
        };
        if is_usual { card(text, groups) } else { None }
    })
}

fn card(text: &str, groups: &[Range<usize>]) -> Option<Range<usize>> {
    let span = groups.first()?.start..groups.last()?.end;
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&groups.iter().map(ExactSizeIterator::len).sum()) {
        return None;
    }
    let digits: Vec<u8> = groups.iter().flat_map(|group| bytes(text, group)).map(|digit| digit - b'0').collect();
    let is_card = is_issued(&digits) && luhn(&digits) && !is_identifier(text, &span) && !is_iban(text, &span);
    is_card.then_some(span)
}

/// Whether an issuer's numbers begin so and are as long: from 2200 (Mir) to 9792 (Troy).
fn is_issued(digits: &[u8]) -> bool {
    let head = digits.iter().take(4).fold(0, |head, digit| head * 10 + u32::from(*digit));
    match (head, digits.len()) {
        (3400..=3499 | 3700..=3799, length) => length == 15,
        (5100..=5599 | 9792, length) => length == 16,
        (4000..=4999, length) => matches!(length, 13 | 16 | 19),
        (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, length) => length >= 14,
        (2200..=2204 | 2221..=2720 | 3528..=3589 | 8100..=8299, length) => length >= 16,
        (5000..=5099 | 5600..=5899 | 6000..=6999, length) => length >= LENGTH_MIN,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |(at, digit): (usize, &u8)| match (at % 2, u32::from(*digit) * 2) {
        (0, _) => u32::from(*digit),
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

/// Whether a dash joins it to letters and digits, as in a UUID, or a point to a digit before it, as in a fraction.
fn is_identifier(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let last = |text: &str| text.rsplit(|letter: char| !letter.is_alphanumeric()).next().is_some_and(is_mixed);
    let first = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).next().is_some_and(is_mixed);
    before.strip_suffix(['-', '_']).is_some_and(last)
        || after.strip_prefix(['-', '_']).is_some_and(first)
        || before.strip_suffix('.').is_some_and(|before| before.ends_with(|letter: char| letter.is_ascii_digit()))
}

fn is_mixed(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether it is part of a bank account's number (ISO 13616), whose remainder is right.
fn is_iban(text: &str, span: &Range<usize>) -> bool {
    const LENGTHS: std::ops::RangeInclusive<usize> = 15..=34;
    let mut starts = text.get(..span.start).unwrap_or_default().char_indices().rev().take(*LENGTHS.end());
    starts.any(|(start, _)| {
        let rest = text.get(start..).unwrap_or_default().bytes().enumerate();
        let letters: Vec<(usize, u8)> = rest.filter(|(_, byte)| *byte != b' ').take(*LENGTHS.end()).collect();
        let [(_, a), (_, b), (_, c), (_, d), tail @ ..] = letters.as_slice() else { return false };
        let is_head = [a, b].iter().all(|byte| byte.is_ascii_alphabetic()) && [c, d].iter().all(|byte| byte.is_ascii_digit());
        let mut sum = 0;
        is_head
            && tail.iter().take_while(|(_, byte)| byte.is_ascii_alphanumeric()).zip(5..).any(|((place, byte), length)| {
                sum = remainder(sum, *byte);
                let reaches = LENGTHS.contains(&length) && start + place + 1 >= span.end;
                reaches && [a, b, c, d].iter().fold(sum, |sum, byte| remainder(sum, **byte)) == 1
            })
    })
}

/// Letters count as two digits, from 10 on.
fn remainder(sum: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        _ => (sum * 100 + u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    }
}

fn bytes<'t>(text: &'t str, span: &Range<usize>) -> &'t [u8] {
    text.as_bytes().get(span.clone()).unwrap_or_default()
}
