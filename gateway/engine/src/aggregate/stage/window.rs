//! `$setWindowFields`: fields computed over neighbours in a partition.

use std::{collections::HashMap, ops::Range};

use bson::{Bson, Document};

use super::{Context, Rows, set_path, simple::held, window_function::Function};
use crate::{
    budget::{Budget, released},
    error::{Error, Result},
    expression::{Expression, Unit, Variables, null_if_missing},
    interrupt, key,
    number::Number,
    order::{compare, rank},
    sort::SortOrder,
};

#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub partition: Option<Expression>,
    pub order: SortOrder,
    pub outputs: Vec<Output>,
}

#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub field: String,
    pub function: Function,
    pub bounds: Bounds,
}

#[derive(Debug, Clone)]
pub(crate) enum Bounds {
    /// By position.
    Documents(Edge, Edge),
    /// By distance of the sort field, in a unit of time for dates.
    Range(Edge, Edge, Option<Unit>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Edge {
    Unbounded,
    Current,
    At(f64),
}

impl Edge {
    pub fn offset(&self) -> Option<f64> {
        match self {
            Edge::Unbounded => None,
            Edge::Current => Some(0.0),
            Edge::At(offset) => Some(*offset),
        }
    }
}

impl Window {
    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let variables = &context.variables;
        let mut positions: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut partitions: Vec<(Bson, Vec<Document>)> = Vec::new();
        let (documents, mut budget) = held(rows)?;
        for document in documents {
            let value = match &self.partition {
                Some(expression) => null_if_missing(expression.evaluate(&document, variables)?),
                None => Bson::Null,
            };
            if matches!(value, Bson::Array(_)) {
                return Err(Error::type_mismatch("An expression used to partition cannot evaluate to value of type array"));
            }
            let position = *positions.entry(key::of(&value)).or_insert_with(|| {
                partitions.push((value, Vec::new()));
                partitions.len() - 1
            });
            if let Some((_, members)) = partitions.get_mut(position) {
                members.push(document);
            }
        }
        partitions.sort_by(|(a, _), (b, _)| compare(a, b));
        let mut output = Vec::new();
        for (_, members) in partitions {
            output.extend(self.fill(self.order.sort(members), &mut budget, variables)?);
        }
        Ok(Box::new(released(output, budget)))
    }

    /// What is added to the documents is charged too.
    fn fill(&self, members: Vec<Document>, budget: &mut Budget, variables: &Variables) -> Result<Vec<Document>> {
        let keys: Vec<Vec<Bson>> = members.iter().map(|member| self.order.key(member)).collect();
        let mut filled = members.clone();
        for output in &self.outputs {
            let values = match &output.function {
                Function::Accumulate(accumulator) => {
                    let mut values = Vec::with_capacity(members.len());
                    let mut known: Option<(Range<usize>, Bson)> = None;
                    for index in 0..members.len() {
                        let range = self.range(&output.bounds, &keys, index)?;
                        if let Some((_, value)) = known.as_ref().filter(|(last, _)| *last == range) {
                            budget.take_item(value)?;
                            values.push(value.clone());
                            continue;
                        }
                        let mut state = accumulator.start(&Bson::Null, variables)?;
                        for member in members.get(range.clone()).unwrap_or_default() {
                            state.add(member, variables)?;
                        }
                        let value = state.finish()?;
                        drop(state);
                        budget.take_item(&value)?;
                        values.push(value.clone());
                        known = Some((range, value));
                    }
                    values
                }
                function => function.values(&members, &keys, |index| self.range(&output.bounds, &keys, index), variables)?,
            };
            for (document, value) in filled.iter_mut().zip(values) {
                set_path(document, &output.field, value);
            }
        }
        Ok(filled)
    }

    fn range(&self, bounds: &Bounds, keys: &[Vec<Bson>], index: usize) -> Result<Range<usize>> {
        interrupt::check()?;
        match bounds {
            Bounds::Documents(low, high) => Ok(by_position(*low, *high, keys.len(), index)),
            Bounds::Range(low, high, unit) => {
                let descending = self.order.fields().first().is_some_and(|field| field.descending);
                if descending {
                    return Err(Error::new(5339902, "Range-based bounds require an ascending sortBy"));
                }
                by_distance(*low, *high, *unit, keys, index)
            }
        }
    }
}

fn by_position(low: Edge, high: Edge, length: usize, index: usize) -> Range<usize> {
    let at = |offset: f64| index as f64 + offset;
    let clamp = |position: f64| position.clamp(0.0, length as f64) as usize;
    let start = low.offset().map_or(0, |offset| clamp(at(offset)));
    let end = high.offset().map_or(length, |offset| clamp(at(offset) + 1.0));
    start..end.max(start)
}

fn by_distance(low: Edge, high: Edge, unit: Option<Unit>, keys: &[Vec<Bson>], index: usize) -> Result<Range<usize>> {
    let key_at = |at: usize| keys.get(at).and_then(|key| key.first()).unwrap_or(&Bson::Null);
    let current = key_at(index);
    check_key(current, unit)?;
    let limit = |edge: Edge| edge.offset().map(|offset| shifted(current, offset, unit)).transpose();
    let (low, high) = (limit(low)?, limit(high)?);
    let inside = |at: usize| {
        let value = key_at(at);
        let same_type = rank(value) == rank(current);
        let above = low.as_ref().is_none_or(|low| same_type && compare(value, low).is_ge());
        let below = high.as_ref().is_none_or(|high| same_type && compare(value, high).is_le());
        above && below
    };
    let start = (0..keys.len()).find(|at| inside(*at)).unwrap_or(index);
    let end = (start..keys.len()).find(|at| !inside(*at)).unwrap_or(keys.len());
    Ok(start..end)
}

fn check_key(value: &Bson, unit: Option<Unit>) -> Result<()> {
    match (value, unit) {
        (Bson::DateTime(_), Some(_)) => Ok(()),
        (_, Some(_)) => Err(Error::new(5429513, "Expected the sortBy field to be a Date")),
        (Bson::DateTime(_), None) => {
            Err(Error::new(5429513, "Invalid range: Expected the sortBy field to be a number, but it was a Date"))
        }
        (_, None) if Number::from_bson(value).is_some() => Ok(()),
        _ => Err(Error::new(5429414, "Invalid range: Expected the sortBy field to be a number")),
    }
}

fn shifted(value: &Bson, offset: f64, unit: Option<Unit>) -> Result<Bson> {
    match (value, unit) {
        (Bson::DateTime(at), Some(unit)) => {
            let moved = unit.add(at.timestamp_millis(), offset as i64)?;
            Ok(Bson::DateTime(bson::DateTime::from_millis(moved)))
        }
        _ => {
            let number = Number::from_bson(value).map_or(0.0, Number::to_f64);
            Ok(Bson::Double(number + offset))
        }
    }
}
