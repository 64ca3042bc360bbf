//! Amounts between integer minor units and decimal text, without floating point.

/// Longer than any amount in i64 minor units with separators.
const TEXT_LIMIT_BYTES: usize = 40;

/// A currency as far as its text form goes; the table of currencies lives elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency<'a> {
    /// ISO 4217, upper-case.
    pub code: &'a str,
    /// Digits after the point: 2 for EUR, 0 for JPY, 3 for KWD.
    pub exponent: u32,
}

/// A decimal number as a service wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

impl Decimal {
    /// The amount in minor units, when it has no finer part.
    #[must_use]
    pub fn minor(&self, exponent: u32) -> Option<i64> {
        minor_from_number(&self.0, exponent)
    }
}

/// Minor units as decimal text: 123456 at exponent 2 is `1234.56`.
#[must_use]
pub fn decimal(minor: i64, exponent: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (size, width) = (minor.unsigned_abs(), exponent as usize);
    let Some(scale) = 10u64.checked_pow(exponent).filter(|scale| *scale > 1) else {
        return format!("{sign}{size}");
    };
    format!("{sign}{}.{:0width$}", size / scale, size % scale)
}

/// Reads a machine's number: digits with a decimal point and nothing else (`1234.5600`).
#[must_use]
pub fn minor_from_number(text: &str, exponent: u32) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    Some(sign * assemble(whole, fraction, exponent)?)
}

/// Reads what a person typed: `1500`, `1,500.00`, `1.500,00`, `€ 1'500`, `1500 EUR`.
/// Another currency's code or sign is refused, not converted.
#[must_use]
pub fn minor_from_typed(text: &str, currency: Currency<'_>) -> Option<i64> {
    if text.len() > TEXT_LIMIT_BYTES {
        return None;
    }
    let number = without_currency(text.trim(), currency.code)?;
    let number: String = number.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'')).collect();
    let Some(at) = decimal_separator(&number, currency.exponent) else {
        return assemble(&ungrouped(&number)?, "", currency.exponent);
    };
    let (whole, fraction) = number.split_at_checked(at)?;
    assemble(&ungrouped(whole)?, fraction.get(1..)?, currency.exponent)
}

/// Reads a range such as `€1,000 – €5,000`; one amount alone is the upper bound.
#[must_use]
pub fn range_from_typed(text: &str, currency: Currency<'_>) -> Option<(Option<i64>, i64)> {
    let mut parts = text.splitn(2, ['-', '–', '—']);
    let first = minor_from_typed(parts.next()?, currency)?;
    let Some(second) = parts.next() else {
        return Some((None, first));
    };
    let second = minor_from_typed(second, currency)?;
    (first <= second).then_some((Some(first), second))
}

fn without_currency<'a>(text: &'a str, code: &str) -> Option<&'a str> {
    let is_number = |c: char| c.is_ascii_digit();
    let start = text.find(is_number)?;
    let end = text.rfind(is_number)? + 1;
    for mark in [text.get(..start)?, text.get(end..)?] {
        let fits = match mark.trim() {
            "" => true,
            "€" => code == "EUR",
            "£" => code == "GBP",
            "¥" => code == "JPY" || code == "CNY",
            "$" => code.ends_with('D'),
            mark => mark.eq_ignore_ascii_case(code),
        };
        if !fits {
            return None;
        }
    }
    text.get(start..end)
}

/// The last `.` or `,` is the decimal one if it stands alone and is not followed by a group of three.
fn decimal_separator(number: &str, exponent: u32) -> Option<usize> {
    let at = number.rfind(['.', ','])?;
    let mark = number.get(at..=at)?;
    let is_single = number.matches(mark).count() == 1;
    let has_other = number.contains(if mark == "." { ',' } else { '.' });
    let follows = number.len() - at - 1;
    let is_group = follows == 3 && !has_other && !(mark == "." && exponent == 3);
    (is_single && !is_group).then_some(at)
}

