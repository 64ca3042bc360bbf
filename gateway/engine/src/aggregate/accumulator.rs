//! Accumulators: what `$group`, buckets and windows make of many values.

use std::{cmp::Ordering, sync::Arc};

use bson::{Bson, Document};

use super::sum::Sum;
use crate::{
    budget::Budget,
    error::{Error, Result},
    expression::{Expression, Variables, is_nullish, null_if_missing},
    interrupt,
    number::Number,
    order::compare,
    sort::SortOrder,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sum,
    Avg,
    Min,
    Max,
    First,
    Last,
    Push,
    AddToSet,
    MergeObjects,
    StdDevPop,
    StdDevSamp,
    FirstN,
    LastN,
    MinN,
    MaxN,
    Top,
    TopN,
    Bottom,
    BottomN,
    ConcatArrays,
    SetUnion,
    Median,
    Percentile,
}

impl Kind {
    /// For errors.
    fn name(self) -> &'static str {
        match self {
            Kind::Push => "$push",
            Kind::AddToSet => "$addToSet",
            Kind::MergeObjects => "$mergeObjects",
            Kind::ConcatArrays => "$concatArrays",
            Kind::SetUnion => "$setUnion",
            Kind::FirstN => "$firstN",
            Kind::LastN => "$lastN",
            Kind::MinN => "$minN",
            Kind::MaxN => "$maxN",
            Kind::TopN => "$topN",
            Kind::BottomN => "$bottomN",
            _ => "an accumulator",
        }
    }
}

/// A parsed accumulator.
#[derive(Debug, Clone)]
pub(crate) struct Accumulator {
    pub kind: Kind,
    pub input: Expression,
    pub n: Option<Expression>,
    pub order: SortOrder,
    pub percentiles: Vec<f64>,
}

/// What has been seen so far.
#[derive(Debug)]
pub(crate) struct State {
    accumulator: Arc<Accumulator>,
    n: usize,
    sum: Sum,
    one: Option<Bson>,
    many: Vec<Bson>,
    keyed: Vec<(Vec<Bson>, Bson)>,
    object: Document,
    budget: Budget,
    /// What the object took when it was last weighed.
    weighed: usize,
}

impl Accumulator {
    /// `id`: the group's, which `n` may depend on.
    pub fn start(self: &Arc<Self>, id: &Bson, variables: &Variables) -> Result<State> {
        let n = match &self.n {
            None => usize::MAX,
            Some(expression) => {
                let mut group = Document::new();
                group.insert("_id", id.clone());
                count_of(&expression.evaluate(&group, variables)?)?
            }
        };
        Ok(State {
            accumulator: Arc::clone(self),
            n,
            sum: Sum::default(),
            one: None,
            many: Vec::new(),
            keyed: Vec::new(),
            object: Document::new(),
            budget: Budget::operator(self.kind.name()),
            weighed: 0,
        })
    }
}

fn count_of(value: &Bson) -> Result<usize> {
    let number = Number::from_bson(value).ok_or_else(|| Error::new(5787902, "Value for 'n' must be of integral type"))?;
    let whole = number.to_i64_exact().ok_or_else(|| Error::new(5787903, "Value for 'n' must be of integral type"))?;
    usize::try_from(whole).ok().filter(|n| *n > 0).ok_or_else(|| Error::new(5787908, "'n' must be greater than 0"))
}

impl State {
    pub fn add(&mut self, document: &Document, variables: &Variables) -> Result<()> {
        let accumulator = Arc::clone(&self.accumulator);
        let value = accumulator.input.evaluate(document, variables)?;
        if matches!(accumulator.kind, Kind::Top | Kind::TopN | Kind::Bottom | Kind::BottomN) {
            self.keyed.push((accumulator.order.key(document), null_if_missing(value)));
            if let Some(pair) = self.keyed.last() {
                take_pair(&mut self.budget, pair)?;
            }
            return self.trim_keyed();
        }
        self.add_value(value)
    }

