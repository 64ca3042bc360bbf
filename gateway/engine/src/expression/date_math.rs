//! `$dateAdd`, `$dateSubtract`, `$dateDiff`, `$dateTrunc`, and units of time.

use bson::Bson;

use super::{
    Operator,
    calendar::{self, Civil},
    is_nullish,
    named::Arguments,
    operator::argument,
    timezone::Zone,
    type_name,
};
use crate::{
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$dateAdd", &SHIFT, |arguments| shift("$dateAdd", arguments, 1)),
    Operator::named("$dateSubtract", &SHIFT, |arguments| shift("$dateSubtract", arguments, -1)),
    Operator::named("$dateDiff", &DIFFERENCE, difference),
    Operator::named("$dateTrunc", &TRUNCATION, truncate),
];

const SHIFT: Arguments = Arguments {
    required: &["startDate", "unit", "amount"],
    optional: &["timezone"],
    not_an_object: 5166400,
    unknown: 5166401,
    missing: 5166402,
    alone: None,
};

const DIFFERENCE: Arguments = Arguments {
    required: &["startDate", "endDate", "unit"],
    optional: &["timezone", "startOfWeek"],
    not_an_object: 5166301,
    unknown: 5166302,
    missing: 5166303,
    alone: None,
};

const TRUNCATION: Arguments = Arguments {
    required: &["date", "unit"],
    optional: &["binSize", "timezone", "startOfWeek"],
    not_an_object: 5439007,
    unknown: 5439008,
    missing: 5439009,
    alone: None,
};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl Unit {
    pub fn parse(name: &str) -> Option<Unit> {
        Some(match name {
            "year" => Unit::Year,
            "quarter" => Unit::Quarter,
            "month" => Unit::Month,
            "week" => Unit::Week,
            "day" => Unit::Day,
            "hour" => Unit::Hour,
            "minute" => Unit::Minute,
            "second" => Unit::Second,
            "millisecond" => Unit::Millisecond,
            _ => return None,
        })
    }

    /// How long it is, roughly for those of varying length.
    pub fn millis(self) -> f64 {
        match self {
            Unit::Year => 31_536_000_000.0,
            Unit::Quarter => 7_884_000_000.0,
            Unit::Month => 2_628_000_000.0,
            Unit::Week => 604_800_000.0,
            Unit::Day => 86_400_000.0,
            Unit::Hour => 3_600_000.0,
            Unit::Minute => 60_000.0,
            Unit::Second => 1000.0,
            Unit::Millisecond => 1.0,
        }
    }

    fn months(self) -> Option<i64> {
        match self {
            Unit::Year => Some(12),
            Unit::Quarter => Some(3),
            Unit::Month => Some(1),
            _ => None,
        }
    }

    fn is_clock(self) -> bool {
        matches!(self, Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond)
    }

    /// Later by `amount`, in UTC.
    pub fn add(self, at_ms: i64, amount: i64) -> Result<i64> {
        let overflow = || Error::new(5976500, "date overflow");
        match self.months() {
            Some(months) => {
                let months = amount.checked_mul(months).ok_or_else(overflow)?;
                calendar::add_months(at_ms, months).ok_or_else(overflow)
            }
            None => {
                amount.checked_mul(self.millis() as i64).and_then(|distance| at_ms.checked_add(distance)).ok_or_else(overflow)
            }
        }
    }
}

fn unit_of(name: &str, value: &Bson, codes: (i32, i32)) -> Result<Unit> {
    let Bson::String(text) = value else {
        return Err(Error::new(codes.0, format!("{name} requires 'unit' to be a string, but got {}", type_name(value))));
    };
    Unit::parse(text)
        .ok_or_else(|| Error::new(codes.1, format!("{name} parameter 'unit' value cannot be recognized as a time unit: {text}")))
}

fn shift(name: &str, arguments: &[Bson], sign: i64) -> Result<Bson> {
    if arguments.iter().take(3).any(is_nullish) || arguments.get(3) == Some(&Bson::Null) {
        return Ok(Bson::Null);
    }
    let at = calendar::millis(argument(arguments, 0))
        .ok_or_else(|| Error::new(5166403, format!("{name} requires startDate to be convertible to a date")))?;
    let unit = unit_of(name, argument(arguments, 1), (5166404, 9))?;
    let amount = Number::from_bson(argument(arguments, 2))
        .and_then(Number::to_i64_exact)
        .ok_or_else(|| Error::new(5166405, format!("{name} expects integer amount of time units")))?;
    let zone = Zone::of_argument(argument(arguments, 3))?;
    let amount = amount.checked_mul(sign).ok_or_else(|| Error::new(5976500, "date overflow"))?;
    let moved = if unit.is_clock() { unit.add(at, amount)? } else { zone.to_utc(unit.add(zone.to_local(at), amount)?) };
    Ok(Bson::DateTime(bson::DateTime::from_millis(moved)))
}

