//! Operations and what to say when one of them refuses.

use data_api::{Operation, code};
use domain::Error;

use crate::Failure;
use crate::api::told;

/// A place in a batch: later operations may refer to its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(pub(crate) usize);

impl Step {
    /// The path of something in this step's result, such as `document.value`.
    pub fn path(self, rest: &str) -> String {
        format!("{}.{rest}", self.0)
    }
}

/// What to say when an operation refuses.
#[derive(Default)]
pub(crate) struct On {
    pub expectation: Option<Error>,
    pub duplicate: Option<Error>,
    /// The database does not understand it.
    pub unreadable: Option<Error>,
}

impl On {
    pub fn expect(error: Error) -> Self {
        Self { expectation: Some(error), ..Self::default() }
    }

    pub fn duplicate(error: Error) -> Self {
        Self { duplicate: Some(error), ..Self::default() }
    }
}

#[derive(Default)]
pub(crate) struct Batch {
    operations: Vec<Operation>,
    on: Vec<On>,
}

impl Batch {
    pub fn push(&mut self, operation: Operation, on: On) -> Step {
        self.operations.push(operation);
        self.on.push(on);
        Step(self.len() - 1)
    }

    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// The operations, which leave; what they mean when they refuse stays.
    pub fn take(&mut self) -> Vec<Operation> {
        std::mem::take(&mut self.operations)
    }

    /// What a failure means to the caller, and whether it was the claim of an idempotency key that found it taken.
    pub fn explain(&self, failure: Failure, has_claim: bool) -> (Error, bool) {
        let refusal = match failure {
            Failure::Error(error) => return (error, false),
            Failure::Refused(refusal) => refusal,
        };
        let at = refusal.operation.unwrap_or(usize::MAX);
        let on = self.on.get(at);
        let said = match refusal.error_code.as_str() {
            code::EXPECTATION_FAILED => on.and_then(|on| on.expectation.clone()),
            code::DUPLICATE_KEY => on.and_then(|on| on.duplicate.clone()),
            code::INVALID_PARAMETER => on.and_then(|on| on.unreadable.clone()),
            _ => None,
        };
        let duplicate = refusal.error_code == code::DUPLICATE_KEY;
        let cause = format!("operation {at}: {}", told(&refusal));
        let fallback = || match duplicate {
            true => Error::conflict("duplicate", "There is such a record already.").because(cause.clone()),
            false => Error::internal(cause.clone()),
        };
        (said.unwrap_or_else(fallback), has_claim && duplicate && at == 0)
    }
}
