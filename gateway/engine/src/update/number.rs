//! `$inc`, `$mul` and `$bit`.

use bson::Bson;

use super::leaf::Change;
use crate::{
    error::{Error, Result},
    number::{Number, Operation, combine},
    order::compare_numbers,
};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Arithmetic {
    operation: Operation,
    by: Number,
}

/// `and`, `or` or `xor` with a whole number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BitOperation {
    apply: fn(i64, i64) -> i64,
    by: i64,
    long: bool,
}

pub fn parse(operator: &str, value: &Bson) -> Result<Arithmetic> {
    let by =
        Number::from_bson(value).ok_or_else(|| Error::type_mismatch(format!("Cannot {operator} with non-numeric argument")))?;
    let operation = if operator == "$inc" { Operation::Add } else { Operation::Multiply };
    Ok(Arithmetic { operation, by })
}

impl Arithmetic {
    pub fn change(&self, old: Option<&Bson>) -> Result<Change> {
        let Some(old) = old else {
            return Ok(Change::Set(self.of_nothing()));
        };
        let number = Number::from_bson(old)
            .ok_or_else(|| Error::type_mismatch("Cannot apply $inc or $mul to a value of non-numeric type"))?;
        combine(self.operation, number, self.by)
            .map(|result| if is_same(number, result) { Change::Keep } else { Change::Set(result.into_bson()) })
            .ok_or_else(|| Error::bad_value("Failed to apply $inc or $mul: the result overflows 64 bits"))
    }

    /// Adding to nothing gives the number, multiplying gives a zero of its type.
    fn of_nothing(&self) -> Bson {
        if self.operation == Operation::Add {
            return self.by.into_bson();
        }
        let zero = match self.by {
            Number::Int(_) => Number::Int(0),
            Number::Long(_) => Number::Long(0),
            Number::Double(_) => Number::Double(0.0),
            Number::Decimal(_) => Number::Decimal(crate::decimal::from_i64(0)),
        };
        zero.into_bson()
    }
}

/// Equal in type and value: a negative zero stays.
fn is_same(before: Number, after: Number) -> bool {
    std::mem::discriminant(&before) == std::mem::discriminant(&after) && compare_numbers(before, after).is_eq()
}

pub fn parse_bits(value: &Bson) -> Result<Vec<BitOperation>> {
    let Bson::Document(operations) = value else {
        return Err(Error::bad_value("The $bit modifier is not compatible with this operand: expected a document"));
    };
    if operations.is_empty() {
        return Err(Error::bad_value("You must pass in at least one bitwise operation to $bit"));
    }
    operations.iter().map(|(name, operand)| parse_bit(name, operand)).collect()
}

fn parse_bit(name: &str, operand: &Bson) -> Result<BitOperation> {
    let apply: fn(i64, i64) -> i64 = match name {
        "and" => |a, b| a & b,
        "or" => |a, b| a | b,
        "xor" => |a, b| a ^ b,
        _ => return Err(Error::bad_value(format!("The $bit modifier only supports 'and', 'or', and 'xor', not '{name}'"))),
    };
    match operand {
        Bson::Int32(by) => Ok(BitOperation { apply, by: i64::from(*by), long: false }),
        Bson::Int64(by) => Ok(BitOperation { apply, by: *by, long: true }),
        _ => Err(Error::bad_value("The $bit modifier field must be an Integer(32/64 bit)")),
    }
}

pub fn change_bits(operations: &[BitOperation], old: Option<&Bson>) -> Result<Change> {
    let (mut value, mut long) = match old {
        None => (0, false),
        Some(Bson::Int32(value)) => (i64::from(*value), false),
        Some(Bson::Int64(value)) => (*value, true),
        Some(_) => return Err(Error::bad_value("Cannot apply $bit to a value of non-integral type")),
    };
    for operation in operations {
        value = (operation.apply)(value, operation.by);
        long |= operation.long;
    }
    let narrow = i32::try_from(value).ok().filter(|_| !long);
    Ok(Change::Set(narrow.map_or(Bson::Int64(value), Bson::Int32)))
}
