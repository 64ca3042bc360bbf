//! Operators: date_format.

use super::Operator;

pub(super) const OPERATORS: &[Operator] = &[];
