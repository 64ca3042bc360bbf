//! `$redact`: keeps, prunes or descends into each level of a document.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{Context, Rows};
use crate::{
    error::{Error, Result},
    expression::{Expression, Variables},
};

/// The variables that say what becomes of a level.
pub fn verdicts(variables: &Variables) -> Variables {
    let verdict = |name: &str| Bson::String(format!("$${name}"));
    ["DESCEND", "PRUNE", "KEEP"].iter().fold(variables.clone(), |all, name| all.with(name, verdict(name)))
}

pub fn run<'a>(expression: &'a Expression, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
    let variables = Arc::new(verdicts(&context.variables));
    Ok(Box::new(rows.filter_map(move |row| row.and_then(|document| redact(expression, &document, &variables)).transpose())))
}

fn redact(expression: &Expression, document: &Document, variables: &Variables) -> Result<Option<Document>> {
    match expression.evaluate(document, variables)? {
        Bson::String(verdict) if verdict == "$$KEEP" => Ok(Some(document.clone())),
        Bson::String(verdict) if verdict == "$$PRUNE" => Ok(None),
        Bson::String(verdict) if verdict == "$$DESCEND" => {
            let mut kept = Document::new();
            for (name, value) in document {
                if let Some(value) = redact_value(expression, value, variables)? {
                    kept.insert(name.clone(), value);
                }
            }
            Ok(Some(kept))
        }
        _ => Err(Error::new(
            17053,
            "$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE",
        )),
    }
}

fn redact_value(expression: &Expression, value: &Bson, variables: &Variables) -> Result<Option<Bson>> {
    match value {
        Bson::Document(inner) => Ok(redact(expression, inner, variables)?.map(Bson::Document)),
        Bson::Array(items) => {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                kept.extend(redact_value(expression, item, variables)?);
            }
            Ok(Some(Bson::Array(kept)))
        }
        _ => Ok(Some(value.clone())),
    }
}
