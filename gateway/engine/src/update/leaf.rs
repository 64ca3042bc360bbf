//! What each update operator makes of one value.

use std::cmp::Ordering;

use bson::{Bson, Timestamp};

use super::{
    Occasion, array,
    array::Pull,
    number::{Arithmetic, BitOperation},
    push::Push,
    target::Target,
};
use crate::{error::Result, order::compare};

#[derive(Debug)]
pub(crate) enum Leaf {
    Set(Bson),
    SetOnInsert(Bson),
    Unset,
    Min(Bson),
    Max(Bson),
    Arithmetic(Arithmetic),
    Bits(Vec<BitOperation>),
    CurrentDate(Moment),
    Rename(Target),
    Push(Box<Push>),
    AddToSet(Vec<Bson>),
    Pull(Box<Pull>),
    PullAll(Vec<Bson>),
    Pop { first: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Date,
    Timestamp,
}

/// What becomes of a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    Keep,
    Set(Bson),
    Remove,
}

impl Leaf {
    /// Whether it makes a field that is not there.
    pub fn creates(&self, occasion: Occasion) -> bool {
        match self {
            Leaf::Unset | Leaf::Pull(_) | Leaf::PullAll(_) | Leaf::Pop { .. } => false,
            Leaf::SetOnInsert(_) => occasion.inserting,
            _ => true,
        }
    }

    pub fn change(&self, old: Option<&Bson>, occasion: Occasion) -> Result<Change> {
        match self {
            Leaf::Set(value) => Ok(Change::Set(value.clone())),
            Leaf::SetOnInsert(value) if occasion.inserting => Ok(Change::Set(value.clone())),
            Leaf::SetOnInsert(_) => Ok(Change::Keep),
            Leaf::Unset => Ok(if old.is_some() { Change::Remove } else { Change::Keep }),
            Leaf::Min(value) => Ok(if_ordered(old, value, Ordering::Less)),
            Leaf::Max(value) => Ok(if_ordered(old, value, Ordering::Greater)),
            Leaf::Arithmetic(arithmetic) => arithmetic.change(old),
            Leaf::Bits(operations) => super::number::change_bits(operations, old),
            Leaf::CurrentDate(Moment::Date) => Ok(Change::Set(Bson::DateTime(occasion.now))),
            Leaf::CurrentDate(Moment::Timestamp) => Ok(Change::Set(Bson::Timestamp(timestamp(occasion)))),
            Leaf::Rename(_) => Ok(Change::Keep),
            Leaf::Push(push) => push.change(old),
            Leaf::AddToSet(values) => array::add_to_set(values, old),
            Leaf::Pull(pull) => pull.change(old),
            Leaf::PullAll(values) => array::pull_all(values, old),
            Leaf::Pop { first } => array::pop(*first, old),
        }
    }
}

fn if_ordered(old: Option<&Bson>, value: &Bson, wanted: Ordering) -> Change {
    match old {
        Some(old) if compare(value, old) != wanted => Change::Keep,
        _ => Change::Set(value.clone()),
    }
}

fn timestamp(occasion: Occasion) -> Timestamp {
    let seconds = occasion.now.timestamp_millis().div_euclid(1000);
    Timestamp { time: u32::try_from(seconds).unwrap_or_default(), increment: 1 }
}
