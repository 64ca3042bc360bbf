//! The functions that only windows have: ranks, shifts, filling, derivatives.

use std::{ops::Range, sync::Arc};

use bson::{Bson, Document};

use crate::{
    aggregate::accumulator::Accumulator,
    budget::Budget,
    error::{Error, Result},
    expression::{Expression, Unit, Variables, is_nullish, null_if_missing},
    interrupt,
    number::Number,
    order::equal,
    sort::SortOrder,
};

#[derive(Debug, Clone)]
pub(crate) enum Function {
    Accumulate(Arc<Accumulator>),
    Rank { dense: bool },
    DocumentNumber,
    Shift { output: Expression, by: i64, default: Bson },
    ExpMovingAvg { input: Expression, alpha: f64 },
    Derivative { input: Expression, unit: Option<Unit> },
    Integral { input: Expression, unit: Option<Unit> },
    Covariance { x: Expression, y: Expression, sample: bool },
    LinearFill(Expression),
    Locf(Expression),
}

pub fn parse(name: &str, operand: &Bson, order: &SortOrder, has_window: bool, variables: &Variables) -> Result<Option<Function>> {
    let without_window =
        matches!(name, "$rank" | "$denseRank" | "$documentNumber" | "$shift" | "$expMovingAvg" | "$linearFill" | "$locf");
    if without_window && has_window {
        return Err(Error::new(5371601, format!("{name} does not accept a 'window' field")));
    }
    if without_window && order.is_empty() && name != "$locf" {
        return Err(Error::new(5371602, format!("{name} must be specified with a top level sortBy expression")));
    }
    Ok(Some(match name {
        "$rank" | "$denseRank" | "$documentNumber" => {
            if !operand.as_document().is_some_and(Document::is_empty) {
                return Err(Error::new(5371603, format!("{name} must be specified with '{{}}' as the value")));
            }
            if order.fields().len() != 1 && name != "$documentNumber" {
                return Err(Error::new(5371602, format!("{name} must be specified with a sortBy of exactly one element")));
            }
            match name {
                "$documentNumber" => Function::DocumentNumber,
                _ => Function::Rank { dense: name == "$denseRank" },
            }
        }
        "$shift" => parse_shift(operand, variables)?,
        "$expMovingAvg" => parse_moving(operand, variables)?,
        "$derivative" | "$integral" => parse_slope(name, operand, variables)?,
        "$covariancePop" | "$covarianceSamp" => match operand.as_array().map(Vec::as_slice) {
            Some([x, y]) => Function::Covariance {
                x: Expression::parse_in(x, variables)?,
                y: Expression::parse_in(y, variables)?,
                sample: name == "$covarianceSamp",
            },
            _ => return Err(Error::new(16020, format!("Expression {name} takes exactly 2 arguments."))),
        },
        "$linearFill" => Function::LinearFill(Expression::parse_in(operand, variables)?),
        "$locf" => Function::Locf(Expression::parse_in(operand, variables)?),
        _ => return Ok(None),
    }))
}

fn object<'a>(name: &str, operand: &'a Bson) -> Result<&'a Document> {
    operand.as_document().ok_or_else(|| Error::parse(format!("{name}'s argument must be an object")))
}

fn parse_shift(operand: &Bson, variables: &Variables) -> Result<Function> {
    let given = object("$shift", operand)?;
    let by = given
        .get("by")
        .and_then(Number::from_bson)
        .and_then(Number::to_i64_exact)
        .ok_or_else(|| Error::parse("'$shift:by' field must be an integer"))?;
    let output = given.get("output").ok_or_else(|| Error::parse("$shift requires an 'output' expression"))?;
    let default = match given.get("default") {
        None => Bson::Null,
        Some(default) => Expression::parse_in(default, variables)?
            .folded()
            .ok_or_else(|| Error::parse("'$shift:default' expression must yield a constant value"))?,
    };
    Ok(Function::Shift { output: Expression::parse_in(output, variables)?, by, default })
}

