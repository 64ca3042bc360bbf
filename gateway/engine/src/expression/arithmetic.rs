//! `$add`, `$subtract`, `$multiply`, `$divide`, `$mod`, rounding, and accumulators over arguments.

use bson::{Bson, DateTime};

use super::{
    Operator, is_nullish,
    operator::{ANY, argument},
    type_name,
};
use crate::{
    aggregate::{Kind, over_values},
    decimal,
    error::{Error, Result},
    number::{Number, Operation, combine_or_widen},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$add", 0, ANY, add),
    Operator::new("$subtract", 2, 2, subtract),
    Operator::new("$multiply", 0, ANY, multiply),
    Operator::new("$divide", 2, 2, divide),
    Operator::new("$mod", 2, 2, modulo),
    Operator::new("$abs", 1, 1, abs),
    Operator::new("$ceil", 1, 1, |arguments| whole("$ceil", arguments, f64::ceil, dec::Rounding::Ceiling)),
    Operator::new("$floor", 1, 1, |arguments| whole("$floor", arguments, f64::floor, dec::Rounding::Floor)),
    Operator::new("$round", 1, 2, |arguments| to_place("$round", arguments, false)),
    Operator::new("$trunc", 1, 2, |arguments| to_place("$trunc", arguments, true)),
    Operator::new("$sum", 0, ANY, |arguments| accumulate(Kind::Sum, arguments)),
    Operator::new("$avg", 0, ANY, |arguments| accumulate(Kind::Avg, arguments)),
    Operator::new("$min", 0, ANY, |arguments| accumulate(Kind::Min, arguments)),
    Operator::new("$max", 0, ANY, |arguments| accumulate(Kind::Max, arguments)),
    Operator::new("$stdDevPop", 0, ANY, |arguments| accumulate(Kind::StdDevPop, arguments)),
    Operator::new("$stdDevSamp", 0, ANY, |arguments| accumulate(Kind::StdDevSamp, arguments)),
];

/// The number, `None` for null and missing, or an error with the operator's code.
pub(super) fn number(name: &str, value: &Bson, code: i32) -> Result<Option<Number>> {
    if is_nullish(value) {
        return Ok(None);
    }
    Number::from_bson(value)
        .map(Some)
        .ok_or_else(|| Error::new(code, format!("{name} only supports numeric types, not {}", type_name(value))))
}

fn add(arguments: &[Bson]) -> Result<Bson> {
    let mut sum = Number::Int(0);
    let mut date = None;
    let mut nothing = false;
    for argument in arguments {
        match argument {
            Bson::Null | Bson::Undefined => nothing = true,
            Bson::DateTime(_) if date.is_some() => {
                return Err(Error::new(16612, "only one date allowed in an $add expression"));
            }
            Bson::DateTime(at) => date = Some(*at),
            _ => {
                let number = Number::from_bson(argument).ok_or_else(|| {
                    Error::type_mismatch(format!("$add only supports numeric or date types, not {}", type_name(argument)))
                })?;
                sum = combine_or_widen(Operation::Add, sum, number);
            }
        }
        if nothing {
            return Ok(Bson::Null);
        }
    }
    match date {
        Some(at) => moved(at, sum, 1),
        None => Ok(sum.into_bson()),
    }
}

/// Fractions of milliseconds are rounded.
fn moved(at: DateTime, by: Number, sign: i64) -> Result<Bson> {
    let overflow = || Error::new(15, "date overflow");
    let distance = match by {
        Number::Int(n) => i64::from(n),
        Number::Long(n) => n,
        _ => crate::number::exact_i64(by.to_f64().round()).ok_or_else(overflow)?,
    };
    distance
        .checked_mul(sign)
        .and_then(|distance| at.timestamp_millis().checked_add(distance))
        .map(|millis| Bson::DateTime(DateTime::from_millis(millis)))
        .ok_or_else(overflow)
}

fn subtract(arguments: &[Bson]) -> Result<Bson> {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(left) || is_nullish(right) {
        return Ok(Bson::Null);
    }
    match (left, right) {
        (Bson::DateTime(left), Bson::DateTime(right)) => left
            .timestamp_millis()
            .checked_sub(right.timestamp_millis())
            .map(Bson::Int64)
            .ok_or_else(|| Error::new(15, "date overflow")),
        _ => match (left, Number::from_bson(left), Number::from_bson(right)) {
            (Bson::DateTime(at), _, Some(by)) => moved(*at, by, -1),
            (_, Some(a), Some(b)) => Ok(combine_or_widen(Operation::Subtract, a, b).into_bson()),
            _ => Err(Error::type_mismatch(format!("can't $subtract {} from {}", type_name(right), type_name(left)))),
        },
    }
}

fn multiply(arguments: &[Bson]) -> Result<Bson> {
    let mut product = Number::Int(1);
    for argument in arguments {
        match number("$multiply", argument, 14)? {
            None => return Ok(Bson::Null),
            Some(number) => product = combine_or_widen(Operation::Multiply, product, number),
        }
    }
    Ok(product.into_bson())
}

