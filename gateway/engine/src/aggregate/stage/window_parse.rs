//! `$setWindowFields` from its document.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{
    window::{Bounds, Edge, Output, Window},
    window_function::{self, Function},
};
use crate::{
    aggregate::accumulator_parse,
    error::{Error, Result},
    expression::{Expression, Unit, Variables},
    number::Number,
    projection::check_path,
    sort::SortOrder,
};

pub fn parse(operand: &Bson, variables: &Variables) -> Result<Window> {
    let Bson::Document(given) = operand else {
        return Err(Error::parse("the $setWindowFields stage specification must be an object"));
    };
    let mut partition = None;
    let mut order = SortOrder::default();
    let mut outputs = None;
    for (name, value) in given {
        match (name.as_str(), value) {
            ("partitionBy", _) => partition = Some(Expression::parse_in(value, variables)?),
            ("sortBy", Bson::Document(spec)) => order = SortOrder::parse(spec)?,
            ("output", Bson::Document(fields)) => outputs = Some(fields),
            ("sortBy" | "output", _) => {
                return Err(Error::type_mismatch(format!(
                    "BSON field '$setWindowFields.{name}' is the wrong type, expected an object"
                )));
            }
            _ => return Err(Error::new(40415, format!("BSON field '$setWindowFields.{name}' is an unknown field."))),
        }
    }
    let Some(outputs) = outputs else {
        return Err(Error::new(40414, "BSON field '$setWindowFields.output' is missing but a required field"));
    };
    let outputs: Result<Vec<Output>> = outputs.iter().map(|(field, spec)| parse_output(field, spec, &order, variables)).collect();
    Ok(Window { partition, order, outputs: outputs? })
}

fn parse_output(field: &str, spec: &Bson, order: &SortOrder, variables: &Variables) -> Result<Output> {
    check_path(field)?;
    let Bson::Document(spec) = spec else {
        return Err(Error::parse(format!("The field '{field}' must be an object")));
    };
    let mut function = None;
    let mut window = None;
    for (name, value) in spec {
        match name.as_str() {
            "window" => {
                let Bson::Document(value) = value else {
                    return Err(Error::parse("'window' field must be an object"));
                };
                window = Some(value);
            }
            _ if function.is_some() => return Err(Error::parse("Cannot specify two functions in window function spec")),
            _ if name.starts_with('$') => function = Some((name, value)),
            _ => return Err(Error::parse(format!("Window function found an unknown argument: {name}"))),
        }
    }
    let Some((name, operand)) = function else {
        return Err(Error::parse("Expected a $-prefixed window function"));
    };
    let bounds = match window {
        None => Bounds::Documents(Edge::Unbounded, Edge::Unbounded),
        Some(window) => parse_window(window, order)?,
    };
    let function = match window_function::parse(name, operand, order, window.is_some(), variables)? {
        Some(function) => function,
        None => Function::Accumulate(Arc::new(accumulator_parse::parse_operator(name, operand, variables).map_err(as_unknown)?)),
    };
    Ok(Output { field: field.to_owned(), function, bounds })
}

/// An unknown name is a parse error here.
fn as_unknown(error: Error) -> Error {
    if error.code == 15952 { Error::parse(format!("Unrecognized window function: {}", error.message)) } else { error }
}

fn parse_window(window: &Document, order: &SortOrder) -> Result<Bounds> {
    let mut unit = None;
    for (name, value) in window {
        match (name.as_str(), value) {
            ("documents" | "range", _) => {}
            ("unit", Bson::String(name)) => {
                unit = Some(Unit::parse(name).ok_or_else(|| Error::parse(format!("unknown time unit value: {name}")))?);
            }
            ("unit", _) => return Err(Error::parse("'unit' must be a string")),
            _ => {
                return Err(Error::parse(format!("'window' field can only contain 'documents', 'range' and 'unit', not {name}")));
            }
        }
    }
    match (window.get("documents"), window.get("range")) {
        (Some(_), Some(_)) => Err(Error::parse("Window bounds can specify either 'documents' or 'unit', not both.")),
        (Some(_), None) if unit.is_some() => Err(Error::parse("Window bounds can only specify 'unit' with range-based bounds.")),
        (Some(edges), None) => {
            let (low, high) = parse_edges("documents", edges)?;
            let bounded = |edge: &Edge| !matches!(edge, Edge::Unbounded);
            if order.is_empty() && (bounded(&low) || bounded(&high)) {
                return Err(Error::new(5339901, "Document-based bounds require a sortBy"));
            }
            let whole = |edge: &Edge| !matches!(edge, Edge::At(at) if at.fract() != 0.0);
            if !whole(&low) || !whole(&high) {
                return Err(Error::parse("Numeric document-based bounds must be an integer"));
            }
            check_order(&low, &high)?;
            Ok(Bounds::Documents(low, high))
        }
        (None, Some(edges)) => {
            if order.fields().len() != 1 {
                return Err(Error::new(5339902, "Range-based window require sortBy a single field"));
            }
            let (low, high) = parse_edges("range", edges)?;
            check_order(&low, &high)?;
            Ok(Bounds::Range(low, high, unit))
        }
        (None, None) if unit.is_some() => Err(Error::parse("Window bounds can only specify 'unit' with range-based bounds.")),
        (None, None) => Ok(Bounds::Documents(Edge::Unbounded, Edge::Unbounded)),
    }
}

fn parse_edges(name: &str, edges: &Bson) -> Result<(Edge, Edge)> {
    match edges.as_array().map(Vec::as_slice) {
        Some([low, high]) => Ok((parse_edge(low)?, parse_edge(high)?)),
        _ => Err(Error::parse(format!("Window bounds must be a 2-element array: {name}"))),
    }
}

fn parse_edge(edge: &Bson) -> Result<Edge> {
    match edge {
        Bson::String(name) if name == "unbounded" => Ok(Edge::Unbounded),
        Bson::String(name) if name == "current" => Ok(Edge::Current),
        _ => Number::from_bson(edge)
            .map(|number| Edge::At(number.to_f64()))
            .ok_or_else(|| Error::parse("Window bounds must be 'unbounded', 'current', or a number")),
    }
}

fn check_order(low: &Edge, high: &Edge) -> Result<()> {
    match (low.offset(), high.offset()) {
        (Some(low), Some(high)) if low > high => Err(Error::new(5339900, "Lower bound must not exceed upper bound")),
        _ => Ok(()),
    }
}
