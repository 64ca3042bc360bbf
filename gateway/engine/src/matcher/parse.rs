//! Filters from documents: the logical operators and the tree.

use bson::{Bson, Document};

use super::{field, node::Node, schema_parse};
use crate::{
    depth,
    error::{Error, Result},
    expression::{Expression, Variables},
    number::Number,
    path::Path,
};

/// The deepest filter.
const DEPTH_LIMIT: usize = 100;

/// Where a filter stands: what it may contain, and how deep it is.
#[derive(Clone, Copy)]
pub struct Place<'v> {
    depth: usize,
    top: bool,
    variables: Option<&'v Variables>,
}

impl Place<'_> {
    pub fn deeper(self) -> Result<Self> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Error::bad_value("the filter is nested too deeply"));
        }
        Ok(Place { depth: self.depth + 1, ..self })
    }

    /// Inside a field, where `$expr` and its like have no place.
    pub fn inner(self) -> Result<Self> {
        self.deeper().map(|place| Place { top: false, ..place })
    }
}

pub fn filter(filter: &Document, variables: &Variables) -> Result<Node> {
    parse(filter, Place { depth: 0, top: true, variables: Some(variables) })
}

/// A condition on one element, by operators or by its fields.
///
/// Also whether only documents can satisfy it.
pub fn element(condition: &Document) -> Result<(Node, bool)> {
    let place = Place { depth: 0, top: false, variables: None };
    if field::has_operators(condition) && !field::is_logical(condition) {
        Ok((field::parse(&Path::here(), condition, place)?, false))
    } else {
        Ok((parse(condition, place)?, true))
    }
}

pub fn parse(filter: &Document, place: Place<'_>) -> Result<Node> {
    let mut nodes = Vec::with_capacity(filter.len());
    for (name, value) in filter {
        if name.starts_with('$') {
            nodes.extend(parse_operator(name, value, place)?);
        } else {
            nodes.push(parse_field(name, value, place)?);
        }
    }
    Ok(match nodes.len() {
        1 => nodes.remove(0),
        _ => Node::And(nodes),
    })
}

fn parse_operator(name: &str, value: &Bson, place: Place<'_>) -> Result<Option<Node>> {
    let node = match name {
        "$and" => Node::And(parse_branches(name, value, place)?),
        "$or" => Node::Or(parse_branches(name, value, place)?),
        "$nor" => Node::Nor(parse_branches(name, value, place)?),
        "$comment" => return Ok(None),
        "$alwaysTrue" | "$alwaysFalse" => parse_always(name, value)?,
        "$expr" if place.top => {
            let empty = Variables::new();
            let variables = place.variables.unwrap_or(&empty);
            Node::Expression(Box::new(Expression::parse_in(value, variables)?))
        }
        "$sampleRate" if place.top => parse_sample_rate(value)?,
        "$jsonSchema" => Node::Schema(Box::new(schema_parse::parse(value)?)),
        "$text" if place.top && place.depth == 0 => return Ok(None),
        "$expr" | "$where" | "$text" | "$sampleRate" => {
            return Err(Error::bad_value(format!("{name} is not allowed here")));
        }
        _ => return Err(Error::bad_value(format!("unknown top level operator: {name}"))),
    };
    Ok(Some(node))
}

fn parse_branches(name: &str, value: &Bson, place: Place<'_>) -> Result<Vec<Node>> {
    let Bson::Array(branches) = value else {
        return Err(Error::bad_value(format!("{name} must be an array")));
    };
    if branches.is_empty() {
        return Err(Error::bad_value(format!("{name} must be a nonempty array")));
    }
    let place = place.deeper()?;
    let parse_branch = |branch: &Bson| match branch {
        Bson::Document(branch) => parse(branch, place),
        _ => Err(Error::bad_value(format!("{name} entries need to be full objects"))),
    };
    branches.iter().map(parse_branch).collect()
}

fn parse_always(name: &str, value: &Bson) -> Result<Node> {
    let one = Number::from_bson(value).and_then(Number::to_i64_exact) == Some(1);
    if !one {
        return Err(Error::parse(format!("{name} must be an integer value of 1")));
    }
    Ok(Node::Constant(name == "$alwaysTrue"))
}

fn parse_sample_rate(value: &Bson) -> Result<Node> {
    let rate =
        Number::from_bson(value).ok_or_else(|| Error::bad_value("argument to $sampleRate must be a numeric type"))?.to_f64();
    if !(0.0..=1.0).contains(&rate) {
        return Err(Error::bad_value("numeric argument to $sampleRate must be in [0, 1]"));
    }
    Ok(Node::SampleRate(rate))
}

fn parse_field(name: &str, value: &Bson, place: Place<'_>) -> Result<Node> {
    depth::check_path(name)?;
    let path = Path::new(name);
    match value {
        Bson::Document(operators) if field::has_operators(operators) => field::parse(&path, operators, place),
        Bson::RegularExpression(_) => field::parse_regex_value(&path, value),
        _ => Ok(field::equal(&path, value)),
    }
}
