//! Expressions from values.

use bson::{Bson, Document};

use super::{
    Expression, field_path,
    named::Arguments,
    operator::{self, Takes, wrong_count},
    special,
};
use crate::error::{Error, Result};

/// The deepest expression.
const DEPTH_LIMIT: usize = 220;

const SYSTEM: [&str; 5] = ["ROOT", "CURRENT", "REMOVE", "NOW", "CLUSTER_TIME"];

/// Knows the variables in scope and how deep it is.
pub(super) struct Parser {
    names: Vec<String>,
    depth: usize,
}

impl Parser {
    pub fn new(names: Vec<String>) -> Parser {
        Parser { names, depth: 0 }
    }

    pub fn expression(&mut self, value: &Bson) -> Result<Expression> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Error::new(15, "the expression is nested too deeply"));
        }
        self.depth += 1;
        let parsed = match value {
            Bson::String(text) => self.text(text),
            Bson::Document(document) => self.document(document),
            Bson::Array(items) => self.array(items),
            other => Ok(Expression::Constant(other.clone())),
        };
        self.depth -= 1;
        parsed
    }

    /// Parses with more variables in scope.
    pub fn with<T>(&mut self, names: &[&str], body: impl FnOnce(&mut Parser) -> Result<T>) -> Result<T> {
        let outer = self.names.len();
        self.names.extend(names.iter().map(|name| (*name).to_owned()));
        let parsed = body(self);
        self.names.truncate(outer);
        parsed
    }

    fn text(&self, text: &str) -> Result<Expression> {
        if let Some(rest) = text.strip_prefix("$$") {
            return self.variable(rest);
        }
        match text.strip_prefix('$') {
            Some(path) => Ok(Expression::Field(field_path(path)?)),
            None => Ok(Expression::Constant(Bson::String(text.to_owned()))),
        }
    }

    fn variable(&self, text: &str) -> Result<Expression> {
        let (name, path) = match text.split_once('.') {
            Some((name, path)) => (name, field_path(path)?),
            None => (text, Vec::new()),
        };
        let system = SYSTEM.contains(&name);
        if !system {
            check_variable_name(name, false)?;
        }
        if !system && !self.names.iter().any(|known| known == name) {
            return Err(Error::new(17276, format!("Use of undefined variable: {name}")));
        }
        Ok(Expression::Variable(name.to_owned(), path))
    }

    fn array(&mut self, items: &[Bson]) -> Result<Expression> {
        let items: Vec<Expression> = items.iter().map(|item| self.expression(item)).collect::<Result<_>>()?;
        let values: Option<Vec<Bson>> = items.iter().map(|item| item.constant().cloned()).collect();
        Ok(values.map_or(Expression::Array(items), |values| Expression::Constant(Bson::Array(values))))
    }

    fn document(&mut self, document: &Document) -> Result<Expression> {
        let Some((first, operand)) = document.iter().next() else {
            return Ok(Expression::Constant(Bson::Document(Document::new())));
        };
        if first.starts_with('$') {
            if document.len() != 1 {
                return Err(Error::new(15983, "an object representing an expression must have exactly one field"));
            }
            return self.operator(first, operand);
        }
        let mut fields = Vec::with_capacity(document.len());
        for (name, value) in document {
            check_field_name(name)?;
            fields.push((name.clone(), self.expression(value)?));
        }
        Ok(Expression::Object(fields))
    }

    fn operator(&mut self, name: &str, operand: &Bson) -> Result<Expression> {
        if let Some(parsed) = special::parse(self, name, operand)? {
            return Ok(parsed);
        }
        let Some(operator) = operator::find(name) else {
            return Err(Error::new(168, format!("Unrecognized expression '{name}'")));
        };
        let arguments = match operator.takes {
            Takes::Between(least, most) => self.arguments(name, operand, least, most)?,
            Takes::Named(arguments) => self.named(name, operand, arguments)?,
        };
        Ok(Expression::Call(operator, arguments))
    }

    pub fn arguments(&mut self, name: &str, operand: &Bson, least: usize, most: usize) -> Result<Vec<Expression>> {
        let alone = [operand.clone()];
        let items = match operand {
            Bson::Array(items) => items.as_slice(),
            _ => &alone,
        };
        if items.len() < least || items.len() > most {
            return Err(wrong_count(name, least, most, items.len()));
        }
        items.iter().map(|item| self.expression(item)).collect()
    }

    fn named(&mut self, name: &str, operand: &Bson, arguments: &Arguments) -> Result<Vec<Expression>> {
        let mut parsed: Vec<Option<Expression>> = vec![None; arguments.len()];
        match (operand, arguments.alone) {
            (Bson::Document(given), alone) if alone.is_none() || !is_operator(given) => {
                for (argument, value) in given {
                    let expression = self.expression(value)?;
                    let slot = arguments.position(argument).and_then(|index| parsed.get_mut(index));
                    match slot {
                        Some(slot) => *slot = Some(expression),
                        None => {
                            let message = format!("Unrecognized argument to {name}: {argument}");
                            return Err(Error::new(arguments.unknown, message));
                        }
                    }
                }
            }
            (_, Some(alone)) => {
                let single = match operand {
                    Bson::Array(items) => match items.as_slice() {
                        [only] => only,
                        _ => return Err(wrong_count(name, 1, 1, items.len())),
                    },
                    _ => operand,
                };
                let expression = self.expression(single)?;
                if let Some(slot) = arguments.position(alone).and_then(|index| parsed.get_mut(index)) {
                    *slot = Some(expression);
                }
                // A field alone is one of the document at hand.
                if let (Some(slot), "$getField") = (arguments.position("input").and_then(|index| parsed.get_mut(index)), name) {
                    *slot = Some(Expression::Variable("CURRENT".to_owned(), Vec::new()));
                }
            }
            _ => {
                let message = format!("{name} only supports an object as its argument");
                return Err(Error::new(arguments.not_an_object, message));
            }
        }
        for (required, slot) in arguments.required.iter().zip(&parsed) {
            if slot.is_none() {
                let message = format!("Missing '{required}' parameter to {name}");
                return Err(Error::new(arguments.missing_code(name, required), message));
            }
        }
        Ok(parsed.into_iter().map(|slot| slot.unwrap_or(Expression::Constant(Bson::Undefined))).collect())
    }
}

/// Names of fields in an expression object are plain.
fn check_field_name(name: &str) -> Result<()> {
    if name.starts_with('$') {
        return Err(Error::new(16410, format!("FieldPath field names may not start with '$': {name}")));
    }
    if name.contains('.') {
        return Err(Error::new(16412, format!("FieldPath field names may not contain '.': {name}")));
    }
    Ok(())
}

pub(crate) fn check_variable_name(name: &str, for_writing: bool) -> Result<()> {
    let Some(first) = name.chars().next() else {
        return Err(Error::parse("empty variable names are not allowed"));
    };
    let starts_well = first.is_ascii_lowercase() || !first.is_ascii() || (!for_writing && first.is_ascii_uppercase());
    let rebinds_root = for_writing && name == "CURRENT";
    if !starts_well && !rebinds_root {
        return Err(Error::parse(format!("'{name}' starts with an invalid character for a user variable name")));
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii();
    if !name.chars().all(plain) {
        return Err(Error::parse(format!("'{name}' contains an invalid character for a variable name")));
    }
    Ok(())
}

fn is_operator(document: &Document) -> bool {
    document.keys().next().is_some_and(|name| name.starts_with('$'))
}
