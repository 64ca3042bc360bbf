//! Operators: date_math.

use super::Operator;

pub(super) const OPERATORS: &[Operator] = &[];
