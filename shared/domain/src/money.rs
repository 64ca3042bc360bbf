//! Money: whole minor units of one currency, never added across currencies, split so that the parts sum to the whole.

use crate::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Doc, Error, Result};

/// The largest amount taken: exact in every JSON reader (2^53 - 1).
pub const MINOR_MAX: i64 = 9_007_199_254_740_991;

/// ISO 4217 alphabetic codes whose minor unit is not the hundredth, with their exponent (list one of 2026-01-01).
const EXPONENTS: &[(&str, u32)] = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
    ("CLF", 4),
    ("UYW", 4),
];

/// ISO 4217 alphabetic codes with a minor unit of a hundredth.
const HUNDREDTHS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP \
COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD \
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON \
RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD \
XCG YER ZAR ZMW ZWG";

/// The number of digits after the point of a currency, or nothing when there is no such currency.
pub fn exponent(currency: &str) -> Option<u32> {
    let special = EXPONENTS.iter().find(|(code, _)| *code == currency).map(|(_, digits)| *digits);
    special.or_else(|| (currency.len() == 3 && HUNDREDTHS.split(' ').any(|code| code == currency)).then_some(2))
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's minor unit.
    pub minor: i64,
    /// The ISO 4217 code.
    pub currency: String,
}

impl Money {
    /// So many minor units of a currency.
    pub fn new(minor: i64, currency: &str) -> Self {
        Self { minor, currency: currency.to_owned() }
    }

    /// The amount in a field of a record.
    pub fn of(doc: &Doc, field: &str) -> Result<Money> {
        let money = doc.get(field).and_then(|value| serde_json::from_value(value.clone()).ok());
        money.ok_or_else(|| Error::internal(format!("no money in {field}")))
    }

    /// The sum, when both are of one currency and it can be held.
    pub fn plus(&self, other: &Money) -> Result<Money> {
        if self.currency != other.currency {
            return Err(Error::conflict("currency-mismatch", "Amounts of different currencies cannot be added."));
        }
        let minor = self.minor.checked_add(other.minor).filter(|sum| sum.abs() <= MINOR_MAX);
        let minor = minor.ok_or_else(|| Error::conflict("amount-too-large", "The sum is too large."))?;
        Ok(Money::new(minor, &self.currency))
    }

    /// The share of so many hundredths of a percent, rounded half away from zero.
    pub fn basis_points(&self, points: i64) -> Money {
        let exact = i128::from(self.minor) * i128::from(points);
        let rounded = (exact.abs() + 5_000) / 10_000 * exact.signum();
        Money::new(i64::try_from(rounded).unwrap_or(MINOR_MAX), &self.currency)
    }

    /// Parts in proportion to the weights; the largest remainders get the units that rounding left over, so the parts sum to the whole.
    pub fn split(&self, weights: &[u32]) -> Vec<Money> {
        let total = weights.iter().map(|weight| i128::from(*weight)).sum::<i128>().max(1);
        let mut parts: Vec<(usize, i64, i128)> = weights
            .iter()
            .enumerate()
            .map(|(at, weight)| {
                let exact = i128::from(self.minor) * i128::from(*weight);
                (at, i64::try_from(exact.div_euclid(total)).unwrap_or(0), exact.rem_euclid(total))
            })
            .collect();
        let given: i64 = parts.iter().map(|(_, minor, _)| minor).sum();
        let left = usize::try_from(self.minor - given).unwrap_or(0);
        parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        parts.iter_mut().filter(|(_, _, rest)| *rest > 0).take(left).for_each(|part| part.1 += 1);
        parts.sort_by_key(|part| part.0);
        parts.into_iter().map(|(_, minor, _)| Money::new(minor, &self.currency)).collect()
    }
}

impl From<Money> for Value {
    fn from(money: Money) -> Self {
        json!({ "minor": money.minor, "currency": money.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_whole_and_the_largest_remainder_gets_the_odd_unit() {
        let cases: [(i64, &[u32], &[i64]); 5] = [
            (100, &[1, 1, 1], &[34, 33, 33]),
            (101, &[30, 70], &[30, 71]),
            (1, &[50, 50], &[1, 0]),
            (0, &[20, 80], &[0, 0]),
            (12_345, &[33, 33, 34], &[4_074, 4_074, 4_197]),
        ];
        for (whole, weights, expected) in cases {
            let parts: Vec<i64> = Money::new(whole, "EUR").split(weights).iter().map(|part| part.minor).collect();
            assert_eq!(parts, expected);
            assert_eq!(parts.iter().sum::<i64>(), whole);
        }
    }

    #[test]
    fn a_fee_is_rounded_half_away_from_zero() {
        for (minor, points, expected) in [(10_000, 1_000, 1_000), (5, 1_000, 1), (4, 1_000, 0), (12_345, 250, 309)] {
            assert_eq!(Money::new(minor, "EUR").basis_points(points).minor, expected);
        }
    }

    #[test]
    fn unlike_currencies_are_never_added() {
        assert_eq!(Money::new(1, "EUR").plus(&Money::new(1, "USD")).unwrap_err().code, "currency-mismatch");
        assert!(Money::new(MINOR_MAX, "EUR").plus(&Money::new(1, "EUR")).is_err());
    }

    #[test]
    fn currencies_have_the_exponent_of_iso_4217() {
        for (code, digits) in
            [("EUR", Some(2)), ("JPY", Some(0)), ("KWD", Some(3)), ("EURO", None), ("eur", None), ("XXQ", None), ("", None)]
        {
            assert_eq!(exponent(code), digits, "{code}");
        }
    }
}
