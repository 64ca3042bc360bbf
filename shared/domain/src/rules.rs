//! The three places where an entity can say what its table cannot: prepare, check, and what a change means.

use crate::{Doc, Time, Viewer, Violation};

/// Who acts and when; all that a rule may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Now.
    pub now: Time,
    /// Who acts; nobody when the system does.
    pub viewer: Option<&'a Viewer>,
}

/// What an entity's table cannot say.
pub trait Rules: Sync {
    /// Fills in what follows from the rest, before the checks.
    fn prepare(&self, _doc: &mut Doc, _moment: Moment<'_>) {}

    /// What is wrong with the record as it would become.
    fn check(&self, _before: Option<&Doc>, _after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        Vec::new()
    }
}

/// No rules beyond the table.
pub struct Plain;

impl Rules for Plain {}
