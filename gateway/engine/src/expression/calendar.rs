//! The proleptic Gregorian calendar over milliseconds.

use bson::Bson;

pub const DAY_MS: i64 = 86_400_000;

/// A date and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub millisecond: i64,
}

impl Civil {
    pub fn of(ms: i64) -> Civil {
        let days = ms.div_euclid(DAY_MS);
        let rest = ms.rem_euclid(DAY_MS);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }

    /// Parts beyond their range carry over.
    pub fn millis(&self) -> Option<i64> {
        let months = self.year.checked_mul(12)?.checked_add(self.month.checked_sub(1)?)?;
        const MONTHS_LIMIT: i64 = 12 * 300_000_000;
        if months.abs() > MONTHS_LIMIT {
            return None;
        }
        let days = days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1).checked_add(self.day.checked_sub(1)?)?;
        let clock = self
            .hour
            .checked_mul(3_600_000)?
            .checked_add(self.minute.checked_mul(60_000)?)?
            .checked_add(self.second.checked_mul(1000)?)?
            .checked_add(self.millisecond)?;
        days.checked_mul(DAY_MS)?.checked_add(clock)
    }

    pub fn day_of_year(&self) -> i64 {
        days_from_civil(self.year, self.month, self.day) - days_from_civil(self.year, 1, 1) + 1
    }

    /// Monday is 1.
    pub fn iso_weekday(&self) -> i64 {
        (days_from_civil(self.year, self.month, self.day) + 3).rem_euclid(7) + 1
    }

    pub fn iso_week(&self) -> (i64, i64) {
        let week = (self.day_of_year() - self.iso_weekday() + 10) / 7;
        if week < 1 {
            return (self.year - 1, iso_weeks_in(self.year - 1));
        }
        if week > iso_weeks_in(self.year) {
            return (self.year + 1, 1);
        }
        (self.year, week)
    }
}

/// The milliseconds of what can be taken as a date.
pub fn millis(value: &Bson) -> Option<i64> {
    match value {
        Bson::DateTime(at) => Some(at.timestamp_millis()),
        Bson::Timestamp(at) => Some(i64::from(at.time) * 1000),
        Bson::ObjectId(id) => Some(id.timestamp().timestamp_millis()),
        _ => None,
    }
}

/// The day of the month is kept, or the last there is.
pub fn add_months(at_ms: i64, months: i64) -> Option<i64> {
    let mut civil = Civil::of(at_ms);
    let total = civil.year.checked_mul(12)?.checked_add(civil.month - 1)?.checked_add(months)?;
    civil.year = total.div_euclid(12);
    civil.month = total.rem_euclid(12) + 1;
    civil.day = civil.day.min(days_in_month(civil.year, civil.month));
    civil.millis()
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next_month, 1) - days_from_civil(year, month, 1)
}

/// Monday of the first ISO week.
pub fn iso_year_start(year: i64) -> i64 {
    let fourth = days_from_civil(year, 1, 4);
    fourth - (fourth + 3).rem_euclid(7)
}

fn iso_weeks_in(year: i64) -> i64 {
    (iso_year_start(year + 1) - iso_year_start(year)) / 7
}

/// Days since 1970-01-01, by Howard Hinnant's algorithm.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * month_index + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_round_trip() {
        for ms in [0, -1, 951_782_400_000, 1_700_000_000_123, -62_135_596_800_000, 253_402_300_799_999] {
            assert_eq!(Civil::of(ms).millis(), Some(ms));
        }
    }

    #[test]
    fn iso_weeks_belong_to_the_year_of_their_thursday() {
        let week = |year, month, day| Civil::of(days_from_civil(year, month, day) * DAY_MS).iso_week();
        assert_eq!(week(2021, 1, 3), (2020, 53));
        assert_eq!(week(2024, 12, 30), (2025, 1));
        assert_eq!(week(2026, 1, 1), (2026, 1));
    }

    #[test]
    fn months_are_added_to_the_last_day_there_is() {
        let at = days_from_civil(2024, 1, 31) * DAY_MS;
        assert_eq!(add_months(at, 1), Some(days_from_civil(2024, 2, 29) * DAY_MS));
    }
}
