//! What every operation is, in words; and what it takes and answers where that does not follow from its route.

use crate::operation::Operation;

mod access;
mod money;
mod tenant;
mod work;

/// Every operation.
pub static OPERATIONS: std::sync::LazyLock<Vec<Operation>> =
    std::sync::LazyLock::new(|| [access::OPERATIONS, money::OPERATIONS, tenant::OPERATIONS, work::OPERATIONS].concat());
