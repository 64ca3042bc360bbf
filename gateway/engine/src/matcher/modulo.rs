//! `$mod`: whole division by whole numbers.

use bson::Bson;

use crate::{
    error::{Error, Result},
    number::Number,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modulo {
    divisor: i64,
    remainder: i64,
}

impl Modulo {
    pub fn parse(operand: &Bson) -> Result<Modulo> {
        let Bson::Array(items) = operand else {
            return Err(Error::bad_value("malformed mod, needs to be an array"));
        };
        let (divisor, remainder) = match items.as_slice() {
            [divisor, remainder] => (whole(divisor, "divisor")?, whole(remainder, "remainder")?),
            [] | [_] => return Err(Error::bad_value("malformed mod, not enough elements")),
            _ => return Err(Error::bad_value("malformed mod, too many elements")),
        };
        if divisor == 0 {
            return Err(Error::bad_value("divisor cannot be 0"));
        }
        Ok(Modulo { divisor, remainder })
    }

    pub fn holds(&self, value: &Bson) -> bool {
        Number::from_bson(value).and_then(truncated).is_some_and(|number| number.wrapping_rem(self.divisor) == self.remainder)
    }
}

fn whole(operand: &Bson, what: &str) -> Result<i64> {
    let number = Number::from_bson(operand).ok_or_else(|| Error::bad_value(format!("malformed mod, {what} not a number")))?;
    truncated(number).ok_or_else(|| Error::bad_value(format!("malformed mod, {what} is not a whole number")))
}

/// The number without its fraction, if that fits 64 bits.
pub fn truncated(number: Number) -> Option<i64> {
    match number {
        Number::Double(n) => crate::number::exact_i64(n.trunc()),
        Number::Decimal(n) => {
            let mut whole = n;
            let mut context = crate::decimal::context();
            context.set_rounding(dec::Rounding::Down);
            context.round(&mut whole);
            crate::decimal::to_i64_exact(&whole)
        }
        _ => number.to_i64_exact(),
    }
}
