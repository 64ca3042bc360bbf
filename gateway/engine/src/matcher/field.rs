//! The operators on one field of a filter.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{
    bits::Bits,
    modulo::Modulo,
    node::Node,
    parse::{self, Place},
    pattern::Pattern,
    test::{Choices, Relation, Test},
    types,
};
use crate::{
    error::{Error, Result},
    expression::is_truthy,
    number::Number,
    order::compare,
    path::Path,
};

/// Whether a document is operators rather than a value; references are values.
pub fn has_operators(document: &Document) -> bool {
    document.keys().next().is_some_and(|name| name.starts_with('$') && !matches!(name.as_str(), "$ref" | "$id" | "$db"))
}

/// Whether a document begins with an operator over whole documents.
pub fn is_logical(document: &Document) -> bool {
    let first = document.keys().next().map(String::as_str);
    matches!(first, Some("$and" | "$or" | "$nor" | "$expr" | "$where" | "$text" | "$jsonSchema" | "$comment" | "$sampleRate"))
}

pub fn equal(path: &Path, value: &Bson) -> Node {
    field(path, Test::Compare(Relation::Equal, value.clone()))
}

pub fn parse_regex_value(path: &Path, value: &Bson) -> Result<Node> {
    Ok(field(path, Test::Regex(regex_of(value, None)?)))
}

/// All operators of one field together.
pub fn parse(path: &Path, operators: &Document, place: Place<'_>) -> Result<Node> {
    let mut nodes = Vec::with_capacity(operators.len());
    for (name, operand) in operators {
        if let Some(node) = parse_operator(path, name, operand, operators, place)? {
            nodes.push(node);
        }
    }
    Ok(match nodes.len() {
        1 => nodes.remove(0),
        _ => Node::And(nodes),
    })
}

fn parse_operator(path: &Path, name: &str, operand: &Bson, all: &Document, place: Place<'_>) -> Result<Option<Node>> {
    let node = match name {
        "$eq" => equal(path, operand),
        "$ne" => {
            refuse_regex(name, operand)?;
            negate(equal(path, operand))
        }
        "$gt" => relation(path, name, Relation::Greater, operand)?,
        "$gte" => relation(path, name, Relation::GreaterOrEqual, operand)?,
        "$lt" => relation(path, name, Relation::Less, operand)?,
        "$lte" => relation(path, name, Relation::LessOrEqual, operand)?,
        "$in" => field(path, parse_in(name, operand)?),
        "$nin" => negate(field(path, parse_in(name, operand)?)),
        "$exists" if is_truthy(operand) => field(path, Test::Exists),
        "$exists" => negate(field(path, Test::Exists)),
        "$type" => field(path, Test::Type(types::parse(operand)?)),
        "$size" => field(path, Test::Size(parse_size(operand)?)),
        "$mod" => field(path, Test::Modulo(Modulo::parse(operand)?)),
        "$bitsAllSet" | "$bitsAllClear" | "$bitsAnySet" | "$bitsAnyClear" => field(path, Test::Bits(Bits::parse(name, operand)?)),
        "$regex" => field(path, Test::Regex(regex_of(operand, all.get("$options"))?)),
        "$options" if all.contains_key("$regex") => return Ok(None),
        "$options" => return Err(Error::bad_value("$options needs a $regex")),
        "$not" => parse_not(path, operand, place)?,
        "$all" => parse_all(path, operand, place)?,
        "$elemMatch" => parse_elem_match(path, operand, place)?,
        "$comment" => return Ok(None),
        _ => return Err(Error::bad_value(format!("unknown operator: {name}"))),
    };
    Ok(Some(node))
}

fn field(path: &Path, test: Test) -> Node {
    Node::Field { path: path.clone(), test }
}

fn negate(node: Node) -> Node {
    Node::Not(Box::new(node))
}

fn refuse_regex(name: &str, operand: &Bson) -> Result<()> {
    if matches!(operand, Bson::RegularExpression(_)) {
        return Err(Error::bad_value(format!("Can't have RegEx as arg to {name}")));
    }
    Ok(())
}

fn relation(path: &Path, name: &str, relation: Relation, operand: &Bson) -> Result<Node> {
    refuse_regex(name, operand)?;
    Ok(field(path, Test::Compare(relation, operand.clone())))
}

