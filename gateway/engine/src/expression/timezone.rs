//! Time zones: UTC, offsets such as `+05:30`, and names of the Olson database.

use bson::Bson;
use chrono::{Offset, TimeZone};

use super::type_name;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy)]
pub enum Zone {
    Fixed { offset_ms: i64 },
    Named(chrono_tz::Tz),
}

impl Zone {
    pub const UTC: Zone = Zone::Fixed { offset_ms: 0 };

    /// The optional argument of the date operators; missing is UTC.
    pub fn of_argument(value: &Bson) -> Result<Zone> {
        match value {
            Bson::Undefined => Ok(Zone::UTC),
            Bson::String(name) => Zone::parse(name),
            other => Err(Error::new(40533, format!("timezone must evaluate to a string, found {}", type_name(other)))),
        }
    }

    pub fn parse(name: &str) -> Result<Zone> {
        if matches!(name, "UTC" | "GMT" | "Z") {
            return Ok(Zone::UTC);
        }
        if let Some(offset_ms) = offset(name) {
            return Ok(Zone::Fixed { offset_ms });
        }
        name.parse().map(Zone::Named).map_err(|_| Error::new(40485, format!("unrecognized time zone identifier: \"{name}\"")))
    }

    pub fn offset_ms(self, utc_ms: i64) -> i64 {
        match self {
            Zone::Fixed { offset_ms } => offset_ms,
            Zone::Named(zone) => {
                let at = chrono::DateTime::from_timestamp_millis(utc_ms).unwrap_or_default();
                let offset = zone.offset_from_utc_datetime(&at.naive_utc());
                i64::from(offset.fix().local_minus_utc()) * 1000
            }
        }
    }

    pub fn to_local(self, utc_ms: i64) -> i64 {
        utc_ms.saturating_add(self.offset_ms(utc_ms))
    }

    /// Of two possible instants the earlier offset's.
    pub fn to_utc(self, local_ms: i64) -> i64 {
        let guess = local_ms.saturating_sub(self.offset_ms(local_ms));
        local_ms.saturating_sub(self.offset_ms(guess))
    }
}

/// `+hh`, `+hhmm` or `+hh:mm`.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits: String = rest.chars().filter(|letter| *letter != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    Some(sign * (hours * 60 + minutes) * 60_000)
}
