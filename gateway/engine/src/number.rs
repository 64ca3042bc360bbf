//! The four numeric types and their arithmetic: the wider type wins, whole numbers grow before they overflow.

use bson::Bson;

use crate::decimal::{self, Dec};

/// A number of any type.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    Int(i32),
    Long(i64),
    Double(f64),
    Decimal(Dec),
}

/// The arithmetic that updates and expressions share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
}

impl Number {
    pub fn from_bson(value: &Bson) -> Option<Number> {
        match value {
            Bson::Int32(n) => Some(Number::Int(*n)),
            Bson::Int64(n) => Some(Number::Long(*n)),
            Bson::Double(n) => Some(Number::Double(*n)),
            Bson::Decimal128(n) => Some(Number::Decimal(decimal::from_bson(n))),
            _ => None,
        }
    }

    pub fn into_bson(self) -> Bson {
        match self {
            Number::Int(n) => Bson::Int32(n),
            Number::Long(n) => Bson::Int64(n),
            Number::Double(n) => Bson::Double(n),
            Number::Decimal(n) => Bson::Decimal128(decimal::to_bson(&n)),
        }
    }

    pub fn to_f64(self) -> f64 {
        match self {
            Number::Int(n) => f64::from(n),
            Number::Long(n) => n as f64,
            Number::Double(n) => n,
            Number::Decimal(n) => decimal::to_f64(&n),
        }
    }

    pub fn to_decimal(self) -> Dec {
        match self {
            Number::Int(n) => decimal::from_i64(i64::from(n)),
            Number::Long(n) => decimal::from_i64(n),
            Number::Double(n) => decimal::from_f64(n),
            Number::Decimal(n) => n,
        }
    }

    /// The whole number that this is, if it is one that fits.
    pub fn to_i64_exact(self) -> Option<i64> {
        match self {
            Number::Int(n) => Some(i64::from(n)),
            Number::Long(n) => Some(n),
            Number::Double(n) => exact_i64(n),
            Number::Decimal(n) => decimal::to_i64_exact(&n),
        }
    }

    pub fn is_nan(self) -> bool {
        match self {
            Number::Int(_) | Number::Long(_) => false,
            Number::Double(n) => n.is_nan(),
            Number::Decimal(n) => n.is_nan(),
        }
    }

    pub fn is_infinite(self) -> bool {
        match self {
            Number::Int(_) | Number::Long(_) => false,
            Number::Double(n) => n.is_infinite(),
            Number::Decimal(n) => n.is_infinite(),
        }
    }

    pub fn is_zero(self) -> bool {
        match self {
            Number::Int(n) => n == 0,
            Number::Long(n) => n == 0,
            Number::Double(n) => n == 0.0,
            Number::Decimal(n) => n.is_zero(),
        }
    }

    pub fn is_negative(self) -> bool {
        match self {
            Number::Int(n) => n < 0,
            Number::Long(n) => n < 0,
            Number::Double(n) => n < 0.0,
            Number::Decimal(n) => n.is_negative() && !n.is_zero(),
        }
    }

    fn as_i64(self) -> Option<i64> {
        match self {
            Number::Int(n) => Some(i64::from(n)),
            Number::Long(n) => Some(n),
            Number::Double(_) | Number::Decimal(_) => None,
        }
    }
}

/// `None` when two whole numbers leave 64 bits.
pub fn combine(operation: Operation, a: Number, b: Number) -> Option<Number> {
    if let (Some(x), Some(y)) = (a.as_i64(), b.as_i64()) {
        let whole = match operation {
            Operation::Add => x.checked_add(y),
            Operation::Subtract => x.checked_sub(y),
            Operation::Multiply => x.checked_mul(y),
        }?;
        let narrow = matches!((a, b), (Number::Int(_), Number::Int(_)));
        return Some(match i32::try_from(whole) {
            Ok(n) if narrow => Number::Int(n),
            _ => Number::Long(whole),
        });
    }
    if matches!(a, Number::Decimal(_)) || matches!(b, Number::Decimal(_)) {
        return Some(Number::Decimal(combine_decimal(operation, a.to_decimal(), b.to_decimal())));
    }
    let (x, y) = (a.to_f64(), b.to_f64());
    Some(Number::Double(match operation {
        Operation::Add => x + y,
        Operation::Subtract => x - y,
        Operation::Multiply => x * y,
    }))
}

/// As expressions do: whole numbers that leave 64 bits become doubles.
pub fn combine_or_widen(operation: Operation, a: Number, b: Number) -> Number {
    combine(operation, a, b).unwrap_or_else(|| {
        let (x, y) = (a.to_f64(), b.to_f64());
        Number::Double(match operation {
            Operation::Add => x + y,
            Operation::Subtract => x - y,
            Operation::Multiply => x * y,
        })
    })
}

fn combine_decimal(operation: Operation, mut a: Dec, b: Dec) -> Dec {
    let mut context = decimal::context();
    match operation {
        Operation::Add => context.add(&mut a, &b),
        Operation::Subtract => context.sub(&mut a, &b),
        Operation::Multiply => context.mul(&mut a, &b),
    }
    a
}

pub fn exact_i64(value: f64) -> Option<i64> {
    let fits = value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    fits.then_some(value as i64)
}
