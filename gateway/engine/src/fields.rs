//! Which top-level fields a filter, an expression or a stage reads: what else a document holds need not be decoded.

use std::collections::BTreeSet;

use crate::sort::SortOrder;

/// Names of top-level fields; or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fields {
    All,
    Only(BTreeSet<String>),
}

impl Default for Fields {
    fn default() -> Fields {
        Fields::Only(BTreeSet::new())
    }
}

impl Fields {
    pub fn add(&mut self, name: &str) {
        if let Fields::Only(names) = self
            && !names.contains(name)
        {
            names.insert(name.to_owned());
        }
    }

    pub fn add_all(&mut self) {
        *self = Fields::All;
    }

    pub fn add_order(&mut self, order: &SortOrder) {
        order.fields().iter().for_each(|field| self.add(field.path.root()));
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Fields::Only(names) if names.is_empty())
    }

    pub fn has(&self, name: &str) -> bool {
        match self {
            Fields::All => true,
            Fields::Only(names) => names.contains(name),
        }
    }
}
