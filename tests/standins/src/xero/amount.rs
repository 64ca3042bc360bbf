//! Decimal amounts of four places, as Xero keeps them.

use serde_json::Value;
use std::iter::Sum;
use std::ops::{Add, Sub};

const SCALE: i64 = 10_000;
const PLACES: usize = 4;

/// Ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(i64);

impl Amount {
    pub(crate) const ZERO: Self = Self(0);

    /// Reads a number, or a number in a string.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > PLACES {
            return None;
        }
        let units: i64 = format!("{whole}{fraction:0<PLACES$}").parse().ok()?;
        Some(Self(sign * units))
    }

    /// The product, rounded to cents.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let cent = i128::from(SCALE / 100);
        let product = i128::from(self.0) * i128::from(other.0) / i128::from(SCALE);
        let cents = (product + cent / 2).div_euclid(cent);
        i64::try_from(cents * cent).ok().map(Self)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// A JSON number; amounts are bounded so that the shortest form is the amount itself.
    pub(crate) fn to_json(self) -> Value {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let scale = SCALE.unsigned_abs();
        let text = format!("{sign}{}.{:0PLACES$}", size / scale, size % scale);
        let text = text.trim_end_matches('0');
        let text = if text.ends_with('.') { format!("{text}00") } else { text.to_owned() };
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_exact() {
        for (value, expected) in [(json!(1234.56), "1234.56"), (json!("0.1"), "0.1"), (json!(20), "20.0"), (json!(-1.5), "-1.5")]
        {
            assert_eq!(Amount::read(&value).unwrap().to_json().to_string(), expected);
        }
        for value in [json!(1.00001), json!("1e3"), json!(null), json!("")] {
            assert_eq!(Amount::read(&value), None, "{value}");
        }
        let times = |a: &str, b: &str| Amount::parse(a).unwrap().times(Amount::parse(b).unwrap()).unwrap();
        assert_eq!(times("3", "0.1"), Amount::parse("0.3").unwrap());
        assert_eq!(times("1", "0.005"), Amount::parse("0.01").unwrap());
    }
}