    pub fn add_value(&mut self, value: Bson) -> Result<()> {
        match self.accumulator.kind {
            Kind::Sum | Kind::Avg => self.sum.add(&value),
            Kind::Min => self.keep_if(value, Ordering::Less)?,
            Kind::Max => self.keep_if(value, Ordering::Greater)?,
            Kind::First if self.one.is_none() => self.keep(value)?,
            Kind::First => {}
            Kind::Last => self.keep(value)?,
            Kind::Push if value != Bson::Undefined => self.push(value)?,
            Kind::AddToSet if value != Bson::Undefined => self.add_to_set(value)?,
            Kind::Push | Kind::AddToSet => {}
            Kind::MergeObjects => self.merge(value)?,
            Kind::StdDevPop | Kind::StdDevSamp | Kind::Median | Kind::Percentile => {
                if Number::from_bson(&value).is_some() {
                    self.push(value)?;
                }
            }
            Kind::FirstN if self.many.len() < self.n => self.push(null_if_missing(value))?,
            Kind::FirstN => {}
            Kind::LastN => {
                self.push(null_if_missing(value))?;
                if self.many.len() > self.n {
                    let gone = self.many.remove(0);
                    self.budget.give_item(&gone);
                }
            }
            Kind::MinN | Kind::MaxN => {
                if !is_nullish(&value) {
                    self.push(value)?;
                }
            }
            Kind::ConcatArrays | Kind::SetUnion => self.add_array(value)?,
            Kind::Top | Kind::TopN | Kind::Bottom | Kind::BottomN => {}
        }
        Ok(())
    }

    pub fn finish(&self) -> Result<Bson> {
        Ok(match self.accumulator.kind {
            Kind::Sum => self.sum.total().into_bson(),
            Kind::Avg => self.sum.average(),
            Kind::Min | Kind::Max | Kind::First | Kind::Last => null_if_missing(self.one.clone().unwrap_or(Bson::Null)),
            Kind::Push | Kind::AddToSet | Kind::FirstN | Kind::LastN | Kind::ConcatArrays | Kind::SetUnion => {
                Bson::Array(self.many.clone())
            }
            Kind::MergeObjects => Bson::Document(self.object.clone()),
            Kind::StdDevPop => deviation(&self.many, 0),
            Kind::StdDevSamp => deviation(&self.many, 1),
            Kind::MinN | Kind::MaxN => self.extremes(),
            Kind::Median => quantile(&self.many, 0.5),
            Kind::Percentile => {
                let quantiles = self.accumulator.percentiles.iter().map(|p| quantile(&self.many, *p));
                Bson::Array(quantiles.collect())
            }
            Kind::Top | Kind::Bottom => self.ranked().into_iter().next().unwrap_or(Bson::Null),
            Kind::TopN | Kind::BottomN => Bson::Array(self.ranked()),
        })
    }

    fn push(&mut self, value: Bson) -> Result<()> {
        self.budget.take_item(&value)?;
        self.many.push(value);
        Ok(())
    }

    fn keep(&mut self, value: Bson) -> Result<()> {
        self.budget.hold_value(&value)?;
        self.one = Some(value);
        Ok(())
    }

    fn keep_if(&mut self, value: Bson, wanted: Ordering) -> Result<()> {
        let better = self.one.as_ref().is_none_or(|known| compare(&value, known) == wanted);
        if !is_nullish(&value) && better { self.keep(value) } else { Ok(()) }
    }

    fn add_to_set(&mut self, value: Bson) -> Result<()> {
        if let Err(at) = self.many.binary_search_by(|known| compare(known, &value)) {
            interrupt::check()?;
            self.budget.take_item(&value)?;
            self.many.insert(at, value);
        }
        Ok(())
    }

    fn merge(&mut self, value: Bson) -> Result<()> {
        match value {
            Bson::Document(document) => {
                self.budget.take(&document)?;
                self.object.extend(document);
                self.weigh_object()
            }
            Bson::Null | Bson::Undefined => Ok(()),
            _ => Err(Error::new(5911200, "$mergeObjects only supports objects")),
        }
    }

    /// Values that others have replaced are no longer held: it is weighed again once it may have doubled.
    fn weigh_object(&mut self) -> Result<()> {
        const LEAST: usize = 1 << 20;
        if self.budget.held() > self.weighed.saturating_mul(2).max(LEAST) {
            self.budget.clear();
            self.budget.take(&self.object)?;
            self.weighed = self.budget.held();
        }
        Ok(())
    }

