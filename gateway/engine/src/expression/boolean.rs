//! Comparisons and `$not`.

use std::cmp::Ordering;

use bson::Bson;

use super::{Operator, is_truthy, operator::argument};
use crate::{error::Result, order::compare};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$not", 1, 1, |arguments| Ok(Bson::Boolean(!is_truthy(argument(arguments, 0))))),
    Operator::new("$cmp", 2, 2, |arguments| Ok(Bson::Int32(order(arguments) as i32))),
    Operator::new("$eq", 2, 2, |arguments| holds(order(arguments) == Ordering::Equal)),
    Operator::new("$ne", 2, 2, |arguments| holds(order(arguments) != Ordering::Equal)),
    Operator::new("$gt", 2, 2, |arguments| holds(order(arguments) == Ordering::Greater)),
    Operator::new("$gte", 2, 2, |arguments| holds(order(arguments) != Ordering::Less)),
    Operator::new("$lt", 2, 2, |arguments| holds(order(arguments) == Ordering::Less)),
    Operator::new("$lte", 2, 2, |arguments| holds(order(arguments) != Ordering::Greater)),
];

fn order(arguments: &[Bson]) -> Ordering {
    compare(argument(arguments, 0), argument(arguments, 1))
}

fn holds(truth: bool) -> Result<Bson> {
    Ok(Bson::Boolean(truth))
}
