//! The one total order over values, shared by comparisons, sorting and index keys.

use std::cmp::Ordering;

use bson::{Binary, Bson, Document};

use crate::{decimal, number::Number};

/// Where a value's type stands among the types; also the first byte of its index key.
pub fn rank(value: &Bson) -> u8 {
    match value {
        Bson::MinKey => 0x01,
        Bson::Undefined => 0x02,
        Bson::Null => 0x05,
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => 0x0a,
        Bson::String(_) | Bson::Symbol(_) => 0x0f,
        Bson::Document(_) => 0x14,
        Bson::Array(_) => 0x19,
        Bson::Binary(_) => 0x1e,
        Bson::ObjectId(_) => 0x23,
        Bson::Boolean(_) => 0x28,
        Bson::DateTime(_) => 0x2d,
        Bson::Timestamp(_) => 0x2f,
        Bson::RegularExpression(_) => 0x32,
        Bson::DbPointer(_) => 0x37,
        Bson::JavaScriptCode(_) => 0x3c,
        Bson::JavaScriptCodeWithScope(_) => 0x41,
        Bson::MaxKey => 0x7f,
    }
}

/// Total order: type first, then value.
pub fn compare(a: &Bson, b: &Bson) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| compare_same_rank(a, b))
}

pub fn equal(a: &Bson, b: &Bson) -> bool {
    compare(a, b) == Ordering::Equal
}

/// Field by field: type, then name, then value; the shorter first.
pub fn compare_documents(a: &Document, b: &Document) -> Ordering {
    let mut left = a.iter();
    let mut right = b.iter();
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((name, value)), Some((other_name, other))) => {
                let order = rank(value)
                    .cmp(&rank(other))
                    .then_with(|| name.as_bytes().cmp(other_name.as_bytes()))
                    .then_with(|| compare_same_rank(value, other));
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn compare_same_rank(a: &Bson, b: &Bson) -> Ordering {
    match (a, b) {
        (Bson::Int32(x), Bson::Int32(y)) => x.cmp(y),
        (Bson::String(x) | Bson::Symbol(x), Bson::String(y) | Bson::Symbol(y)) => x.as_bytes().cmp(y.as_bytes()),
        (Bson::Document(x), Bson::Document(y)) => compare_documents(x, y),
        (Bson::Array(x), Bson::Array(y)) => compare_arrays(x, y),
        (Bson::Binary(x), Bson::Binary(y)) => compare_binaries(x, y),
        (Bson::ObjectId(x), Bson::ObjectId(y)) => x.bytes().cmp(&y.bytes()),
        (Bson::Boolean(x), Bson::Boolean(y)) => x.cmp(y),
        (Bson::DateTime(x), Bson::DateTime(y)) => x.timestamp_millis().cmp(&y.timestamp_millis()),
        (Bson::Timestamp(x), Bson::Timestamp(y)) => (x.time, x.increment).cmp(&(y.time, y.increment)),
        (Bson::RegularExpression(x), Bson::RegularExpression(y)) => {
            (x.pattern.as_str(), x.options.as_str()).cmp(&(y.pattern.as_str(), y.options.as_str()))
        }
        (Bson::JavaScriptCode(x), Bson::JavaScriptCode(y)) => x.cmp(y),
        (Bson::JavaScriptCodeWithScope(x), Bson::JavaScriptCodeWithScope(y)) => {
            x.code.cmp(&y.code).then_with(|| compare_documents(&x.scope, &y.scope))
        }
        (Bson::DbPointer(x), Bson::DbPointer(y)) => format!("{x:?}").cmp(&format!("{y:?}")),
        _ => match (Number::from_bson(a), Number::from_bson(b)) {
            (Some(x), Some(y)) => compare_numbers(x, y),
            _ => Ordering::Equal,
        },
    }
}

fn compare_arrays(a: &[Bson], b: &[Bson]) -> Ordering {
    a.iter().zip(b).map(|(x, y)| compare(x, y)).find(|order| *order != Ordering::Equal).unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// The old binary subtype carries its length once more.
pub fn binary_length(binary: &Binary) -> usize {
    let old = binary.subtype == bson::spec::BinarySubtype::BinaryOld;
    binary.bytes.len() + if old { 4 } else { 0 }
}

fn compare_binaries(a: &Binary, b: &Binary) -> Ordering {
    binary_length(a)
        .cmp(&binary_length(b))
        .then_with(|| u8::from(a.subtype).cmp(&u8::from(b.subtype)))
        .then_with(|| a.bytes.cmp(&b.bytes))
}

/// NaN is the least number and equal to itself in every type.
pub fn compare_numbers(a: Number, b: Number) -> Ordering {
    match (a, b) {
        (Number::Decimal(x), Number::Decimal(y)) => decimal::compare(&x, &y),
        (Number::Decimal(x), Number::Double(y)) => decimal::compare_f64(&x, y),
        (Number::Double(x), Number::Decimal(y)) => decimal::compare_f64(&y, x).reverse(),
        (Number::Decimal(x), _) => decimal::compare(&x, &b.to_decimal()),
        (_, Number::Decimal(y)) => decimal::compare(&a.to_decimal(), &y),
        (Number::Double(x), Number::Double(y)) => compare_doubles(x, y),
        (Number::Double(x), _) => compare_double_long(x, b.to_i64_exact().unwrap_or_default()),
        (_, Number::Double(y)) => compare_double_long(y, a.to_i64_exact().unwrap_or_default()).reverse(),
        _ => a.to_i64_exact().cmp(&b.to_i64_exact()),
    }
}

fn compare_doubles(x: f64, y: f64) -> Ordering {
    x.partial_cmp(&y).unwrap_or_else(|| y.is_nan().cmp(&x.is_nan()))
}

fn compare_double_long(x: f64, y: i64) -> Ordering {
    if x.is_nan() {
        return Ordering::Less;
    }
    if x >= 9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    if x < -9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    (x.trunc() as i64).cmp(&y).then_with(|| compare_doubles(x.fract(), 0.0))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use bson::{Decimal128, bson};

    use super::*;

    fn decimal(text: &str) -> Bson {
        Bson::Decimal128(Decimal128::from_str(text).unwrap())
    }

    #[test]
    fn values_of_all_types_stand_in_the_documented_order() {
        let ascending = [
            Bson::MinKey,
            Bson::Undefined,
            Bson::Null,
            Bson::Double(f64::NAN),
            Bson::Double(f64::NEG_INFINITY),
            bson!(-1),
            Bson::Double(0.1),
            bson!(1),
            decimal("1.5"),
            Bson::Int64(1 << 53),
            Bson::Int64((1 << 53) + 1),
            bson!("a"),
            bson!({"a": 1}),
            bson!([]),
            Bson::Boolean(false),
            Bson::Boolean(true),
            Bson::DateTime(bson::DateTime::from_millis(0)),
            Bson::MaxKey,
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(&pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn numbers_of_different_types_are_equal_by_value() {
        for (a, b) in [
            (bson!(1), Bson::Double(1.0)),
            (bson!(1), decimal("1.00")),
            (Bson::Double(f64::NAN), decimal("NaN")),
            (Bson::Double(0.5), decimal("0.50")),
            (Bson::Double(-0.0), bson!(0)),
        ] {
            assert!(equal(&a, &b), "{a:?} {b:?}");
        }
        assert_eq!(compare(&Bson::Double(0.1), &decimal("0.1")), Ordering::Greater);
    }
}
