//! Dates as text: those of RFC 3339, those that plain JSON is answered with, and offsets without a colon.

use bson::DateTime;

/// A date alone means its midnight in UTC, as the original service read it.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    let (year, rest) = split_year(text)?;
    // The calendar repeats every 400 years, and the parser knows years of four digits.
    let known = 2_000 + year.rem_euclid(400);
    let shift_ms = i128::from((year - known) / 400) * CYCLE_MS;
    let rest = match rest.len() {
        MONTH_AND_DAY => format!("{rest}T00:00:00Z"),
        _ => with_colon(rest),
    };
    let date = DateTime::parse_rfc3339_str(format!("{known}{rest}")).ok()?;
    i64::try_from(i128::from(date.timestamp_millis()) + shift_ms).ok().map(DateTime::from_millis)
}

const MONTH_AND_DAY: usize = "-11-20".len();
const CYCLE_MS: i128 = 146_097 * 86_400_000;

/// A year of four digits, or a sign and six to nine (ISO 8601, 4.1.2.4).
fn split_year(text: &str) -> Option<(i64, &str)> {
    let is_extended = text.starts_with(['+', '-']);
    let signed = usize::from(is_extended);
    let digits = text.get(signed..)?.bytes().take_while(u8::is_ascii_digit).count();
    let is_year = if is_extended { (6..=9).contains(&digits) } else { digits == 4 };
    let (year, rest) = text.split_at_checked(signed + digits).filter(|_| is_year)?;
    Some((year.parse().ok()?, rest))
}

/// `+0530` as `+05:30`.
fn with_colon(rest: &str) -> String {
    let offset = rest.len().checked_sub("+0530".len()).and_then(|at| rest.split_at_checked(at));
    match offset {
        Some((time, offset)) if time.contains('T') && offset.starts_with(['+', '-']) && is_number(offset.get(1..)) => {
            let (hours, minutes) = offset.split_at(3);
            format!("{time}{hours}:{minutes}")
        }
        _ => rest.to_owned(),
    }
}

fn is_number(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ejson::iso_date;

    #[test]
    fn a_date_is_read_with_either_offset_and_any_year() {
        let table = [
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000Z"),
            ("2020-01-01T00:00:00.5+05:30", "2019-12-31T18:30:00.500Z"),
            ("2020-01-01T00:00:00+0530", "2019-12-31T18:30:00.000Z"),
            ("2020-01-01T00:00:00-0800", "2020-01-01T08:00:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("0000-02-29T00:00:00Z", "0000-02-29T00:00:00.000Z"),
            ("+010000-01-01", "+010000-01-01T00:00:00.000Z"),
            ("-000001-12-31T23:59:59.999Z", "-000001-12-31T23:59:59.999Z"),
        ];
        for (text, expected) in table {
            let date = parse(text).unwrap_or_else(|| panic!("{text} is no date"));
            assert_eq!(iso_date(date.timestamp_millis()), expected, "{text}");
        }
    }

    #[test]
    fn every_date_that_is_written_is_read_back() {
        for millis in [i64::MIN, -62_198_755_200_001, -1, 0, 253_402_300_800_000, 8_640_000_000_000_000, i64::MAX] {
            assert_eq!(parse(&iso_date(millis)), Some(DateTime::from_millis(millis)), "{millis}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "20200101",
            "2020-02-30",
            "2021-02-29",
            "2020-01-01T00:00:00",
            "2020-01-01T00:00:00+05",
            "+2020-01-01",
            "+999999999-01-01",
            "2020-01-01T00:00:00+053é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
