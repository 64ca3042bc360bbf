//! Dates to text and back.

use bson::{Bson, DateTime};

use super::{
    Operator,
    calendar::{self, Civil},
    is_nullish,
    named::Arguments,
    operator::argument,
    timezone::Zone,
    type_name,
};
use crate::error::{Error, Result};

pub(super) const OPERATORS: &[Operator] =
    &[Operator::named("$dateToString", &TO_STRING, to_string), Operator::named("$dateFromString", &FROM_STRING, from_string)];

const TO_STRING: Arguments = Arguments {
    required: &["date"],
    optional: &["format", "timezone", "onNull"],
    not_an_object: 18629,
    unknown: 18534,
    missing: 18628,
    alone: None,
};

const FROM_STRING: Arguments = Arguments {
    required: &["dateString"],
    optional: &["format", "timezone", "onNull", "onError"],
    not_an_object: 40540,
    unknown: 40541,
    missing: 40542,
    alone: None,
};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

pub(super) fn iso(ms: i64) -> String {
    format(&Civil::of(ms), Zone::UTC, ms, "%Y-%m-%dT%H:%M:%S.%LZ").unwrap_or_default()
}

fn to_string(arguments: &[Bson]) -> Result<Bson> {
    let value = argument(arguments, 0);
    if is_nullish(value) {
        return Ok(super::null_if_missing(argument(arguments, 3).clone()));
    }
    if *argument(arguments, 1) == Bson::Null || *argument(arguments, 2) == Bson::Null {
        return Ok(Bson::Null);
    }
    let at = calendar::millis(value)
        .ok_or_else(|| Error::new(16006, format!("can't convert from BSON type {} to Date", type_name(value))))?;
    let zone = Zone::of_argument(argument(arguments, 2))?;
    let pattern = match argument(arguments, 1) {
        Bson::String(pattern) => pattern.as_str(),
        Bson::Undefined if *argument(arguments, 2) == Bson::Undefined => "%Y-%m-%dT%H:%M:%S.%LZ",
        Bson::Undefined => "%Y-%m-%dT%H:%M:%S.%L",
        _ => return Err(Error::new(18533, "$dateToString requires that 'format' be a string")),
    };
    format(&Civil::of(zone.to_local(at)), zone, at, pattern).map(Bson::String)
}

fn format(civil: &Civil, zone: Zone, at: i64, pattern: &str) -> Result<String> {
    let mut text = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let offset_minutes = zone.offset_ms(at) / 60_000;
        let month_name = || usize::try_from(civil.month - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or("");
        let part = match letters.next() {
            Some('Y') => format!("{:04}", civil.year),
            Some('m') => format!("{:02}", civil.month),
            Some('d') => format!("{:02}", civil.day),
            Some('H') => format!("{:02}", civil.hour),
            Some('M') => format!("{:02}", civil.minute),
            Some('S') => format!("{:02}", civil.second),
            Some('L') => format!("{:03}", civil.millisecond),
            Some('j') => format!("{:03}", civil.day_of_year()),
            Some('w') => (civil.iso_weekday() % 7 + 1).to_string(),
            Some('u') => civil.iso_weekday().to_string(),
            Some('U') => format!("{:02}", (civil.day_of_year() + 6 - civil.iso_weekday() % 7) / 7),
            Some('V') => format!("{:02}", civil.iso_week().1),
            Some('G') => format!("{:04}", civil.iso_week().0),
            Some('B') => month_name().to_owned(),
            Some('b') => month_name().chars().take(3).collect(),
            Some('z') => format!("{}{:02}{:02}", sign(offset_minutes), offset_minutes.abs() / 60, offset_minutes.abs() % 60),
            Some('Z') => offset_minutes.to_string(),
            Some('%') => "%".to_owned(),
            Some(other) => return Err(Error::new(18536, format!("Invalid format character '%{other}' in format string"))),
            None => return Err(Error::new(18535, "Unmatched '%' at end of format string")),
        };
        text.push_str(&part);
    }
    Ok(text)
}

fn sign(minutes: i64) -> char {
    if minutes < 0 { '-' } else { '+' }
}

