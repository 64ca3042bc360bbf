//! `$sample`: documents at random.

use bson::{Bson, Document};

use super::{Rows, Stage, parse::object};
use crate::{
    budget::{Budget, released},
    error::{Error, Result},
    expression::random,
    matcher::truncated,
    number::Number,
};

pub fn parse(operand: &Bson) -> Result<Stage> {
    let given = object(operand, 28745, "$sample")?;
    let mut size = None;
    for (name, value) in given {
        if name != "size" {
            return Err(Error::new(28748, format!("unrecognized option to $sample: {name}")));
        }
        let number = Number::from_bson(value).ok_or_else(|| Error::new(28746, "size argument to $sample must be a number"))?;
        let whole = match number.to_f64() {
            huge if huge >= 9.2e18 => Some(usize::MAX),
            _ => truncated(number).and_then(|whole| usize::try_from(whole).ok()),
        };
        size = Some(
            whole
                .filter(|size| *size > 0)
                .ok_or_else(|| Error::new(28747, "size argument to $sample must be a positive integer"))?,
        );
    }
    size.map(Stage::Sample).ok_or_else(|| Error::new(28749, "$sample stage must specify a size"))
}

/// Reservoir sampling, then a random order.
pub fn run<'a>(size: usize, rows: Rows<'a>) -> Result<Rows<'a>> {
    let mut budget = Budget::of("$sample");
    let mut kept: Vec<(f64, Document)> = Vec::new();
    for row in rows {
        let document = row?;
        budget.take(&document)?;
        kept.push((random(), document));
        if kept.len() >= size.saturating_mul(2).max(1024) {
            arrange(&mut kept, size, &mut budget);
        }
    }
    arrange(&mut kept, size, &mut budget);
    Ok(Box::new(released(kept.into_iter().map(|(_, document)| document).collect(), budget)))
}

fn arrange(kept: &mut Vec<(f64, Document)>, size: usize, budget: &mut Budget) {
    kept.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    kept.drain(size.min(kept.len())..).for_each(|(_, gone)| budget.give(&gone));
}