/// Takes group separators out, when they stand where groups of three end.
fn ungrouped(whole: &str) -> Option<String> {
    let mark = if whole.contains(',') { ',' } else { '.' };
    let groups: Vec<&str> = whole.split(mark).collect();
    let well_formed = groups.iter().enumerate().all(|(at, group)| match at {
        0 if groups.len() == 1 => true,
        0 => (1..=3).contains(&group.len()),
        _ => group.len() == 3,
    });
    well_formed.then(|| groups.concat())
}

fn assemble(whole: &str, fraction: &str, exponent: u32) -> Option<i64> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let (kept, finer) = fraction.split_at_checked(exponent as usize).unwrap_or((fraction, ""));
    if finer.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let missing = exponent.checked_sub(u32::try_from(kept.len()).ok()?)?;
    let digits: i64 = format!("{whole}{kept}").parse().ok()?;
    digits.checked_mul(10i64.checked_pow(missing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: Currency<'_> = Currency { code: "EUR", exponent: 2 };

    #[test]
    fn minor_units_and_decimal_text_are_the_same_amount() {
        for (minor, exponent, text) in [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (123_456, 2, "1234.56"),
            (-5, 2, "-0.05"),
            (1500, 0, "1500"),
            (1, 3, "0.001"),
            (i64::MAX, 2, "92233720368547758.07"),
        ] {
            assert_eq!(decimal(minor, exponent), text);
            assert_eq!(minor_from_number(text, exponent), Some(minor));
        }
        assert_eq!(decimal(i64::MIN, 0), "-9223372036854775808");
    }

    #[test]
    fn numbers_finer_than_the_currency_are_refused() {
        for (text, exponent, expected) in [
            ("1234.5600", 2, Some(123_456)),
            ("1234.5", 2, Some(123_450)),
            ("1234", 2, Some(123_400)),
            ("1.125", 2, None),
            ("0.5", 0, None),
            ("12.0", 0, Some(12)),
            ("1e3", 2, None),
            ("", 2, None),
            (".5", 2, None),
            ("--1", 2, None),
            ("99999999999999999999", 2, None),
        ] {
            assert_eq!(minor_from_number(text, exponent), expected, "{text}");
        }
    }

    #[test]
    fn typed_amounts_of_either_convention_are_read() {
        for (text, expected) in [
            ("1500", Some(150_000)),
            ("1,500.00", Some(150_000)),
            ("1.500,00", Some(150_000)),
            ("1,500", Some(150_000)),
            ("1.500", Some(150_000)),
            ("1,234,567.8", Some(123_456_780)),
            ("12,5", Some(1_250)),
            (" € 1'500 ", Some(150_000)),
            ("1 500,5 EUR", Some(150_050)),
            ("eur 20", Some(2_000)),
            ("20 USD", None),
            ("£20", None),
            ("1500.005", None),
            ("15,00,000", None),
            ("about 20", None),
            ("5k", None),
            ("1 2 3 and 4", None),
            ("", None),
            ("€", None),
        ] {
            assert_eq!(minor_from_typed(text, EUR), expected, "{text:?}");
        }
    }

    #[test]
    fn an_exponent_of_three_or_none_is_respected() {
        let kwd = Currency { code: "KWD", exponent: 3 };
        let jpy = Currency { code: "JPY", exponent: 0 };
        assert_eq!(minor_from_typed("1.500", kwd), Some(1_500));
        assert_eq!(minor_from_typed("1,500", kwd), Some(1_500_000));
        assert_eq!(minor_from_typed("¥1,500", jpy), Some(1_500));
        assert_eq!(minor_from_typed("1500.50", jpy), None);
    }

    #[test]
    fn ranges_have_two_ends() {
        for (text, expected) in [
            ("€1,000 – €5,000", Some((Some(100_000), 500_000))),
            ("1000-5000", Some((Some(100_000), 500_000))),
            ("5000", Some((None, 500_000))),
            ("5000-1000", None),
            ("1000-", None),
        ] {
            assert_eq!(range_from_typed(text, EUR), expected, "{text}");
        }
    }
}
