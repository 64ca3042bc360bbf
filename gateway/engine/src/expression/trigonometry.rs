//! Sines and their relatives, in doubles.

use bson::Bson;

use super::{Operator, arithmetic::number, is_nullish, operator::argument};
use crate::{
    decimal,
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$sin", 1, 1, |arguments| finite("$sin", arguments, f64::sin)),
    Operator::new("$cos", 1, 1, |arguments| finite("$cos", arguments, f64::cos)),
    Operator::new("$tan", 1, 1, |arguments| finite("$tan", arguments, f64::tan)),
    Operator::new("$asin", 1, 1, |arguments| within("$asin", arguments, f64::asin, -1.0, 1.0)),
    Operator::new("$acos", 1, 1, |arguments| within("$acos", arguments, f64::acos, -1.0, 1.0)),
    Operator::new("$atan", 1, 1, |arguments| any("$atan", arguments, f64::atan)),
    Operator::new("$sinh", 1, 1, |arguments| any("$sinh", arguments, f64::sinh)),
    Operator::new("$cosh", 1, 1, |arguments| any("$cosh", arguments, f64::cosh)),
    Operator::new("$tanh", 1, 1, |arguments| any("$tanh", arguments, f64::tanh)),
    Operator::new("$asinh", 1, 1, |arguments| any("$asinh", arguments, f64::asinh)),
    Operator::new("$acosh", 1, 1, |arguments| within("$acosh", arguments, f64::acosh, 1.0, f64::INFINITY)),
    Operator::new("$atanh", 1, 1, |arguments| within("$atanh", arguments, f64::atanh, -1.0, 1.0)),
    Operator::new("$degreesToRadians", 1, 1, |arguments| any("$degreesToRadians", arguments, f64::to_radians)),
    Operator::new("$radiansToDegrees", 1, 1, |arguments| any("$radiansToDegrees", arguments, f64::to_degrees)),
    Operator::new("$atan2", 2, 2, atan2),
];

fn result(value: Number, double: f64) -> Bson {
    match value {
        Number::Decimal(_) => {
            let parsed = decimal::parse(&double.to_string()).unwrap_or_else(|| decimal::from_f64(double));
            Number::Decimal(parsed).into_bson()
        }
        _ => Bson::Double(double),
    }
}

fn any(name: &str, arguments: &[Bson], function: fn(f64) -> f64) -> Result<Bson> {
    let value = number(name, argument(arguments, 0), 28765)?;
    Ok(value.map_or(Bson::Null, |value| result(value, function(value.to_f64()))))
}

fn finite(name: &str, arguments: &[Bson], function: fn(f64) -> f64) -> Result<Bson> {
    let value = number(name, argument(arguments, 0), 28765)?;
    if value.is_some_and(Number::is_infinite) {
        return Err(Error::new(50989, format!("cannot apply {name} to infinity, value must be in (-inf,inf)")));
    }
    any(name, arguments, function)
}

fn within(name: &str, arguments: &[Bson], function: fn(f64) -> f64, least: f64, most: f64) -> Result<Bson> {
    let value = number(name, argument(arguments, 0), 28765)?;
    let outside = value.is_some_and(|value| !value.is_nan() && !(least..=most).contains(&value.to_f64()));
    if outside {
        return Err(Error::new(50989, format!("cannot apply {name}: the value must be in [{least},{most}]")));
    }
    any(name, arguments, function)
}

fn atan2(arguments: &[Bson]) -> Result<Bson> {
    let (y, x) = (argument(arguments, 0), argument(arguments, 1));
    if is_nullish(y) || is_nullish(x) {
        return Ok(Bson::Null);
    }
    let (Some(y), Some(x)) = (Number::from_bson(y), Number::from_bson(x)) else {
        return Err(Error::new(51044, "$atan2 only supports numeric types"));
    };
    let widest = if matches!(x, Number::Decimal(_)) { x } else { y };
    Ok(result(widest, y.to_f64().atan2(x.to_f64())))
}
