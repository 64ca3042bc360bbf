//! Operators: text_search.

use super::Operator;

pub(super) const OPERATORS: &[Operator] = &[];
