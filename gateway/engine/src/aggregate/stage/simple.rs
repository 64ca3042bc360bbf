//! Stages that are one step: match, project, replaceRoot, sort, skip, count, documents.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{Context, Rows};
use crate::{
    budget::{Budget, released},
    error::{Error, Result},
    expression::{Expression, type_name},
    matcher::Matcher,
    projection::Projection,
    sort::SortOrder,
};

pub fn filter<'a>(matcher: &'a Matcher, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
    let variables = Arc::clone(&context.variables);
    Ok(Box::new(rows.filter_map(move |row| {
        let checked = row.and_then(|document| {
            let (matched, _) = matcher.matches_at(&document, &variables)?;
            Ok(matched.then_some(document))
        });
        checked.transpose()
    })))
}

pub fn project<'a>(projection: &'a Projection, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
    let variables = Arc::clone(&context.variables);
    Ok(Box::new(rows.map(move |row| projection.apply(&row?, None, &variables))))
}

pub fn replace_root<'a>(expression: &'a Expression, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
    let variables = Arc::clone(&context.variables);
    Ok(Box::new(rows.map(move |row| match expression.evaluate(&row?, &variables)? {
        Bson::Document(root) => Ok(root),
        other => Err(Error::new(
            40228,
            format!("'newRoot' expression must evaluate to an object, but resulting value was of type: {}", type_name(&other)),
        )),
    })))
}

pub fn sort<'a>(order: &SortOrder, rows: Rows<'a>) -> Result<Rows<'a>> {
    let (all, budget) = held(rows)?;
    Ok(Box::new(released(order.sort(all), budget)))
}

/// All of a stream, and what it is charged.
pub fn held(rows: Rows<'_>) -> Result<(Vec<Document>, Budget)> {
    let mut budget = Budget::of("a stage");
    let mut all = Vec::new();
    for row in rows {
        let document = row?;
        budget.take(&document)?;
        all.push(document);
    }
    Ok((all, budget))
}

/// Errors are not skipped.
pub fn skip<'a>(count: usize, rows: Rows<'a>) -> Result<Rows<'a>> {
    let mut left = count;
    Ok(Box::new(rows.filter(move |row| {
        if left == 0 || row.is_err() {
            return true;
        }
        left -= 1;
        false
    })))
}

pub fn count<'a>(name: &str, rows: Rows<'a>) -> Result<Rows<'a>> {
    let mut count = 0_i64;
    for row in rows {
        row?;
        count += 1;
    }
    if count == 0 {
        return Ok(Box::new(std::iter::empty()));
    }
    let mut document = Document::new();
    document.insert(name, i32::try_from(count).map_or(Bson::Int64(count), Bson::Int32));
    Ok(Box::new(std::iter::once(Ok(document))))
}

pub fn documents<'a>(expression: &Expression, context: &Context<'a>) -> Result<Rows<'a>> {
    let Bson::Array(items) = expression.evaluate(&Document::new(), &context.variables)? else {
        return Err(Error::new(5858203, "an array is expected for $documents"));
    };
    let rows = items.into_iter().map(|item| match item {
        Bson::Document(document) => Ok(document),
        _ => Err(Error::new(40228, "$documents must be documents")),
    });
    Ok(Box::new(rows.collect::<Vec<_>>().into_iter()))
}