fn difference(arguments: &[Bson]) -> Result<Bson> {
    if arguments.iter().take(3).any(is_nullish) || arguments.get(3) == Some(&Bson::Null) {
        return Ok(Bson::Null);
    }
    let date = |index: usize, what: &str| {
        calendar::millis(argument(arguments, index))
            .ok_or_else(|| Error::new(5166307, format!("$dateDiff requires '{what}' to be a date")))
    };
    let (start, end) = (date(0, "startDate")?, date(1, "endDate")?);
    let unit = unit_of("$dateDiff", argument(arguments, 2), (5439013, 9))?;
    let zone = Zone::of_argument(argument(arguments, 3))?;
    let first_day = start_of_week("$dateDiff", argument(arguments, 4))?;
    let (start, end) = (zone.to_local(start), zone.to_local(end));
    Ok(Bson::Int64(ordinal(end, unit, first_day) - ordinal(start, unit, first_day)))
}

/// How many units began since the epoch.
fn ordinal(local_ms: i64, unit: Unit, first_day: i64) -> i64 {
    if let Some(months) = unit.months() {
        let civil = Civil::of(local_ms);
        return (civil.year * 12 + civil.month - 1).div_euclid(months);
    }
    match unit {
        Unit::Week => (local_ms.div_euclid(86_400_000) + 3 - first_day).div_euclid(7),
        _ => local_ms.div_euclid(unit.millis() as i64),
    }
}

/// Monday is 0.
fn start_of_week(name: &str, value: &Bson) -> Result<i64> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = match value {
        Bson::Null | Bson::Undefined => return Ok(6),
        Bson::String(text) => text.to_lowercase(),
        _ => return Err(Error::new(5439015, format!("{name} requires 'startOfWeek' to be a string"))),
    };
    let found = DAYS.iter().position(|day| text == *day || text.len() == 3 && day.starts_with(&text));
    found.and_then(|day| i64::try_from(day).ok()).ok_or_else(|| {
        Error::new(9, format!("{name} parameter 'startOfWeek' value cannot be recognized as a day of a week: {text}"))
    })
}

fn truncate(arguments: &[Bson]) -> Result<Bson> {
    let nullish = |index: usize| is_nullish(argument(arguments, index));
    if nullish(0) || nullish(1) || arguments.get(2) == Some(&Bson::Null) || arguments.get(3) == Some(&Bson::Null) {
        return Ok(Bson::Null);
    }
    let at =
        calendar::millis(argument(arguments, 0)).ok_or_else(|| Error::new(5439012, "$dateTrunc requires 'date' to be a date"))?;
    let unit = unit_of("$dateTrunc", argument(arguments, 1), (5439013, 5439014))?;
    let size = match argument(arguments, 2) {
        Bson::Undefined => 1,
        value => Number::from_bson(value)
            .and_then(Number::to_i64_exact)
            .filter(|size| *size > 0)
            .ok_or_else(|| Error::new(5439018, "$dateTrunc requires 'binSize' to be a positive 64-bit integer"))?,
    };
    let zone = Zone::of_argument(argument(arguments, 3))?;
    let first_day = start_of_week("$dateTrunc", argument(arguments, 4))?;
    let local = floor(zone.to_local(at), unit, size, first_day)
        .ok_or_else(|| Error::new(5439018, "$dateTrunc requires a 'binSize' that does not overflow"))?;
    Ok(Bson::DateTime(bson::DateTime::from_millis(zone.to_utc(local))))
}

/// Bins are counted from the start of the year 2000.
fn floor(local_ms: i64, unit: Unit, size: i64, first_day: i64) -> Option<i64> {
    const REFERENCE_DAY: i64 = 10_957;
    if let Some(months) = unit.months() {
        let civil = Civil::of(local_ms);
        let since = (civil.year - 2000) * 12 + civil.month - 1;
        let width = months.checked_mul(size)?;
        let begun = since.div_euclid(width).checked_mul(width)?;
        let start = Civil { year: 2000, month: begun.checked_add(1)?, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 };
        return start.millis();
    }
    let (reference, width) = match unit {
        Unit::Week => {
            let weekday = (REFERENCE_DAY + 3).rem_euclid(7);
            let first = REFERENCE_DAY + (first_day - weekday).rem_euclid(7);
            (first * 86_400_000, size.checked_mul(604_800_000)?)
        }
        _ => (REFERENCE_DAY * 86_400_000, size.checked_mul(unit.millis() as i64)?),
    };
    local_ms.checked_sub(reference)?.div_euclid(width).checked_mul(width)?.checked_add(reference)
}