fn divide(arguments: &[Bson]) -> Result<Bson> {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(left) || is_nullish(right) {
        return Ok(Bson::Null);
    }
    let (Some(a), Some(b)) = (Number::from_bson(left), Number::from_bson(right)) else {
        return Err(Error::type_mismatch(format!(
            "$divide only supports numeric types, not {} and {}",
            type_name(left),
            type_name(right)
        )));
    };
    if b.is_zero() {
        return Err(Error::bad_value("can't $divide by zero"));
    }
    if matches!(a, Number::Decimal(_)) || matches!(b, Number::Decimal(_)) {
        let mut quotient = a.to_decimal();
        decimal::context().div(&mut quotient, &b.to_decimal());
        return Ok(Number::Decimal(quotient).into_bson());
    }
    Ok(Bson::Double(a.to_f64() / b.to_f64()))
}

fn modulo(arguments: &[Bson]) -> Result<Bson> {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(left) || is_nullish(right) {
        return Ok(Bson::Null);
    }
    let (Some(a), Some(b)) = (Number::from_bson(left), Number::from_bson(right)) else {
        return Err(Error::new(
            16611,
            format!("$mod only supports numeric types, not {} and {}", type_name(left), type_name(right)),
        ));
    };
    if b.is_zero() {
        return Err(Error::new(16610, "can't $mod by zero"));
    }
    Ok(match (a, b) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            Number::Decimal(decimal::remainder(&a.to_decimal(), &b.to_decimal())).into_bson()
        }
        (Number::Double(_), _) | (_, Number::Double(_)) => Bson::Double(a.to_f64() % b.to_f64()),
        (Number::Int(a), Number::Int(b)) => Bson::Int32(a.wrapping_rem(b)),
        _ => {
            let (a, b) = (a.to_i64_exact().unwrap_or_default(), b.to_i64_exact().unwrap_or(1));
            Bson::Int64(a.wrapping_rem(b))
        }
    })
}

fn abs(arguments: &[Bson]) -> Result<Bson> {
    Ok(match number("$abs", argument(arguments, 0), 28765)? {
        None => Bson::Null,
        Some(Number::Int(n)) => n.checked_abs().map_or(Bson::Int64(i64::from(n).abs()), Bson::Int32),
        Some(Number::Long(n)) => {
            Bson::Int64(n.checked_abs().ok_or_else(|| Error::new(28680, "can't take $abs of long long min"))?)
        }
        Some(Number::Double(n)) => Bson::Double(n.abs()),
        Some(Number::Decimal(n)) => {
            let mut positive = n;
            decimal::context().abs(&mut positive);
            Number::Decimal(positive).into_bson()
        }
    })
}

fn whole(name: &str, arguments: &[Bson], round: fn(f64) -> f64, rounding: dec::Rounding) -> Result<Bson> {
    Ok(match number(name, argument(arguments, 0), 28765)? {
        None => Bson::Null,
        Some(Number::Double(n)) => Bson::Double(round(n)),
        Some(Number::Decimal(n)) => {
            let mut result = n;
            let mut context = decimal::context();
            context.set_rounding(rounding);
            context.rescale(&mut result, &decimal::from_i64(0));
            Number::Decimal(result).into_bson()
        }
        Some(number) => number.into_bson(),
    })
}

/// To a number of decimal places; negative ones round left of the point.
fn rounded_decimal(value: decimal::Dec, place: i32, rounding: dec::Rounding) -> decimal::Dec {
    if !value.is_finite() || value.exponent() >= -place {
        return value;
    }
    let mut result = value;
    let mut context = decimal::context();
    context.set_rounding(rounding);
    context.rescale(&mut result, &decimal::from_i64(i64::from(-place)));
    if result.is_nan() { value } else { result }
}

fn to_place(name: &str, arguments: &[Bson], cut: bool) -> Result<Bson> {
    let Some(value) = number(name, argument(arguments, 0), 51081)? else {
        return Ok(Bson::Null);
    };
    let place = match argument(arguments, 1) {
        Bson::Undefined if arguments.len() < 2 => 0,
        given => match number(name, given, 51081)? {
            None => return Ok(Bson::Null),
            Some(place) => place
                .to_i64_exact()
                .ok_or_else(|| Error::new(51082, format!("precision argument to {name} must be a integral value")))?,
        },
    };
    let place = i32::try_from(place).ok().filter(|place| (-20..=100).contains(place)).ok_or_else(|| {
        Error::new(51083, format!("cannot apply {name} with precision value {place}; value must be in [-20, 100]"))
    })?;
    let rounding = if cut { dec::Rounding::Down } else { dec::Rounding::HalfEven };
    Ok(match value {
        Number::Decimal(n) => Number::Decimal(rounded_decimal(n, place, rounding)).into_bson(),
        Number::Double(n) if !n.is_finite() => Bson::Double(n),
        Number::Double(n) => {
            let exact = decimal::parse(&format!("{n:e}")).unwrap_or_else(|| decimal::from_f64(n));
            Bson::Double(decimal::to_f64(&rounded_decimal(exact, place, rounding)))
        }
        whole if place >= 0 => whole.into_bson(),
        whole => {
            let result = rounded_decimal(whole.to_decimal(), place, rounding);
            let long = decimal::to_i64_exact(&result)
                .ok_or_else(|| Error::new(51080, format!("invalid conversion from Decimal128 result in {name}")))?;
            match (whole, i32::try_from(long)) {
                (Number::Int(_), Ok(int)) => Bson::Int32(int),
                _ => Bson::Int64(long),
            }
        }
    })
}

/// One array argument stands for its elements.
fn accumulate(kind: Kind, arguments: &[Bson]) -> Result<Bson> {
    let values = match arguments {
        [Bson::Array(items)] => items.clone(),
        _ => arguments.to_vec(),
    };
    over_values(kind, None, values)
}
