//! Byte-comparable encodings of values, in the total order of `order`.
//!
//! Every encoding delimits itself and never begins with 0x00 or 0xff, so keys of several fields are concatenations, a descending field is
//! the complement of its bytes, and everything that begins with `p` lies in `p..p+0xff`.

use bson::{Bson, Document};

use crate::{
    decimal,
    number::Number,
    order::{binary_length, rank},
};

/// Appends the key of one value.
pub fn encode(value: &Bson, out: &mut Vec<u8>) {
    out.push(rank(value));
    encode_payload(value, out);
}

/// The key of one value.
pub fn of(value: &Bson) -> Vec<u8> {
    let mut out = Vec::with_capacity(16);
    encode(value, &mut out);
    out
}

/// The key of one value in a field of the given direction.
pub fn directed(value: &Bson, descending: bool) -> Vec<u8> {
    let key = of(value);
    if descending { complement(&key) } else { key }
}

/// Turns the order of keys around.
pub fn complement(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

fn encode_payload(value: &Bson, out: &mut Vec<u8>) {
    match value {
        Bson::MinKey | Bson::MaxKey | Bson::Null | Bson::Undefined => {}
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => {
            if let Some(number) = Number::from_bson(value) {
                encode_number(number, out);
            }
        }
        Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => {
            encode_bytes(text.as_bytes(), out);
        }
        Bson::Document(document) => encode_document(document, out),
        Bson::Array(values) => {
            for value in values {
                encode(value, out);
            }
            out.push(0);
        }
        Bson::Binary(binary) => {
            out.extend((binary_length(binary) as u32).to_be_bytes());
            out.push(binary.subtype.into());
            out.extend(&binary.bytes);
        }
        Bson::ObjectId(id) => out.extend(id.bytes()),
        Bson::Boolean(truth) => out.push(u8::from(*truth) + 1),
        Bson::DateTime(at) => out.extend(ordered_i64(at.timestamp_millis())),
        Bson::Timestamp(at) => {
            out.extend(at.time.to_be_bytes());
            out.extend(at.increment.to_be_bytes());
        }
        Bson::RegularExpression(regex) => {
            encode_bytes(regex.pattern.as_str().as_bytes(), out);
            encode_bytes(regex.options.as_str().as_bytes(), out);
        }
        Bson::JavaScriptCodeWithScope(code) => {
            encode_bytes(code.code.as_bytes(), out);
            encode_document(&code.scope, out);
        }
        Bson::DbPointer(pointer) => encode_bytes(format!("{pointer:?}").as_bytes(), out),
    }
}

fn encode_document(document: &Document, out: &mut Vec<u8>) {
    for (name, value) in document {
        out.push(rank(value));
        encode_bytes(name.as_bytes(), out);
        encode_payload(value, out);
    }
    out.push(0);
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend([0, 0]);
}

/// The nearest double, then what it leaves of the exact value.
fn encode_number(number: Number, out: &mut Vec<u8>) {
    let nearest = number.to_f64();
    let rest = match number {
        Number::Int(_) | Number::Double(_) => 0.0,
        Number::Long(n) => (i128::from(n) - nearest as i128) as f64,
        Number::Decimal(n) if n.is_finite() && nearest.is_finite() => decimal::residue(&n, nearest),
        Number::Decimal(n) if n.is_finite() => {
            let edge = if nearest > 0.0 { f64::MAX } else { f64::MIN };
            out.extend(ordered_f64(edge));
            return encode_beyond(&n, nearest > 0.0, out);
        }
        Number::Decimal(_) => 0.0,
    };
    out.extend(ordered_f64(nearest));
    if rest == 0.0 {
        out.push(0x80);
    } else {
        out.push(if rest > 0.0 { 0x81 } else { 0x7f });
        out.extend(ordered_f64(rest));
    }
}

/// Decimals past the largest double: by magnitude.
fn encode_beyond(value: &decimal::Dec, positive: bool, out: &mut Vec<u8>) {
    let magnitude = i64::from(value.exponent()) + i64::from(value.digits());
    let mut lead = *value;
    lead.set_exponent(-i32::try_from(value.digits()).unwrap_or_default());
    out.push(if positive { 0x82 } else { 0x7e });
    out.extend(ordered_i64(if positive { magnitude } else { -magnitude }));
    out.extend(ordered_f64(decimal::to_f64(&lead)));
}

fn ordered_i64(value: i64) -> [u8; 8] {
    ((value as u64) ^ (1 << 63)).to_be_bytes()
}

/// NaN first; both zeros the same.
fn ordered_f64(value: f64) -> [u8; 8] {
    if value.is_nan() {
        return [0; 8];
    }
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    ordered.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::{cmp::Ordering, str::FromStr};

    use bson::{Decimal128, bson};

    use super::*;
    use crate::order::compare;

    fn samples() -> Vec<Bson> {
        let decimal = |text: &str| Bson::Decimal128(Decimal128::from_str(text).unwrap());
        vec![
            Bson::MinKey,
            Bson::Null,
            Bson::Undefined,
            Bson::MaxKey,
            Bson::Double(f64::NAN),
            Bson::Double(f64::INFINITY),
            Bson::Double(f64::NEG_INFINITY),
            Bson::Double(-0.0),
            bson!(0),
            bson!(-5),
            Bson::Int64(i64::MAX),
            Bson::Int64(i64::MAX - 1),
            Bson::Double(0.1),
            decimal("0.1"),
            decimal("0.1000000000000000055511151231257827"),
            decimal("1E+6000"),
            decimal("2E+6000"),
            decimal("-1E+6000"),
            decimal("NaN"),
            bson!(""),
            bson!("a"),
            bson!("a\0b"),
            bson!("ab"),
            bson!({}),
            bson!({"a": 1}),
            bson!({"a": 1, "b": 2}),
            bson!({"b": 1}),
            bson!([]),
            bson!([1]),
            bson!([1, 2]),
            bson!([[1]]),
            bson!(true),
            bson!(false),
            Bson::DateTime(bson::DateTime::from_millis(-1)),
            Bson::DateTime(bson::DateTime::from_millis(1)),
        ]
    }

    #[test]
    fn keys_compare_as_values_do() {
        for a in samples() {
            for b in samples() {
                assert_eq!(of(&a).cmp(&of(&b)), compare(&a, &b), "{a:?} against {b:?}");
                let turned = complement(&of(&a)).cmp(&complement(&of(&b)));
                assert_eq!(turned, compare(&b, &a), "{a:?} against {b:?} descending");
            }
        }
    }

    #[test]
    fn no_key_begins_with_a_reserved_byte() {
        for value in samples() {
            assert!((1..=0xfe).contains(&of(&value)[0]));
        }
        let _ = Ordering::Equal;
    }
}
