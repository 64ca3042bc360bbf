//! Operators: lookup.

use super::Operator;

pub(super) const OPERATORS: &[Operator] = &[];