fn from_string(arguments: &[Bson]) -> Result<Bson> {
    let value = argument(arguments, 0);
    if is_nullish(value) {
        return Ok(super::null_if_missing(argument(arguments, 3).clone()));
    }
    let parsed = parse_argument(value, argument(arguments, 1), argument(arguments, 2));
    match (parsed, argument(arguments, 4)) {
        (Err(error), on_error) if error.code == 241 && *on_error != Bson::Undefined => Ok(on_error.clone()),
        (parsed, _) => parsed,
    }
}

fn parse_argument(value: &Bson, pattern: &Bson, zone: &Bson) -> Result<Bson> {
    let Bson::String(text) = value else {
        return Err(Error::new(
            241,
            format!("$dateFromString requires that 'dateString' be a string, found: {}", type_name(value)),
        ));
    };
    if *zone == Bson::Null || *pattern == Bson::Null {
        return Ok(Bson::Null);
    }
    let zone = Zone::of_argument(zone)?;
    let refused = || Error::new(241, format!("Error parsing date string '{text}'"));
    let ms = match pattern {
        Bson::String(pattern) => parse_by(text, pattern, zone).ok_or_else(refused)?,
        Bson::Undefined => parse_iso(text, zone).ok_or_else(refused)?,
        _ => return Err(Error::new(40684, "$dateFromString requires that 'format' be a string")),
    };
    Ok(Bson::DateTime(DateTime::from_millis(ms)))
}

/// ISO 8601, with or without time and offset.
pub(super) fn parse_iso(text: &str, zone: Zone) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, ""),
    };
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(1))?);
    if !(1..=12).contains(&month) || !(1..=calendar::days_in_month(year, month)).contains(&day) {
        return None;
    }
    let (clock, zone) = split_zone(rest, zone)?;
    let mut civil = Civil { year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 };
    if !clock.is_empty() {
        read_clock(clock, &mut civil)?;
    }
    civil.millis().map(|local| zone.to_utc(local))
}

fn split_zone(rest: &str, default: Zone) -> Option<(&str, Zone)> {
    let rest = rest.trim();
    if let Some(clock) = rest.strip_suffix(['Z', 'z']) {
        return Some((clock, Zone::UTC));
    }
    match rest.rfind(['+', '-']) {
        Some(at) => Some((rest.get(..at)?.trim_end(), Zone::parse(rest.get(at..)?).ok()?)),
        None => Some((rest, default)),
    }
}

fn read_clock(clock: &str, civil: &mut Civil) -> Option<()> {
    let mut parts = clock.splitn(3, ':');
    civil.hour = parts.next()?.parse().ok().filter(|hour| (0..24).contains(hour))?;
    civil.minute = parts.next().unwrap_or("0").parse().ok().filter(|minute| (0..60).contains(minute))?;
    let (second, fraction) = match parts.next() {
        None => ("0", ""),
        Some(part) => part.split_once(['.', ',']).unwrap_or((part, "")),
    };
    civil.second = second.parse().ok().filter(|second| (0..60).contains(second))?;
    if !fraction.is_empty() {
        let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
        civil.millisecond = millis.parse().ok()?;
    }
    Some(())
}

fn parse_by(text: &str, pattern: &str, zone: Zone) -> Option<i64> {
    let mut rest = text;
    let mut civil = Civil { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 };
    let mut zone = zone;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let kind = letters.next()?;
        let most = match kind {
            'Y' => 4,
            'L' | 'j' => 3,
            'z' => rest.len(),
            _ => 2,
        };
        let length = rest
            .char_indices()
            .take(most)
            .take_while(|(_, letter)| letter.is_ascii_digit() || (kind == 'z' && matches!(letter, '+' | '-' | ':' | 'Z')))
            .count();
        let part = rest.get(..length)?;
        rest = rest.get(length..)?;
        if kind == 'z' {
            zone = Zone::parse(part).ok()?;
            continue;
        }
        let number: i64 = part.parse().ok()?;
        match kind {
            'Y' => civil.year = number,
            'm' => civil.month = number,
            'd' => civil.day = number,
            'H' => civil.hour = number,
            'M' => civil.minute = number,
            'S' => civil.second = number,
            'L' => civil.millisecond = number,
            'j' => {
                civil.month = 1;
                civil.day = number;
            }
            _ => return None,
        }
    }
    if !rest.is_empty() || !(1..=12).contains(&civil.month) {
        return None;
    }
    civil.millis().map(|local| zone.to_utc(local))
}