    fn add_array(&mut self, value: Bson) -> Result<()> {
        match value {
            Bson::Array(items) if self.accumulator.kind == Kind::SetUnion => {
                items.into_iter().try_for_each(|item| self.add_to_set(item))
            }
            Bson::Array(items) => items.into_iter().try_for_each(|item| self.push(item)),
            Bson::Undefined => Ok(()),
            _ => Err(Error::type_mismatch("$concatArrays and $setUnion require arrays as input")),
        }
    }

    fn extremes(&self) -> Bson {
        let mut sorted = self.many.clone();
        sorted.sort_by(compare);
        if self.accumulator.kind == Kind::MaxN {
            sorted.reverse();
        }
        sorted.truncate(self.n);
        Bson::Array(sorted)
    }

    fn trim_keyed(&mut self) -> Result<()> {
        let n = self.wanted();
        if self.keyed.len() >= n.saturating_mul(2).max(256) {
            self.keyed = self.ranked_pairs();
            self.budget.clear();
            self.keyed.iter().try_for_each(|pair| take_pair(&mut self.budget, pair))?;
        }
        Ok(())
    }

    fn wanted(&self) -> usize {
        if matches!(self.accumulator.kind, Kind::Top | Kind::Bottom) { 1 } else { self.n }
    }

    /// The pairs that count, in order.
    fn ranked_pairs(&self) -> Vec<(Vec<Bson>, Bson)> {
        let mut pairs = self.keyed.clone();
        pairs.sort_by(|(a, _), (b, _)| self.accumulator.order.compare_keys(a, b));
        let n = self.wanted();
        if matches!(self.accumulator.kind, Kind::Bottom | Kind::BottomN) {
            pairs.drain(..pairs.len().saturating_sub(n));
        } else {
            pairs.truncate(n);
        }
        pairs
    }

    fn ranked(&self) -> Vec<Bson> {
        self.ranked_pairs().into_iter().map(|(_, value)| value).collect()
    }
}

fn take_pair(budget: &mut Budget, (key, value): &(Vec<Bson>, Bson)) -> Result<()> {
    key.iter().chain([value]).try_for_each(|part| budget.take_item(part))
}

/// `less`: 0 for the population's, 1 for a sample's.
fn deviation(values: &[Bson], less: usize) -> Bson {
    let numbers: Vec<f64> = values.iter().filter_map(Number::from_bson).map(Number::to_f64).collect();
    if numbers.len() <= less {
        return Bson::Null;
    }
    let (mut mean, mut squares) = (0.0, 0.0);
    for (index, number) in numbers.iter().enumerate() {
        let delta = number - mean;
        mean += delta / (index + 1) as f64;
        squares += delta * (number - mean);
    }
    Bson::Double((squares / (numbers.len() - less) as f64).sqrt())
}

fn quantile(values: &[Bson], p: f64) -> Bson {
    let mut sorted = values.to_vec();
    sorted.sort_by(compare);
    let rank = (p * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).and_then(Number::from_bson).map_or(Bson::Null, |number| Bson::Double(number.to_f64()))
}

/// The accumulator over the values of an array, as the operators of expressions use it.
pub(crate) fn over_values(kind: Kind, n: Option<usize>, values: Vec<Bson>) -> Result<Bson> {
    let accumulator = Accumulator {
        kind,
        input: Expression::Constant(Bson::Null),
        n: None,
        order: SortOrder::default(),
        percentiles: Vec::new(),
    };
    let mut state = Arc::new(accumulator).start(&Bson::Null, &Variables::new())?;
    state.n = n.unwrap_or(usize::MAX);
    for value in values {
        interrupt::check()?;
        state.add_value(value)?;
    }
    state.finish()
}

/// The quantiles of numbers, for expressions.
pub(crate) fn quantiles(values: &[Bson], ps: &[f64]) -> Vec<Bson> {
    let numbers: Vec<Bson> = values.iter().filter(|value| Number::from_bson(value).is_some()).cloned().collect();
    ps.iter().map(|p| quantile(&numbers, *p)).collect()
}
