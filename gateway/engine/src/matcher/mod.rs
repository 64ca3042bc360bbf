//! The one matcher: does a document satisfy a filter.

mod bits;
mod field;
mod modulo;
mod node;
mod parse;
mod pattern;
mod pattern_syntax;
mod schema;
mod schema_parse;
mod test;
mod text;
mod types;

use std::sync::Arc;

use bson::{Bson, Document};

pub(crate) use self::{
    modulo::truncated,
    node::{Details, Node, Root},
    pattern::Pattern,
    test::{Relation, Test},
    types::alias as type_alias,
};
use crate::{
    error::{Error, Result},
    expression::Variables,
    order::compare,
    path::Path,
};

/// Whether `doc` satisfies `filter`.
pub fn matches(filter: &Document, doc: &Document) -> Result<bool> {
    Matcher::parse(filter)?.matches(doc)
}

/// A parsed filter.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    node: Node,
    documents_only: bool,
    /// `$text`, which only a search through a text index can answer.
    text: Option<String>,
}

impl Matcher {
    pub fn parse(filter: &Document) -> Result<Matcher> {
        Matcher::parse_with(filter, &Variables::new())
    }

    /// A filter inside a `$lookup` sees the variables of its `let`.
    ///
    /// Their values are given when it is evaluated.
    pub fn parse_with(filter: &Document, variables: &Variables) -> Result<Matcher> {
        let text = filter.get("$text").map(text::parse).transpose()?;
        Ok(Matcher { node: parse::filter(filter, variables)?, documents_only: true, text })
    }

    /// A filter on one value, as `$elemMatch` and `$pull` take: operators, or a filter of its fields.
    pub fn parse_element(condition: &Document) -> Result<Matcher> {
        let (node, documents_only) = parse::element(condition)?;
        Ok(Matcher { node, documents_only, text: None })
    }

    pub fn everything() -> Matcher {
        Matcher { node: Node::And(Vec::new()), documents_only: true, text: None }
    }

    /// Some value of the path equals one of these.
    pub fn any_of(path: &Path, mut values: Vec<Bson>) -> Matcher {
        values.sort_by(compare);
        values.dedup_by(|a, b| compare(a, b).is_eq());
        let test = Test::In(Arc::new(test::Choices { values, patterns: Vec::new() }));
        Matcher { node: Node::Field { path: path.clone(), test }, documents_only: true, text: None }
    }

    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    pub fn matches(&self, doc: &Document) -> Result<bool> {
        if self.text.is_some() {
            return Err(Error::bad_value("$text is only allowed in a search"));
        }
        self.matches_at(doc, &Variables::new()).map(|(matched, _)| matched)
    }

    /// As `$elemMatch` takes an element: an array is a document whose fields are positions.
    pub fn matches_element(&self, element: &Bson) -> Result<bool> {
        self.node.eval_element(element, self.documents_only, &Details::new(&Variables::new()))
    }

    /// Whether it matches, and at which array position, for the positional `$`.
    pub fn matches_at(&self, doc: &Document, variables: &Variables) -> Result<(bool, Option<usize>)> {
        let mut details = Details::new(variables);
        let matched = self.node.eval(Root::Document(doc), &mut details)?;
        Ok((matched, details.position))
    }

    /// Both must hold.
    pub fn and(self, other: Matcher) -> Matcher {
        let text = self.text.or(other.text);
        Matcher { node: Node::And(vec![self.node, other.node]), documents_only: true, text }
    }
}

#[cfg(test)]
mod tests;
