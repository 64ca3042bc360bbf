//! Decimal128 arithmetic: 34 digits, half-even, IEEE 754-2008 limits.

use std::cmp::Ordering;

use bson::Decimal128;
use dec::{Context, Decimal};

/// 36 digits of room for 34 digits of precision.
pub type Dec = Decimal<12>;

/// Room to compare a double's expansion with a 34-digit decimal.
type Wide = Decimal<20>;

pub fn context() -> Context<Dec> {
    let mut context = Context::<Dec>::default();
    let limits =
        [context.set_precision(34).is_ok(), context.set_max_exponent(6144).is_ok(), context.set_min_exponent(-6143).is_ok()];
    debug_assert!(limits.iter().all(|set| *set));
    context.set_clamp(true);
    context
}

pub fn from_bson(value: &Decimal128) -> Dec {
    parse(&value.to_string()).unwrap_or_else(Dec::nan)
}

pub fn to_bson(value: &Dec) -> Decimal128 {
    let text = if value.is_nan() { "NaN".to_owned() } else { value.to_string() };
    text.parse().unwrap_or(Decimal128::from_bytes([0; 16]))
}

pub fn parse(text: &str) -> Option<Dec> {
    let mut context = context();
    let parsed = context.parse(text).ok()?;
    (!context.status().conversion_syntax()).then_some(parsed)
}

/// As the server converts: 15 significant digits.
pub fn from_f64(value: f64) -> Dec {
    if value == 0.0 || !value.is_finite() {
        return special(value);
    }
    parse(&format!("{value:.14e}")).unwrap_or_else(Dec::nan)
}

/// All digits that the double has, as far as there is room.
pub fn from_f64_exact(value: f64) -> Dec {
    if value == 0.0 || !value.is_finite() {
        return special(value);
    }
    let mut exact = parse(&format!("{value:.33e}")).unwrap_or_else(Dec::nan);
    context().reduce(&mut exact);
    if exact.exponent() > 0 {
        let digits = exact;
        context().rescale(&mut exact, &Dec::from(0));
        if exact.is_nan() {
            exact = digits;
        }
    }
    exact
}

/// The rest of a division that truncates, with the sign of `a`.
pub fn remainder(a: &Dec, b: &Dec) -> Dec {
    let mut rest = *a;
    context().rem(&mut rest, b);
    if rest.is_nan() && a.is_finite() && b.is_finite() && !b.is_zero() {
        return long_remainder(a, b).unwrap_or(rest);
    }
    rest
}

/// Where the quotient has more digits than there are: digit by digit.
fn long_remainder(a: &Dec, b: &Dec) -> Option<Dec> {
    let divisor = b.coefficient_digits().iter().fold(0_u128, |all, digit| all * 10 + u128::from(*digit));
    let zeros = usize::try_from(a.exponent() - b.exponent()).ok()?;
    let digits = a.coefficient_digits().into_iter().chain(std::iter::repeat_n(0, zeros));
    let rest = digits.fold(0_u128, |rest, digit| (rest * 10 + u128::from(digit)) % divisor);
    let sign = if a.is_negative() { "-" } else { "" };
    parse(&format!("{sign}{rest}E{}", b.exponent()))
}

pub fn from_i64(value: i64) -> Dec {
    Dec::from(value)
}

pub fn to_f64(value: &Dec) -> f64 {
    if value.is_nan() {
        return f64::NAN;
    }
    if value.is_infinite() {
        return if value.is_negative() { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// The whole number that `value` is, if it is one that fits.
pub fn to_i64_exact(value: &Dec) -> Option<i64> {
    if !value.is_finite() {
        return None;
    }
    let mut whole = *value;
    let mut context = context();
    context.set_rounding(dec::Rounding::Down);
    context.round(&mut whole);
    if compare(&whole, value) != Ordering::Equal {
        return None;
    }
    let text = whole.to_standard_notation_string();
    text.split('.').next()?.parse().ok()
}

/// NaN is the least and equal to itself.
pub fn compare(a: &Dec, b: &Dec) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
    }
}

/// Exact: 0.1 as a double is more than 0.1 as a decimal.
pub fn compare_f64(a: &Dec, b: f64) -> Ordering {
    if a.is_nan() || b.is_nan() || !b.is_finite() || !a.is_finite() {
        return compare(a, &special_or_rounded(b));
    }
    wide(a).partial_cmp(&wide_f64(b)).unwrap_or(Ordering::Equal)
}

/// What is left of `a` after taking the double `b` away.
pub fn residue(a: &Dec, b: f64) -> f64 {
    let mut rest = wide(a);
    Context::<Wide>::default().sub(&mut rest, &wide_f64(b));
    rest.to_string().parse().unwrap_or(0.0)
}

fn wide(a: &Dec) -> Wide {
    Context::<Wide>::default().parse(a.to_string()).unwrap_or_else(|_| Wide::nan())
}

fn wide_f64(b: f64) -> Wide {
    Context::<Wide>::default().parse(format!("{b:.55e}")).unwrap_or_else(|_| Wide::nan())
}

fn special_or_rounded(value: f64) -> Dec {
    if value == 0.0 || !value.is_finite() { special(value) } else { from_f64(value) }
}

fn special(value: f64) -> Dec {
    if value.is_nan() {
        return Dec::nan();
    }
    let text = match (value == 0.0, value.is_sign_negative()) {
        (true, true) => "-0",
        (true, false) => "0",
        (false, true) => "-Infinity",
        (false, false) => "Infinity",
    };
    parse(text).unwrap_or_else(Dec::nan)
}
