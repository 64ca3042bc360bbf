//! A parsed filter as a tree, and its evaluation.

use bson::{Bson, Document};

use super::{schema::Schema, test::Test};
use crate::{
    error::Result,
    expression::{self, Expression, Variables},
    path::{Leaf, Path, Reached},
};

/// One part of a filter.
#[derive(Debug, Clone)]
pub enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Nor(Vec<Node>),
    Not(Box<Node>),
    Field { path: Path, test: Test },
    /// Some element of the array at the path satisfies the inner node.
    ElemMatch { path: Path, inner: Box<Node>, documents_only: bool },
    Expression(Box<Expression>, Variables),
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

/// What a match found on its way.
#[derive(Debug, Default)]
pub struct Details {
    pub position: Option<usize>,
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
    pub fn eval(&self, root: Root<'_>, details: &mut Details) -> Result<bool> {
        match self {
            Node::And(nodes) => all(nodes, root, details),
            Node::Or(nodes) => any(nodes, root, details),
            Node::Nor(nodes) => any(nodes, root, &mut Details::default()).map(|found| !found),
            Node::Not(node) => node.eval(root, &mut Details::default()).map(|found| !found),
            Node::Field { path, test } => Ok(eval_field(path, test, root, details)),
            Node::ElemMatch { path, inner, documents_only } => {
                eval_elements(path, inner, *documents_only, root, details)
            }
            Node::Expression(expression, variables) => match root {
                Root::Document(document) => {
                    let value = expression.evaluate(document, variables)?;
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

fn all(nodes: &[Node], root: Root<'_>, details: &mut Details) -> Result<bool> {
    for node in nodes {
        if !node.eval(root, details)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(nodes: &[Node], root: Root<'_>, details: &mut Details) -> Result<bool> {
    for node in nodes {
        if node.eval(root, details)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn eval_field(path: &Path, test: &Test, root: Root<'_>, details: &mut Details) -> bool {
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

fn eval_elements(
    path: &Path,
    inner: &Node,
    documents_only: bool,
    root: Root<'_>,
    details: &mut Details,
) -> Result<bool> {
    let mut failure = None;
    let mut found_in = |reached: Reached<'_>| {
        let Some(Bson::Array(items)) = reached.value else {
            return false;
        };
        match first_element(items, inner, documents_only) {
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

fn first_element(items: &[Bson], inner: &Node, documents_only: bool) -> Result<Option<usize>> {
    for (index, item) in items.iter().enumerate() {
        let matched = match item {
            Bson::Array(nested) if documents_only => {
                let document = as_document(nested);
                inner.eval(Root::Document(&document), &mut Details::default())?
            }
            Bson::Document(_) => inner.eval(Root::of(item), &mut Details::default())?,
            _ if documents_only => false,
            _ => inner.eval(Root::Value(item), &mut Details::default())?,
        };
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