fn parse_moving(operand: &Bson, variables: &Variables) -> Result<Function> {
    let given = object("$expMovingAvg", operand)?;
    let input = given.get("input").ok_or_else(|| Error::parse("$expMovingAvg requires an 'input'"))?;
    let number = |name: &str| given.get(name).and_then(Number::from_bson).map(Number::to_f64);
    let alpha = match (number("N"), number("alpha")) {
        (Some(n), None) if n >= 1.0 => 2.0 / (n + 1.0),
        (None, Some(alpha)) if alpha > 0.0 && alpha < 1.0 => alpha,
        _ => return Err(Error::parse("$expMovingAvg requires either a positive 'N' or an 'alpha' between 0 and 1")),
    };
    Ok(Function::ExpMovingAvg { input: Expression::parse_in(input, variables)?, alpha })
}

fn parse_slope(name: &str, operand: &Bson, variables: &Variables) -> Result<Function> {
    let given = object(name, operand)?;
    let input = given.get("input").ok_or_else(|| Error::parse(format!("{name} requires an 'input'")))?;
    let input = Expression::parse_in(input, variables)?;
    let unit = match given.get("unit") {
        None => None,
        Some(Bson::String(unit)) => Some(Unit::parse(unit).ok_or_else(|| Error::parse("unknown time unit"))?),
        Some(_) => return Err(Error::parse("'unit' must be a string")),
    };
    Ok(if name == "$derivative" { Function::Derivative { input, unit } } else { Function::Integral { input, unit } })
}

impl Function {
    pub fn values(
        &self,
        members: &[Document],
        keys: &[Vec<Bson>],
        range: impl Fn(usize) -> Result<Range<usize>>,
        variables: &Variables,
    ) -> Result<Vec<Bson>> {
        let evaluate = |expression: &Expression| -> Result<Vec<Bson>> {
            let mut budget = Budget::operator("$setWindowFields");
            let one = |member| {
                interrupt::check()?;
                let value = expression.evaluate(member, variables).map(null_if_missing)?;
                budget.take_item(&value)?;
                Ok(value)
            };
            members.iter().map(one).collect()
        };
        match self {
            Function::Accumulate(_) => Ok(Vec::new()),
            Function::DocumentNumber => Ok((1..=members.len()).map(whole).collect()),
            Function::Rank { dense } => Ok(ranks(keys, *dense)),
            Function::Shift { output, by, default } => {
                let values = evaluate(output)?;
                let at = |index: usize| {
                    let position = i64::try_from(index).unwrap_or(i64::MAX).checked_add(*by)?;
                    values.get(usize::try_from(position).ok()?)
                };
                Ok((0..values.len()).map(|index| at(index).unwrap_or(default).clone()).collect())
            }
            Function::ExpMovingAvg { input, alpha } => Ok(moving_average(&evaluate(input)?, *alpha)),
            Function::Locf(input) => Ok(carried(evaluate(input)?)),
            Function::LinearFill(input) => Ok(interpolated(&evaluate(input)?, keys)),
            Function::Derivative { input, unit } => {
                let values = evaluate(input)?;
                (0..values.len()).map(|index| Ok(slope(&values, keys, range(index)?, *unit))).collect()
            }
            Function::Integral { input, unit } => {
                let values = evaluate(input)?;
                (0..values.len()).map(|index| Ok(area(&values, keys, range(index)?, *unit))).collect()
            }
            Function::Covariance { x, y, sample } => {
                let (x, y) = (evaluate(x)?, evaluate(y)?);
                (0..x.len()).map(|index| Ok(covariance(&x, &y, range(index)?, *sample))).collect()
            }
        }
    }
}

fn whole(number: usize) -> Bson {
    i32::try_from(number).map_or(Bson::Null, Bson::Int32)
}

