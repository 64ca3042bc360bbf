//! `$bucketAuto`: groups of about the same size.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{
    Context, Rows, bucket,
    group::{count_field, parse_field},
    parse::object,
    simple::held,
};
use crate::{
    aggregate::accumulator::Accumulator,
    error::{Error, Result},
    expression::{Expression, Variables, null_if_missing},
    granularity::Granularity,
    number::Number,
    order::{compare, equal},
};

#[derive(Debug, Clone)]
pub(crate) struct BucketAuto {
    by: Expression,
    buckets: usize,
    granularity: Option<Granularity>,
    fields: Vec<(String, Arc<Accumulator>)>,
}

impl BucketAuto {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<BucketAuto> {
        let given = object(operand, 40240, "$bucketAuto")?;
        let mut by = None;
        let mut buckets = None;
        let mut granularity = None;
        let mut fields = vec![count_field()];
        for (name, value) in given {
            match name.as_str() {
                "groupBy" => by = Some(bucket::group_by(value, variables, 40239)?),
                "buckets" => buckets = Some(parse_buckets(value)?),
                "output" => {
                    let output = object(value, 40244, "$bucketAuto output")?;
                    if output.is_empty() {
                        continue;
                    }
                    fields = output.iter().map(|(name, value)| parse_field(name, value, variables)).collect::<Result<_>>()?;
                }
                "granularity" => {
                    let Bson::String(name) = value else {
                        return Err(Error::new(40261, "The $bucketAuto 'granularity' field must be a string"));
                    };
                    granularity = Some(Granularity::parse(name)?);
                }
                _ => return Err(Error::new(40245, format!("Unrecognized option to $bucketAuto: {name}"))),
            }
        }
        match (by, buckets) {
            (Some(by), Some(buckets)) => Ok(BucketAuto { by, buckets, granularity, fields }),
            _ => Err(Error::new(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified")),
        }
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let mut sorted = Vec::new();
        let (documents, _budget) = held(rows)?;
        for document in documents {
            let value = null_if_missing(self.by.evaluate(&document, &context.variables)?);
            if self.granularity.is_some() {
                check_number(&value)?;
            }
            sorted.push((value, document));
        }
        sorted.sort_by(|(a, _), (b, _)| compare(a, b));
        let size = ((sorted.len() as f64 / self.buckets as f64).round() as usize).max(1);
        let mut buckets = Vec::new();
        let mut rest = sorted.as_slice();
        let mut low = rest.first().map(|(value, _)| self.floor(value));
        while let Some(start) = low.take().filter(|_| !rest.is_empty()) {
            let last = buckets.len() + 1 == self.buckets;
            let count = if last { rest.len() } else { self.count(rest, size) };
            let (members, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let high = self.ceiling(members, after);
            buckets.push(self.bucket(&start, &high, members, &context.variables)?);
            low = Some(high);
            rest = after;
        }
        Ok(Box::new(buckets.into_iter().map(Ok)))
    }

    fn floor(&self, value: &Bson) -> Bson {
        self.granularity.as_ref().map_or_else(|| value.clone(), |granularity| granularity.down(value))
    }

    /// Values that are equal, or below the rounded boundary, stay together.
    fn count(&self, rest: &[(Bson, Document)], size: usize) -> usize {
        let size = size.min(rest.len());
        let Some((last, _)) = rest.get(size.saturating_sub(1)) else {
            return rest.len();
        };
        let boundary = self.granularity.as_ref().map(|granularity| granularity.up(last));
        let more = rest.iter().skip(size).take_while(|(value, _)| match &boundary {
            Some(boundary) => compare(value, boundary).is_lt(),
            None => equal(value, last),
        });
        size + more.count()
    }

    fn ceiling(&self, members: &[(Bson, Document)], after: &[(Bson, Document)]) -> Bson {
        let last = members.last().map_or(&Bson::Null, |(value, _)| value);
        match (&self.granularity, after.first()) {
            (Some(granularity), _) => granularity.up(last),
            (None, Some((next, _))) => next.clone(),
            (None, None) => last.clone(),
        }
    }

    fn bucket(&self, low: &Bson, high: &Bson, members: &[(Bson, Document)], variables: &Variables) -> Result<Document> {
        let mut id = Document::new();
        id.insert("min", low.clone());
        id.insert("max", high.clone());
        let mut document = Document::new();
        for (name, accumulator) in &self.fields {
            let mut state = accumulator.start(&Bson::Null, variables)?;
            for (_, member) in members {
                state.add(member, variables)?;
            }
            document.insert(name.clone(), state.finish()?);
        }
        let mut whole = Document::new();
        whole.insert("_id", id);
        whole.extend(document);
        Ok(whole)
    }
}

fn parse_buckets(value: &Bson) -> Result<usize> {
    let number =
        Number::from_bson(value).ok_or_else(|| Error::new(40241, "The $bucketAuto 'buckets' field must be a numeric value"))?;
    let whole = number
        .to_i64_exact()
        .and_then(|number| i32::try_from(number).ok())
        .ok_or_else(|| Error::new(40242, "The $bucketAuto 'buckets' field must be representable as a 32-bit integer"))?;
    usize::try_from(whole)
        .ok()
        .filter(|buckets| *buckets > 0)
        .ok_or_else(|| Error::new(40243, "The $bucketAuto 'buckets' field must be greater than 0"))
}

fn check_number(value: &Bson) -> Result<()> {
    let number = Number::from_bson(value)
        .ok_or_else(|| Error::new(40258, "$bucketAuto can only use a granularity with numeric values"))?;
    if number.is_nan() {
        return Err(Error::new(40259, "$bucketAuto cannot use a granularity with NaN"));
    }
    if number.is_negative() {
        return Err(Error::new(40260, "$bucketAuto can only use a granularity with non-negative values"));
    }
    Ok(())
}
