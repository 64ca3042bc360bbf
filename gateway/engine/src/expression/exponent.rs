//! `$exp`, `$ln`, `$log`, `$log10`, `$pow`, `$sqrt`.

use bson::Bson;

use super::{Operator, arithmetic::number, is_nullish, operator::argument};
use crate::{
    decimal::{self, Dec},
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$exp", 1, 1, exp),
    Operator::new("$ln", 1, 1, ln),
    Operator::new("$log", 2, 2, log),
    Operator::new("$log10", 1, 1, log10),
    Operator::new("$pow", 2, 2, pow),
    Operator::new("$sqrt", 1, 1, sqrt),
];

type DecimalFunction = fn(&mut dec::Context<Dec>, &mut Dec);

fn apply(value: Number, double: fn(f64) -> f64, decimal: DecimalFunction) -> Bson {
    match value {
        Number::Decimal(n) => {
            let mut result = n;
            decimal(&mut decimal::context(), &mut result);
            Number::Decimal(result).into_bson()
        }
        other => Bson::Double(double(other.to_f64())),
    }
}

fn exp(arguments: &[Bson]) -> Result<Bson> {
    let value = number("$exp", argument(arguments, 0), 28765)?;
    Ok(value.map_or(Bson::Null, |value| apply(value, f64::exp, decimal_exp)))
}

/// One is written as 1, and what is too small as the least zero.
fn decimal_exp(context: &mut dec::Context<Dec>, n: &mut Dec) {
    let vanishes = n.is_infinite() && n.is_negative();
    context.exp(n);
    if vanishes {
        *n = decimal::from_i64(0);
    } else if n.is_zero() {
        *n = decimal::parse("0E-6176").unwrap_or(*n);
    } else if decimal::compare(n, &decimal::from_i64(1)).is_eq() {
        context.reduce(n);
    }
}

/// Above zero, or not a number at all.
fn check_positive(value: Number, code: i32, message: &str) -> Result<()> {
    if !value.is_nan() && (value.is_zero() || value.is_negative()) {
        return Err(Error::new(code, message));
    }
    Ok(())
}

fn ln(arguments: &[Bson]) -> Result<Bson> {
    let Some(value) = number("$ln", argument(arguments, 0), 28765)? else {
        return Ok(Bson::Null);
    };
    check_positive(value, 28766, "$ln's argument must be a positive number")?;
    Ok(apply(value, f64::ln, |context, n| context.ln(n)))
}

fn log10(arguments: &[Bson]) -> Result<Bson> {
    let Some(value) = number("$log10", argument(arguments, 0), 28765)? else {
        return Ok(Bson::Null);
    };
    check_positive(value, 28761, "$log10's argument must be a positive number")?;
    Ok(apply(value, f64::log10, |context, n| context.log10(n)))
}

fn log(arguments: &[Bson]) -> Result<Bson> {
    let (value, base) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(value) || is_nullish(base) {
        return Ok(Bson::Null);
    }
    let value = Number::from_bson(value).ok_or_else(|| Error::new(28756, "$log's argument must be numeric"))?;
    let base = Number::from_bson(base).ok_or_else(|| Error::new(28757, "$log's base must be numeric"))?;
    check_positive(value, 28758, "$log's argument must be a positive number")?;
    check_positive(base, 28759, "$log's base must be a positive number not equal to 1")?;
    if base.to_f64() == 1.0 {
        return Err(Error::new(28759, "$log's base must be a positive number not equal to 1"));
    }
    if matches!(value, Number::Decimal(_)) || matches!(base, Number::Decimal(_)) {
        let mut context = decimal::context();
        let (mut quotient, mut divisor) = (value.to_decimal(), base.to_decimal());
        context.ln(&mut quotient);
        context.ln(&mut divisor);
        context.div(&mut quotient, &divisor);
        return Ok(Number::Decimal(quotient).into_bson());
    }
    Ok(Bson::Double(value.to_f64().ln() / base.to_f64().ln()))
}

fn sqrt(arguments: &[Bson]) -> Result<Bson> {
    let Some(value) = number("$sqrt", argument(arguments, 0), 28765)? else {
        return Ok(Bson::Null);
    };
    if value.is_negative() {
        return Err(Error::new(28714, "$sqrt's argument must be greater than or equal to 0"));
    }
    Ok(apply(value, f64::sqrt, |context, n| context.sqrt(n)))
}

fn pow(arguments: &[Bson]) -> Result<Bson> {
    let (base, exponent) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(base) || is_nullish(exponent) {
        return Ok(Bson::Null);
    }
    let base = Number::from_bson(base).ok_or_else(|| Error::new(28762, "$pow's base must be numeric"))?;
    let exponent = Number::from_bson(exponent).ok_or_else(|| Error::new(28763, "$pow's exponent must be numeric"))?;
    if base.is_zero() && exponent.is_negative() {
        return Err(Error::new(28764, "$pow cannot take a base of 0 and a negative exponent"));
    }
    Ok(match (base, exponent) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            let mut result = base.to_decimal();
            decimal::context().pow(&mut result, &exponent.to_decimal());
            Number::Decimal(result).into_bson()
        }
        (Number::Double(_), _) | (_, Number::Double(_)) => Bson::Double(base.to_f64().powf(exponent.to_f64())),
        _ => whole_pow(base, exponent),
    })
}

/// Whole as long as it fits.
fn whole_pow(base: Number, exponent: Number) -> Bson {
    let (Some(b), Some(e)) = (base.to_i64_exact(), exponent.to_i64_exact()) else {
        return Bson::Null;
    };
    let exact = match (b, u32::try_from(e)) {
        (1, _) => Some(1),
        (-1, _) => Some(if e % 2 == 0 { 1 } else { -1 }),
        (0, _) => Some(i64::from(e == 0)),
        (_, Ok(e)) => b.checked_pow(e),
        (_, Err(_)) => None,
    };
    let narrow = matches!((base, exponent), (Number::Int(_), Number::Int(_)));
    match exact {
        Some(n) if narrow => i32::try_from(n).map_or(Bson::Int64(n), Bson::Int32),
        Some(n) => Bson::Int64(n),
        None => Bson::Double((b as f64).powf(e as f64)),
    }
}
