//! Operators: trigonometry.

use super::Operator;

pub(super) const OPERATORS: &[Operator] = &[];
