//! What every operation is, in words; and what it takes and answers where that does not follow from its route.

use std::sync::LazyLock;

use crate::operation::Operation;

mod access;
mod money;
mod tenant;
mod work;

/// Every operation.
pub static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| [access::OPERATIONS, money::OPERATIONS, tenant::OPERATIONS, work::OPERATIONS].concat());
