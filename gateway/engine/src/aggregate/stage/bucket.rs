//! `$bucket`: groups between given boundaries.

use bson::{Bson, Document};

use super::{
    Stage,
    group::{Group, count_field, parse_field},
    parse::object,
};
use crate::{
    error::{Error, Result},
    expression::{Expression, Variables},
    order::{compare, rank},
};

pub fn parse(operand: &Bson, variables: &Variables) -> Result<Vec<Stage>> {
    let given = object(operand, 40201, "$bucket")?;
    let mut by = None;
    let mut boundaries = None;
    let mut default = None;
    let mut fields = vec![count_field()];
    for (name, value) in given {
        match name.as_str() {
            "groupBy" => by = Some(group_by(value, variables, 40202)?),
            "boundaries" => boundaries = Some(parse_boundaries(value, variables)?),
            "default" => {
                let value = match value {
                    Bson::JavaScriptCode(code) => &Bson::String(code.clone()),
                    other => other,
                };
                default = Some(
                    constant(value, variables)
                        .ok_or_else(|| Error::new(40195, "The $bucket 'default' field must be a constant"))?,
                )
            }
            "output" => {
                let output = object(value, 40196, "$bucket output")?;
                fields = output.iter().map(|(name, value)| parse_field(name, value, variables)).collect::<Result<_>>()?;
            }
            _ => return Err(Error::new(40197, format!("Unrecognized option to $bucket: {name}"))),
        }
    }
    let (Some(by), Some(boundaries)) = (by, boundaries) else {
        return Err(Error::new(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified"));
    };
    check_default(default.as_ref(), &boundaries)?;
    Ok(vec![Stage::Group(Group::buckets(by, boundaries, default, fields))])
}

/// A path or an expression in an object.
pub fn group_by(value: &Bson, variables: &Variables, code: i32) -> Result<Expression> {
    let is_expression = match value {
        Bson::String(text) => text.starts_with('$'),
        Bson::Document(inner) => is_operator(inner),
        _ => false,
    };
    if !is_expression {
        return Err(Error::new(code, "The 'groupBy' field must be defined as a $-prefixed path or an expression object"));
    }
    Expression::parse_in(value, variables)
}

fn is_operator(document: &Document) -> bool {
    document.keys().next().is_some_and(|name| name.starts_with('$'))
}

fn constant(value: &Bson, variables: &Variables) -> Option<Bson> {
    let expression = Expression::parse_in(value, variables).ok()?;
    expression.folded()
}

fn parse_boundaries(value: &Bson, variables: &Variables) -> Result<Vec<Bson>> {
    let Bson::Array(items) = value else {
        return Err(Error::new(40200, "The $bucket 'boundaries' field must be an array of values"));
    };
    if items.len() < 2 {
        return Err(Error::new(40192, "The $bucket 'boundaries' field must have at least 2 values"));
    }
    let mut boundaries: Vec<Bson> = Vec::with_capacity(items.len());
    for item in items {
        let value = constant(item, variables)
            .ok_or_else(|| Error::new(40191, "The $bucket 'boundaries' field must be an array of constant values"))?;
        if let Some(last) = boundaries.last() {
            if rank(last) != rank(&value) {
                return Err(Error::new(40193, "All values in the 'boundaries' option to $bucket must have the same type"));
            }
            if compare(last, &value).is_ge() {
                return Err(Error::new(40194, "The 'boundaries' option to $bucket must be sorted"));
            }
        }
        boundaries.push(value);
    }
    Ok(boundaries)
}

fn check_default(default: Option<&Bson>, boundaries: &[Bson]) -> Result<()> {
    let (Some(default), Some(first), Some(last)) = (default, boundaries.first(), boundaries.last()) else {
        return Ok(());
    };
    if compare(default, first).is_ge() && compare(default, last).is_lt() {
        return Err(Error::new(
            40199,
            "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
        ));
    }
    Ok(())
}
