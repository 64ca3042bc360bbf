//! What a filter asks of one value.

use std::{cmp::Ordering, sync::Arc};

use bson::Bson;

use super::{bits::Bits, modulo::Modulo, pattern::Pattern};
use crate::{
    number::Number,
    order::{compare, rank},
    path::Leaf,
};

/// A question to one value; a missing value is `None`.
#[derive(Debug, Clone)]
pub enum Test {
    Compare(Relation, Bson),
    In(Arc<Choices>),
    Exists,
    Type(Vec<i32>),
    Size(i64),
    Regex(Pattern),
    Modulo(Modulo),
    Bits(Bits),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The values of `$in`, in order, and its regular expressions.
#[derive(Debug)]
pub struct Choices {
    pub values: Vec<Bson>,
    pub patterns: Vec<Pattern>,
}

impl Test {
    pub fn leaf(&self) -> Leaf {
        match self {
            Test::Size(_) | Test::Exists => Leaf::Whole,
            _ => Leaf::Elements,
        }
    }

    pub fn holds(&self, value: Option<&Bson>) -> bool {
        match (self, value) {
            (Test::Compare(relation, right), _) => relate(*relation, value, right),
            (Test::In(choices), _) => choices.contain(value),
            (Test::Exists, _) => value.is_some(),
            (_, None) => false,
            (Test::Type(codes), Some(value)) => codes.contains(&i32::from(value.element_type() as i8)),
            (Test::Size(size), Some(Bson::Array(items))) => i64::try_from(items.len()) == Ok(*size),
            (Test::Size(_), Some(_)) => false,
            (Test::Regex(pattern), Some(value)) => pattern.matches(value),
            (Test::Modulo(modulo), Some(value)) => modulo.holds(value),
            (Test::Bits(bits), Some(value)) => bits.holds(value),
        }
    }
}

impl Choices {
    fn contain(&self, value: Option<&Bson>) -> bool {
        let value = value.unwrap_or(&Bson::Null);
        self.values.binary_search_by(|choice| compare(choice, value)).is_ok()
            || self.patterns.iter().any(|pattern| pattern.matches(value))
    }
}

/// Values of different types are unrelated, except that null and missing are the same and everything lies between the extremes.
fn relate(relation: Relation, left: Option<&Bson>, right: &Bson) -> bool {
    let left = left.unwrap_or(if *right == Bson::Null { &Bson::Null } else { &Bson::Undefined });
    if rank(left) != rank(right) {
        return matches!(
            (relation, right),
            (Relation::Less | Relation::LessOrEqual, Bson::MaxKey) | (Relation::Greater | Relation::GreaterOrEqual, Bson::MinKey)
        );
    }
    if is_nan(left) != is_nan(right) {
        return false;
    }
    let order = compare(left, right);
    match relation {
        Relation::Equal => order == Ordering::Equal,
        Relation::Less => order == Ordering::Less,
        Relation::LessOrEqual => order != Ordering::Greater,
        Relation::Greater => order == Ordering::Greater,
        Relation::GreaterOrEqual => order != Ordering::Less,
    }
}

fn is_nan(value: &Bson) -> bool {
    Number::from_bson(value).is_some_and(Number::is_nan)
}