fn ranks(keys: &[Vec<Bson>], dense: bool) -> Vec<Bson> {
    let mut ranks = Vec::with_capacity(keys.len());
    let (mut rank, mut last): (usize, Option<&Vec<Bson>>) = (0, None);
    for (index, key) in keys.iter().enumerate() {
        let same = last.is_some_and(|last| last.iter().zip(key).all(|(a, b)| equal(a, b)));
        if !same {
            rank = if dense { rank + 1 } else { index + 1 };
        }
        last = Some(key);
        ranks.push(whole(rank));
    }
    ranks
}

fn moving_average(values: &[Bson], alpha: f64) -> Vec<Bson> {
    let mut average: Option<f64> = None;
    let mut next = |value: &Bson| {
        if let Some(number) = Number::from_bson(value).map(Number::to_f64) {
            average = Some(average.map_or(number, |known| number * alpha + known * (1.0 - alpha)));
        }
        average.map_or(Bson::Null, Bson::Double)
    };
    values.iter().map(&mut next).collect()
}

fn carried(values: Vec<Bson>) -> Vec<Bson> {
    let mut last = Bson::Null;
    let mut next = |value: Bson| {
        if !is_nullish(&value) {
            last = value;
        }
        last.clone()
    };
    values.into_iter().map(&mut next).collect()
}

fn number_at(values: &[Bson], index: usize) -> Option<f64> {
    values.get(index).and_then(Number::from_bson).map(Number::to_f64)
}

/// The sort key as a number; dates in milliseconds.
fn place(keys: &[Vec<Bson>], index: usize) -> Option<f64> {
    match keys.get(index)?.first()? {
        Bson::DateTime(at) => Some(at.timestamp_millis() as f64),
        value => Number::from_bson(value).map(Number::to_f64),
    }
}

fn interpolated(values: &[Bson], keys: &[Vec<Bson>]) -> Vec<Bson> {
    let fill = |(index, value): (usize, &Bson)| {
        if !is_nullish(value) {
            return value.clone();
        }
        let before = (0..index).rev().find(|at| number_at(values, *at).is_some());
        let after = (index + 1..values.len()).find(|at| number_at(values, *at).is_some());
        let filled = before.zip(after).and_then(|(a, b)| {
            let (x0, x1, x) = (place(keys, a)?, place(keys, b)?, place(keys, index)?);
            let (y0, y1) = (number_at(values, a)?, number_at(values, b)?);
            Some(y0 + (x - x0) * (y1 - y0) / (x1 - x0))
        });
        filled.map_or(Bson::Null, Bson::Double)
    };
    values.iter().enumerate().map(fill).collect()
}

fn slope(values: &[Bson], keys: &[Vec<Bson>], range: Range<usize>, unit: Option<Unit>) -> Bson {
    let last = range.end.saturating_sub(1);
    if last <= range.start {
        return Bson::Null;
    }
    let scale = unit.map_or(1.0, Unit::millis);
    let found = || {
        let run = (place(keys, last)? - place(keys, range.start)?) / scale;
        Some((number_at(values, last)? - number_at(values, range.start)?) / run)
    };
    found().map_or(Bson::Null, Bson::Double)
}

fn area(values: &[Bson], keys: &[Vec<Bson>], range: Range<usize>, unit: Option<Unit>) -> Bson {
    let scale = unit.map_or(1.0, Unit::millis);
    let mut total = 0.0;
    for at in range.start + 1..range.end {
        let part = || {
            let width = (place(keys, at)? - place(keys, at - 1)?) / scale;
            Some((number_at(values, at)? + number_at(values, at - 1)?) / 2.0 * width)
        };
        match part() {
            Some(part) => total += part,
            None => return Bson::Null,
        }
    }
    Bson::Double(total)
}

fn covariance(x: &[Bson], y: &[Bson], range: Range<usize>, sample: bool) -> Bson {
    let pairs: Vec<(f64, f64)> = range.filter_map(|at| Some((number_at(x, at)?, number_at(y, at)?))).collect();
    let less = usize::from(sample);
    if pairs.len() <= less {
        return Bson::Null;
    }
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let products: f64 = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    Bson::Double(products / (count - less as f64))
}
