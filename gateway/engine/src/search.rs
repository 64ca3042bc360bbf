//! Finding documents: candidates from the plan, re-checked by the matcher, in order, within skip and limit.

use std::{sync::Arc, vec};

use bson::{Bson, Document};

use crate::{
    budget::Budget,
    error::{Error, Result},
    expression::Variables,
    fields::Fields,
    matcher::Matcher,
    planner::{self, Plan},
    sort::SortOrder,
    storage::{Access, Collection, Cursor, Row, Store, decode},
};

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub matcher: Matcher,
    pub sort: SortOrder,
    pub skip: usize,
    pub limit: Option<usize>,
    /// What the caller reads of the documents.
    pub fields: Fields,
}

/// A stored document that matches.
#[derive(Debug)]
pub(crate) struct Found {
    pub rid: i64,
    pub document: Document,
    /// Where in an array the filter matched, for the positional `$`.
    pub position: Option<usize>,
}

/// The documents of one search.
pub(crate) struct Search<'a> {
    source: Source<'a>,
    skip: usize,
    left: usize,
}

enum Source<'a> {
    Streamed(Box<Candidates<'a>>),
    Sorted { found: vec::IntoIter<Found>, budget: Budget, examined: usize },
}

impl Query {
    pub fn parse(filter: &Document, sort: Option<&Document>, skip: Option<i64>, limit: Option<i64>) -> Result<Query> {
        let skip = usize::try_from(skip.unwrap_or(0)).map_err(|_| Error::new(51024, "BSON field 'skip' value must be >= 0"))?;
        let limit = limit.unwrap_or(0);
        if limit < 0 {
            return Err(Error::new(51024, "BSON field 'limit' value must be >= 0"));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(Query {
            matcher: Matcher::parse(filter)?,
            sort: sort.map(SortOrder::parse).transpose()?.unwrap_or_default(),
            skip,
            limit: (limit > 0).then_some(limit),
            fields: Fields::All,
        })
    }

    pub fn plan(&self, collection: &Collection, variables: &Variables) -> Result<Plan> {
        let Some(query) = self.matcher.text() else {
            return Ok(planner::plan(collection, self.matcher.node(), &self.sort, variables));
        };
        let index = collection.indexes.iter().find(|index| index.text.is_some() && !index.building);
        let index = index.ok_or_else(|| Error::new(27, "text index required for $text query"))?;
        let access = Access::Text { index: Arc::clone(index), query: query.to_owned() };
        Ok(Plan { access, sorted: self.sort.is_empty() })
    }

    pub fn search<'a>(&self, store: &'a Store, collection: &Arc<Collection>, variables: Arc<Variables>) -> Result<Search<'a>> {
        let plan = self.plan(collection, &variables)?;
        let wanted = self.limit.map(|limit| limit.saturating_add(self.skip));
        let expected = wanted.filter(|_| plan.sorted);
        let mut deciding = Fields::default();
        self.matcher.node().add_fields(&mut deciding);
        let candidates = Candidates {
            deciding,
            fields: self.fields.clone(),
            store,
            cursor: Cursor::new(collection, plan.access, expected),
            rows: Vec::new().into_iter(),
            matcher: self.matcher.clone(),
            variables,
            examined: 0,
        };
        let source = if plan.sorted { Source::Streamed(Box::new(candidates)) } else { self.sorted(candidates, wanted)? };
        Ok(Search { source, skip: self.skip, left: self.limit.unwrap_or(usize::MAX) })
    }

    pub fn all(&self, store: &Store, collection: &Arc<Collection>) -> Result<Vec<Found>> {
        let mut budget = Budget::of("a write");
        let found = self.search(store, collection, Arc::new(Variables::of_command()))?;
        found.map(|found| found.and_then(|found| budget.take(&found.document).map(|()| found))).collect()
    }

    pub fn first(mut self, store: &Store, collection: &Arc<Collection>) -> Result<Option<Found>> {
        self.limit = Some(1);
        self.search(store, collection, Arc::new(Variables::of_command()))?.next().transpose()
    }

    fn sorted<'a>(&self, mut candidates: Candidates<'a>, wanted: Option<usize>) -> Result<Source<'a>> {
        let mut sorter = Sorter { order: &self.sort, kept: Vec::new(), wanted, budget: Budget::of("a sort") };
        for found in &mut candidates {
            sorter.add(found?)?;
        }
        let (found, budget) = sorter.finish();
        Ok(Source::Sorted { found: found.into_iter(), budget, examined: candidates.examined })
    }
}

impl Search<'_> {
    /// How many candidates were looked at so far.
    pub fn examined(&self) -> usize {
        match &self.source {
            Source::Streamed(candidates) => candidates.examined,
            Source::Sorted { examined, .. } => *examined,
        }
    }
}

impl Iterator for Search<'_> {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Result<Found>> {
        if self.left == 0 {
            return None;
        }
        loop {
            let found = match &mut self.source {
                Source::Streamed(candidates) => candidates.next()?,
                Source::Sorted { found, budget, .. } => {
                    let found = found.next()?;
                    budget.give(&found.document);
                    Ok(found)
                }
            };
            if found.is_ok() && self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.left -= 1;
            return Some(found);
        }
    }
}

/// What the plan finds and the matcher confirms.
struct Candidates<'a> {
    store: &'a Store,
    cursor: Cursor,
    rows: vec::IntoIter<Row>,
    matcher: Matcher,
    variables: Arc<Variables>,
    examined: usize,
    deciding: Fields,
    fields: Fields,
}

impl Candidates<'_> {
    fn check(&mut self, row: &Row) -> Result<Option<Found>> {
        self.examined += 1;
        let deciding = decode(row, &self.deciding)?;
        let (matched, position) = self.matcher.matches_at(&deciding, &self.variables)?;
        if !matched {
            return Ok(None);
        }
        let document = if self.deciding == Fields::All { deciding } else { decode(row, &self.fields)? };
        Ok(Some(Found { rid: row.rid, document, position }))
    }
}

impl Iterator for Candidates<'_> {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Result<Found>> {
        loop {
            while let Some(row) = self.rows.next() {
                if let Some(found) = self.check(&row).transpose() {
                    return Some(found);
                }
            }
            match self.cursor.next_batch(self.store) {
                Ok(rows) if rows.is_empty() => return None,
                Ok(rows) => self.rows = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Keeps the first `wanted` in order.
struct Sorter<'a> {
    order: &'a SortOrder,
    kept: Vec<(Vec<Bson>, Found)>,
    wanted: Option<usize>,
    budget: Budget,
}

impl Sorter<'_> {
    fn add(&mut self, found: Found) -> Result<()> {
        self.budget.take(&found.document)?;
        self.kept.push((self.order.key(&found.document), found));
        let Some(wanted) = self.wanted.filter(|wanted| self.kept.len() >= wanted.saturating_mul(2).max(1024)) else {
            return Ok(());
        };
        self.arrange();
        for (_, gone) in self.kept.drain(wanted..) {
            self.budget.give(&gone.document);
        }
        Ok(())
    }

    fn finish(mut self) -> (Vec<Found>, Budget) {
        self.arrange();
        (self.kept.into_iter().map(|(_, found)| found).collect(), self.budget)
    }

    fn arrange(&mut self) {
        let order = self.order;
        self.kept.sort_by(|(a, _), (b, _)| order.compare_keys(a, b));
    }
}
