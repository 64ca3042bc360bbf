//! A parsed pipeline, and how its beginning becomes a search.

use std::sync::Arc;

use bson::Document;

use super::{
    Rows,
    stage::{self, Stage},
};
use crate::{
    budget::Budget,
    depth,
    error::{Error, Result},
    expression::Variables,
    fields::Fields,
    interrupt,
    matcher::Matcher,
    search::Query,
    sort::SortOrder,
    storage::Store,
};

/// The most stages.
const STAGE_LIMIT: usize = 1000;

#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    stages: Vec<Stage>,
}

/// Where a pipeline stands, which decides what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Top,
    Nested,
    Facet,
}

/// What stages run against.
#[derive(Clone)]
pub(crate) struct Context<'a> {
    pub store: Option<&'a Store>,
    pub database: &'a str,
    pub collection: &'a str,
    pub variables: Arc<Variables>,
}

impl<'a> Context<'a> {
    pub fn store(&self) -> Result<&'a Store> {
        self.store.ok_or_else(|| Error::new(72, "this stage is not allowed within an update"))
    }

    /// The same on another collection.
    pub fn on<'b>(&self, collection: &'b str) -> Context<'b>
    where
        'a: 'b,
    {
        Context { store: self.store, database: self.database, collection, variables: Arc::clone(&self.variables) }
    }
}

impl Pipeline {
    pub fn parse(stages: &[Document], variables: &Variables, place: Place) -> Result<Pipeline> {
        if stages.len() > STAGE_LIMIT {
            return Err(Error::new(7749501, format!("Pipeline length must be no longer than {STAGE_LIMIT} stages")));
        }
        let mut parsed = Vec::with_capacity(stages.len());
        for (position, document) in stages.iter().enumerate() {
            stage::check_place(document, position, stages.len(), place)?;
            parsed.extend(stage::parse(document, variables)?);
        }
        Ok(Pipeline { stages: parsed })
    }

    /// Whether it makes its own documents rather than reading a collection.
    pub fn is_source(&self) -> bool {
        matches!(self.stages.first(), Some(Stage::Documents(_)))
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        run_stages(&self.stages, rows, context)
    }

    /// `also`: a filter before the first stage.
    pub fn run_on_collection<'a>(&'a self, context: &Context<'a>, also: Option<Matcher>) -> Result<Rows<'a>> {
        if self.is_source() {
            return self.run(Box::new(std::iter::empty()), context);
        }
        let (mut query, used) = self.leading();
        if let Some(also) = also {
            query.matcher = also.and(query.matcher);
        }
        let store = context.store()?;
        let rows: Rows<'a> = match store.collection(context.database, context.collection)? {
            None => Box::new(std::iter::empty()),
            Some(collection) => {
                let search = query.search(store, &collection, Arc::clone(&context.variables))?;
                Box::new(search.map(|found| found.map(|found| found.document)))
            }
        };
        run_stages(self.stages.get(used..).unwrap_or_default(), rows, context)
    }

    /// The search that the first stages amount to, and how many they are.
    pub fn leading(&self) -> (Query, usize) {
        let mut used = 0;
        let mut matcher: Option<Matcher> = None;
        let mut stages = self.stages.iter().peekable();
        while let Some(Stage::Match(next)) = stages.peek() {
            matcher = Some(match matcher {
                None => next.clone(),
                Some(known) => known.and(next.clone()),
            });
            stages.next();
            used += 1;
        }
        let mut query = Query {
            matcher: matcher.unwrap_or_else(Matcher::everything),
            sort: SortOrder::default(),
            skip: 0,
            limit: None,
            fields: Fields::All,
        };
        if let Some(Stage::Sort(order)) = stages.peek() {
            query.sort = order.clone();
            stages.next();
            used += 1;
        }
        if let Some(Stage::Skip(skip)) = stages.peek() {
            query.skip = *skip;
            stages.next();
            used += 1;
        }
        if let Some(Stage::Limit(limit)) = stages.peek() {
            query.limit = Some(*limit);
            used += 1;
        }
        if let Some(next) = self.stages.get(used) {
            let mut fields = Fields::default();
            next.add_fields(&mut fields);
            fields.add_order(&query.sort);
            query.fields = fields;
        }
        (query, used)
    }
}

fn run_stages<'a>(stages: &'a [Stage], mut rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
    for stage in stages {
        interrupt::check()?;
        rows = stage.run(rows, context)?;
        rows = if stage.builds() { bounded(rows) } else { Box::new(rows.map(|row| interrupt::check().and(row))) };
    }
    Ok(rows)
}

/// What a stage has made is neither too deep nor too large, and counts until the next.
fn bounded(rows: Rows<'_>) -> Rows<'_> {
    let mut budget = Budget::operator("a stage");
    Box::new(rows.map(move |row| {
        interrupt::check()?;
        let document = row?;
        depth::check(&document)?;
        budget.hold(&document)?;
        Ok(document)
    }))
}
