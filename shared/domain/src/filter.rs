//! A condition on records, said without the words of any database.

use std::borrow::Cow;

use serde_json::Value;

use crate::Time;

/// A condition on records.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every record.
    All,
    /// No record.
    Nothing,
    /// All of these hold.
    And(Vec<Filter>),
    /// One of these holds.
    Or(Vec<Filter>),
    /// A field compares so to a value; a list compares so when one of its elements does.
    Field(Cow<'static, str>, Op, Value),
}

/// How a field compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Is,
    /// Not equal.
    IsNot,
    /// Greater.
    Over,
    /// Greater or equal.
    AtLeast,
    /// Less.
    Under,
    /// Less or equal.
    AtMost,
    /// One of a list.
    In,
    /// Text that starts so.
    Starts,
    /// Text that has this in it, in letters of either case.
    Contains,
}

impl Filter {
    /// A field is equal to a value.
    pub fn is(field: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        Self::Field(field.into(), Op::Is, value.into())
    }

    /// A field is not equal to a value.
    pub fn is_not(field: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        Self::Field(field.into(), Op::IsNot, value.into())
    }

    /// A field is one of some words.
    pub fn one_of(field: impl Into<Cow<'static, str>>, words: &[&str]) -> Self {
        Self::Field(field.into(), Op::In, words.iter().copied().map(Value::from).collect())
    }

    /// A date is not after a time.
    pub fn by(field: impl Into<Cow<'static, str>>, time: Time) -> Self {
        Self::Field(field.into(), Op::AtMost, time.ejson())
    }

    /// A date is after a time.
    pub fn after(field: impl Into<Cow<'static, str>>, time: Time) -> Self {
        Self::Field(field.into(), Op::Over, time.ejson())
    }

    /// Both hold.
    pub fn and(self, other: Filter) -> Filter {
        match (self, other) {
            (Filter::All, other) | (other, Filter::All) => other,
            (Filter::Nothing, _) | (_, Filter::Nothing) => Filter::Nothing,
            (Filter::And(mut all), Filter::And(more)) => {
                all.extend(more);
                Filter::And(all)
            }
            (Filter::And(mut all), one) | (one, Filter::And(mut all)) => {
                all.push(one);
                Filter::And(all)
            }
            (one, other) => Filter::And(vec![one, other]),
        }
    }

    /// Either holds.
    pub fn or(self, other: Filter) -> Filter {
        match (self, other) {
            (Filter::All, _) | (_, Filter::All) => Filter::All,
            (Filter::Nothing, other) | (other, Filter::Nothing) => other,
            (Filter::Or(mut some), one) | (one, Filter::Or(mut some)) => {
                some.push(one);
                Filter::Or(some)
            }
            (one, other) => Filter::Or(vec![one, other]),
        }
    }
}
