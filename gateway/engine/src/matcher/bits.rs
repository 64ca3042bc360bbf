//! `$bitsAllSet`, `$bitsAllClear`, `$bitsAnySet`, `$bitsAnyClear`.

use bson::{Bson, spec::BinarySubtype};

use crate::{
    error::{Error, Result},
    number::Number,
};

/// A question about bits.
#[derive(Debug, Clone)]
pub struct Bits {
    wanted: bool,
    all: bool,
    positions: Vec<u32>,
}

impl Bits {
    /// `name` is the operator's.
    pub fn parse(name: &str, operand: &Bson) -> Result<Bits> {
        let positions = match operand {
            Bson::Array(items) => items.iter().map(|item| position(name, item)).collect::<Result<Vec<u32>>>()?,
            Bson::Binary(binary) => (0..(binary.bytes.len() as u32).saturating_mul(8))
                .filter(|position| bit_of_bytes(&binary.bytes, *position))
                .collect(),
            _ => {
                let mask = mask(name, operand)?;
                (0..63).filter(|position| mask >> position & 1 == 1).collect()
            }
        };
        Ok(Bits { wanted: name.ends_with("Set"), all: name.contains("All"), positions })
    }

    pub fn holds(&self, value: &Bson) -> bool {
        match value {
            Bson::Binary(binary) if binary.subtype == BinarySubtype::BinaryOld => {
                let length = u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX);
                let bytes = [length.to_le_bytes().as_slice(), &binary.bytes].concat();
                self.ask(|position| bit_of_bytes(&bytes, position))
            }
            Bson::Binary(binary) => self.ask(|position| bit_of_bytes(&binary.bytes, position)),
            _ => match Number::from_bson(value).and_then(Number::to_i64_exact) {
                Some(number) => self.ask(|position| number >> position.min(63) & 1 == 1),
                None => false,
            },
        }
    }

    fn ask(&self, bit: impl Fn(u32) -> bool) -> bool {
        let mut answers = self.positions.iter().map(|position| bit(*position) == self.wanted);
        if self.all { answers.all(|answer| answer) } else { answers.any(|answer| answer) }
    }
}

fn bit_of_bytes(bytes: &[u8], position: u32) -> bool {
    bytes.get((position / 8) as usize).is_some_and(|byte| byte >> (position % 8) & 1 == 1)
}

fn position(name: &str, item: &Bson) -> Result<u32> {
    Number::from_bson(item)
        .and_then(Number::to_i64_exact)
        .and_then(|position| i32::try_from(position).ok())
        .and_then(|position| u32::try_from(position).ok())
        .ok_or_else(|| Error::bad_value(format!("bit positions of {name} must be non-negative 32-bit integers")))
}

fn mask(name: &str, operand: &Bson) -> Result<i64> {
    let number =
        Number::from_bson(operand).ok_or_else(|| Error::bad_value(format!("{name} takes an Array, a number, or a BinData")))?;
    match number.to_i64_exact() {
        Some(mask) if mask >= 0 => Ok(mask),
        _ => Err(Error::parse(format!("the mask of {name} must be a non-negative 64-bit integer"))),
    }
}
