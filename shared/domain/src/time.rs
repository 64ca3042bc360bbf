//! Points in time, in milliseconds since 1970, written as RFC 3339 in UTC.

use crate::json;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// A point in time, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// The last moment that can be written, for what never happens.
    pub const NEVER: Self = Self(253_402_300_799_999);

    /// From milliseconds since 1970.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// From RFC 3339 text of any offset, between the years 1 and 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        let ms = at.timestamp_millis();
        (-62_135_596_800_000..=Self::NEVER.0).contains(&ms).then_some(Self(ms))
    }

    /// This time and so many milliseconds.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// This time and so many days of 24 hours.
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_ms(days.saturating_mul(86_400_000))
    }

    /// As the database takes it: a date in Extended JSON.
    pub fn ejson(self) -> Value {
        json!({ "$date": self.to_string() })
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        out.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Value::String(time.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_offset_becomes_utc_with_milliseconds() {
        let cases = [
            ("2026-11-20T05:00:00Z", "2026-11-20T05:00:00.000Z"),
            ("2026-11-20T05:00:00.1234+02:00", "2026-11-20T03:00:00.123Z"),
        ];
        for (given, expected) in cases {
            assert_eq!(Time::parse(given).unwrap().to_string(), expected);
        }
        for bad in ["", "2026-11-20", "tomorrow", "2026-13-01T00:00:00Z"] {
            assert_eq!(Time::parse(bad), None, "{bad}");
        }
    }
}