fn parse_in(name: &str, operand: &Bson) -> Result<Test> {
    let Bson::Array(items) = operand else {
        return Err(Error::bad_value(format!("{name} needs an array")));
    };
    let mut values = Vec::with_capacity(items.len());
    let mut patterns = Vec::new();
    for item in items {
        match item {
            Bson::RegularExpression(_) => patterns.push(regex_of(item, None)?),
            Bson::Document(inner) if has_operators(inner) => {
                return Err(Error::bad_value(format!("cannot nest $ under {name}")));
            }
            _ => values.push(item.clone()),
        }
    }
    values.sort_by(compare);
    values.dedup_by(|a, b| compare(a, b).is_eq());
    Ok(Test::In(Arc::new(Choices { values, patterns })))
}

fn parse_size(operand: &Bson) -> Result<i64> {
    let size = Number::from_bson(operand)
        .ok_or_else(|| Error::bad_value("$size needs a number"))?
        .to_i64_exact()
        .ok_or_else(|| Error::bad_value("$size must be a whole number"))?;
    if size < 0 {
        return Err(Error::bad_value("$size may not be negative"));
    }
    Ok(size)
}

fn regex_of(operand: &Bson, options: Option<&Bson>) -> Result<Pattern> {
    let options = match options {
        None => None,
        Some(Bson::String(options)) => Some(options.as_str()),
        Some(_) => return Err(Error::bad_value("$options has to be a string")),
    };
    match operand {
        Bson::String(source) => {
            if source.contains('\0') {
                return Err(Error::bad_value("Regular expression cannot contain an embedded null byte"));
            }
            Pattern::new(source, options.unwrap_or_default())
        }
        Bson::RegularExpression(regex) => {
            let own = regex.options.as_str();
            if options.is_some() && !own.is_empty() {
                return Err(Error::new(51074, "options set in both $regex and $options"));
            }
            Pattern::new(regex.pattern.as_str(), options.unwrap_or(own))
        }
        _ => Err(Error::bad_value("$regex has to be a string")),
    }
}

fn parse_not(path: &Path, operand: &Bson, place: Place<'_>) -> Result<Node> {
    match operand {
        Bson::RegularExpression(_) => parse_regex_value(path, operand).map(negate),
        Bson::Document(inner) if inner.is_empty() => Err(Error::bad_value("$not cannot be empty")),
        Bson::Document(inner) => parse(path, inner, place.deeper()?).map(negate),
        _ => Err(Error::bad_value("$not needs a regex or a document")),
    }
}

fn parse_all(path: &Path, operand: &Bson, place: Place<'_>) -> Result<Node> {
    let Bson::Array(items) = operand else {
        return Err(Error::bad_value("$all needs an array"));
    };
    let elem_match =
        |item: &Bson| item.as_document().is_some_and(|inner| inner.keys().next().is_some_and(|name| name == "$elemMatch"));
    let first_is_elem_match = items.first().is_some_and(elem_match);
    let mut nodes = Vec::with_capacity(items.len());
    for item in items {
        nodes.push(match item {
            Bson::Document(inner) if first_is_elem_match && elem_match(item) => {
                let condition = inner.get("$elemMatch").unwrap_or(&Bson::Null);
                parse_elem_match(path, condition, place)?
            }
            _ if first_is_elem_match => {
                return Err(Error::bad_value("$all/$elemMatch has to be consistent"));
            }
            Bson::Document(inner) if has_operators(inner) => {
                return Err(Error::bad_value("no $ expressions in $all"));
            }
            Bson::RegularExpression(_) => parse_regex_value(path, item)?,
            _ => equal(path, item),
        });
    }
    Ok(if nodes.is_empty() { Node::Constant(false) } else { Node::And(nodes) })
}

fn parse_elem_match(path: &Path, operand: &Bson, place: Place<'_>) -> Result<Node> {
    let Bson::Document(condition) = operand else {
        return Err(Error::bad_value("$elemMatch needs an Object"));
    };
    let place = place.inner()?;
    let by_operators = has_operators(condition) && !is_logical(condition);
    let inner = if by_operators { parse(&Path::here(), condition, place)? } else { parse::parse(condition, place)? };
    Ok(Node::ElemMatch { path: path.clone(), inner: Box::new(inner), documents_only: !by_operators })
}
