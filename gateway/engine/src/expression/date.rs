//! Parts of dates, and dates from parts.

use bson::{Bson, DateTime, doc};

use super::{
    Operator,
    calendar::{self, Civil},
    is_nullish, is_truthy,
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
    Operator::named("$year", &PART, |arguments| part(arguments, |civil| civil.year)),
    Operator::named("$month", &PART, |arguments| part(arguments, |civil| civil.month)),
    Operator::named("$dayOfMonth", &PART, |arguments| part(arguments, |civil| civil.day)),
    Operator::named("$hour", &PART, |arguments| part(arguments, |civil| civil.hour)),
    Operator::named("$minute", &PART, |arguments| part(arguments, |civil| civil.minute)),
    Operator::named("$second", &PART, |arguments| part(arguments, |civil| civil.second)),
    Operator::named("$millisecond", &PART, |arguments| part(arguments, |civil| civil.millisecond)),
    Operator::named("$dayOfYear", &PART, |arguments| part(arguments, Civil::day_of_year)),
    Operator::named("$dayOfWeek", &PART, |arguments| part(arguments, |civil| civil.iso_weekday() % 7 + 1)),
    Operator::named("$week", &PART, |arguments| part(arguments, week)),
    Operator::named("$isoDayOfWeek", &PART, |arguments| part(arguments, Civil::iso_weekday)),
    Operator::named("$isoWeek", &PART, |arguments| part(arguments, |civil| civil.iso_week().1)),
    Operator::named("$isoWeekYear", &PART, iso_week_year),
    Operator::named("$dateToParts", &TO_PARTS, to_parts),
    Operator::named("$dateFromParts", &FROM_PARTS, from_parts),
];

const PART: Arguments = Arguments {
    required: &["date"],
    optional: &["timezone"],
    not_an_object: 40536,
    unknown: 40535,
    missing: 40539,
    alone: Some("date"),
};

const TO_PARTS: Arguments = Arguments {
    required: &["date"],
    optional: &["timezone", "iso8601"],
    not_an_object: 40524,
    unknown: 40520,
    missing: 40522,
    alone: None,
};

const FROM_PARTS: Arguments = Arguments {
    required: &[],
    optional: &[
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "millisecond",
        "timezone",
        "isoWeekYear",
        "isoWeek",
        "isoDayOfWeek",
    ],
    not_an_object: 40519,
    unknown: 40518,
    missing: 40516,
    alone: None,
};

/// The local date; `None` where something is null.
fn local(arguments: &[Bson]) -> Result<Option<Civil>> {
    let value = argument(arguments, 0);
    if is_nullish(value) || *argument(arguments, 1) == Bson::Null {
        return Ok(None);
    }
    let at = calendar::millis(value)
        .ok_or_else(|| Error::new(16006, format!("can't convert from BSON type {} to Date", type_name(value))))?;
    let zone = Zone::of_argument(argument(arguments, 1))?;
    Ok(Some(Civil::of(zone.to_local(at))))
}

fn int(value: i64) -> Bson {
    i32::try_from(value).map_or(Bson::Int64(value), Bson::Int32)
}

fn part(arguments: &[Bson], read: fn(&Civil) -> i64) -> Result<Bson> {
    Ok(local(arguments)?.map_or(Bson::Null, |civil| int(read(&civil))))
}

fn iso_week_year(arguments: &[Bson]) -> Result<Bson> {
    Ok(local(arguments)?.map_or(Bson::Null, |civil| Bson::Int64(civil.iso_week().0)))
}

/// Weeks begin on Sunday; days before the first Sunday are in week 0.
fn week(civil: &Civil) -> i64 {
    let weekday = civil.iso_weekday() % 7;
    (civil.day_of_year() + 6 - weekday) / 7
}

fn to_parts(arguments: &[Bson]) -> Result<Bson> {
    let Some(civil) = local(arguments)? else {
        return Ok(Bson::Null);
    };
    let mut parts = if is_truthy(argument(arguments, 2)) {
        let (year, week) = civil.iso_week();
        doc! {"isoWeekYear": int(year), "isoWeek": int(week), "isoDayOfWeek": int(civil.iso_weekday())}
    } else {
        doc! {"year": int(civil.year), "month": int(civil.month), "day": int(civil.day)}
    };
    for (name, value) in
        [("hour", civil.hour), ("minute", civil.minute), ("second", civil.second), ("millisecond", civil.millisecond)]
    {
        parts.insert(name, int(value));
    }
    Ok(Bson::Document(parts))
}

fn from_parts(arguments: &[Bson]) -> Result<Bson> {
    if arguments.contains(&Bson::Null) {
        return Ok(Bson::Null);
    }
    let read = |index: usize, default: i64| match argument(arguments, index) {
        Bson::Undefined => Ok(default),
        value => Number::from_bson(value)
            .and_then(Number::to_i64_exact)
            .ok_or_else(|| Error::new(40515, format!("$dateFromParts must evaluate to an integer, found {}", type_name(value)))),
    };
    let zone = Zone::of_argument(argument(arguments, 7))?;
    let given = |index: usize| *argument(arguments, index) != Bson::Undefined;
    let clock = Civil {
        year: 1970,
        month: 1,
        day: 1,
        hour: read(3, 0)?,
        minute: read(4, 0)?,
        second: read(5, 0)?,
        millisecond: read(6, 0)?,
    };
    let overflow = || Error::new(40523, "$dateFromParts is out of range");
    let civil = match (given(0), given(8)) {
        (true, false) => Civil { year: read(0, 1970)?, month: read(1, 1)?, day: read(2, 1)?, ..clock },
        (false, true) => {
            let year = read(8, 1970)?;
            if !(1..=9999).contains(&year) {
                return Err(Error::new(31095, "'isoWeekYear' must evaluate to an integer in the range 1 to 9999"));
            }
            let weeks = read(9, 1)?.checked_sub(1).and_then(|weeks| weeks.checked_mul(7)).ok_or_else(overflow)?;
            let day = calendar::iso_year_start(year).checked_add(weeks).and_then(|day| day.checked_add(read(10, 1).ok()?));
            Civil { day: day.ok_or_else(overflow)?, ..clock }
        }
        (true, true) => return Err(Error::new(40489, "$dateFromParts does not allow mixing natural dates with ISO dates")),
        (false, false) => return Err(Error::new(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")),
    };
    if given(0) && !(1..=9999).contains(&civil.year) {
        return Err(Error::new(40523, "'year' must evaluate to an integer in the range 1 to 9999"));
    }
    let local = civil.millis().ok_or_else(overflow)?;
    Ok(Bson::DateTime(DateTime::from_millis(zone.to_utc(local))))
}
