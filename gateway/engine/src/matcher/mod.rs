//! The one matcher: does a document satisfy a filter.

mod bits;
mod field;
mod modulo;
mod node;
mod parse;
mod pattern;
mod schema;
mod schema_parse;
mod test;
mod types;

use bson::{Bson, Document};

pub(crate) use self::{
    node::{Details, Node, Root},
    pattern::Pattern,
    test::{Relation, Test},
    types::alias as type_alias,
};
use crate::{
    error::Result,
    expression::Variables,
};

/// Whether `doc` satisfies `filter`.
pub fn matches(filter: &Document, doc: &Document) -> Result<bool> {
    Matcher::parse(filter)?.matches(doc)
}

/// A parsed filter.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    node: Node,
}

impl Matcher {
    pub fn parse(filter: &Document) -> Result<Matcher> {
        Matcher::parse_with(filter, &Variables::new())
    }

    /// A filter inside a `$lookup` sees the variables of its `let`.
    pub fn parse_with(filter: &Document, variables: &Variables) -> Result<Matcher> {
        Ok(Matcher { node: parse::filter(filter, variables)? })
    }

    /// A filter on one value, as `$elemMatch` and `$pull` take: operators, or a filter of its fields.
    pub fn parse_element(condition: &Document) -> Result<Matcher> {
        Ok(Matcher { node: parse::element(condition)? })
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    pub fn matches(&self, doc: &Document) -> Result<bool> {
        self.node.eval(Root::Document(doc), &mut Details::default())
    }

    pub fn matches_value(&self, value: &Bson) -> Result<bool> {
        self.node.eval(Root::of(value), &mut Details::default())
    }

    /// Whether it matches, and at which array position, for the positional `$`.
    pub fn matches_at(&self, doc: &Document) -> Result<(bool, Option<usize>)> {
        let mut details = Details::default();
        let matched = self.node.eval(Root::Document(doc), &mut details)?;
        Ok((matched, details.position))
    }
}

#[cfg(test)]
mod tests;
