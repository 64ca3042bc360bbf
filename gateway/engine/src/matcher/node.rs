//! A parsed filter as a tree, and its evaluation.

use bson::{Bson, Document};

use super::{schema::Schema, test::Test};
use crate::{
    error::Result,
    expression::{self, Expression, Variables},
    fields::Fields,
    path::{Leaf, Path, Reached},
};

/// One part of a filter.
#[derive(Debug, Clone)]
pub enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Nor(Vec<Node>),
    Not(Box<Node>),
    Field {
        path: Path,
        test: Test,
    },
    /// Some element of the array at the path satisfies the inner node.
    ElemMatch {
        path: Path,
        inner: Box<Node>,
        documents_only: bool,
    },
    Expression(Box<Expression>),
    Schema(Box<Schema>),
    Constant(bool),
    SampleRate(f64),
}

/// What a node looks at.
#[derive(Debug, Clone, Copy)]
pub enum Root<'a> {
    Document(&'a Document),
    Value(&'a Bson),
}

/// What a match knows, and what it found on its way.
#[derive(Debug)]
pub struct Details<'v> {
    pub position: Option<usize>,
    variables: &'v Variables,
}

impl<'v> Details<'v> {
    pub fn new(variables: &'v Variables) -> Details<'v> {
        Details { position: None, variables }
    }

    /// For a part whose position does not count.
    fn aside(&self) -> Details<'v> {
        Details::new(self.variables)
    }
}

impl<'a> Root<'a> {
    pub fn of(value: &'a Bson) -> Root<'a> {
        match value {
            Bson::Document(document) => Root::Document(document),
            _ => Root::Value(value),
        }
    }
}

impl Node {
    pub fn eval(&self, root: Root<'_>, details: &mut Details<'_>) -> Result<bool> {
        match self {
            Node::And(nodes) => all(nodes, root, details),
            Node::Or(nodes) => any(nodes, root, &mut details.aside()),
            Node::Nor(nodes) => any(nodes, root, &mut details.aside()).map(|found| !found),
            Node::Not(node) => node.eval(root, &mut details.aside()).map(|found| !found),
            Node::Field { path, test } => Ok(eval_field(path, test, root, details)),
            Node::ElemMatch { path, inner, documents_only } => eval_elements(path, inner, *documents_only, root, details),
            Node::Expression(expression) => match root {
                Root::Document(document) => {
                    let value = expression.evaluate(document, details.variables)?;
                    Ok(expression::is_truthy(&value))
                }
                Root::Value(_) => Ok(false),
            },
            Node::Schema(schema) => match root {
                Root::Document(document) => Ok(schema.allows_document(document)),
                Root::Value(_) => Ok(false),
            },
            Node::Constant(truth) => Ok(*truth),
            Node::SampleRate(rate) => Ok(expression::random() < *rate),
        }
    }
}

impl Node {
    /// The top-level fields that decide.
    pub fn add_fields(&self, fields: &mut Fields) {
        match self {
            Node::And(nodes) | Node::Or(nodes) | Node::Nor(nodes) => nodes.iter().for_each(|node| node.add_fields(fields)),
            Node::Not(node) => node.add_fields(fields),
            Node::Field { path, .. } | Node::ElemMatch { path, .. } if !path.is_here() => fields.add(path.root()),
            Node::Expression(expression) => expression.add_fields(fields),
            Node::Field { .. } | Node::ElemMatch { .. } | Node::Schema(_) => fields.add_all(),
            Node::Constant(_) | Node::SampleRate(_) => {}
        }
    }

    /// One element of an array.
    pub fn eval_element(&self, item: &Bson, documents_only: bool, details: &Details<'_>) -> Result<bool> {
        let mut details = details.aside();
        match item {
            Bson::Array(nested) if documents_only => self.eval(Root::Document(&as_document(nested)), &mut details),
            Bson::Document(_) => self.eval(Root::of(item), &mut details),
            _ if documents_only => Ok(false),
            _ => self.eval(Root::Value(item), &mut details),
        }
    }
}

fn all(nodes: &[Node], root: Root<'_>, details: &mut Details<'_>) -> Result<bool> {
    for node in nodes {
        if !node.eval(root, details)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(nodes: &[Node], root: Root<'_>, details: &mut Details<'_>) -> Result<bool> {
    for node in nodes {
        if node.eval(root, details)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn eval_field(path: &Path, test: &Test, root: Root<'_>, details: &mut Details<'_>) -> bool {
    if path.is_here() {
        return match root {
            Root::Value(value) => test.holds(Some(value)),
            Root::Document(document) => test.holds(Some(&Bson::Document(document.clone()))),
        };
    }
    let Root::Document(document) = root else {
        return false;
    };
    path.visit(document, test.leaf(), &mut |reached| {
        let found = test.holds(reached.value);
        if found && reached.position.is_some() {
            details.position = reached.position;
        }
        found
    })
}

fn eval_elements(path: &Path, inner: &Node, documents_only: bool, root: Root<'_>, details: &mut Details<'_>) -> Result<bool> {
    let mut failure = None;
    let mut found_in = |reached: Reached<'_>| {
        let Some(Bson::Array(items)) = reached.value else {
            return false;
        };
        match first_element(items, inner, documents_only, details) {
            Ok(Some(index)) => {
                details.position = reached.position.or(Some(index));
                true
            }
            Ok(None) => false,
            Err(error) => {
                failure = Some(error);
                true
            }
        }
    };
    let found = match root {
        Root::Document(document) => path.visit(document, Leaf::Whole, &mut found_in),
        Root::Value(value) => path.is_here() && found_in(Reached { value: Some(value), position: None }),
    };
    match failure {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

fn first_element(items: &[Bson], inner: &Node, documents_only: bool, details: &Details<'_>) -> Result<Option<usize>> {
    for (index, item) in items.iter().enumerate() {
        let matched = inner.eval_element(item, documents_only, details)?;
        if matched {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// An array in an array is a document whose fields are positions.
fn as_document(items: &[Bson]) -> Document {
    items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect()
}
