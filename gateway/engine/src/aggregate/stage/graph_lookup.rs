//! `$graphLookup`: documents reached over several steps.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use bson::{Bson, Document};

use super::{Context, Rows, lookup::local_values, parse::whole, set_path};
use crate::{
    budget::Budget,
    depth,
    error::{Error, Result},
    expression::{Expression, Variables},
    fields::Fields,
    key,
    matcher::Matcher,
    number::Number,
    path::Path,
    projection::check_path,
    search::Query,
    sort::SortOrder,
};

/// The most documents one walk may reach.
const REACH_LIMIT: usize = 200_000;

#[derive(Debug, Clone)]
pub(crate) struct GraphLookup {
    from: String,
    start: Expression,
    connect_from: Path,
    connect_to: Path,
    into: String,
    max_depth: Option<usize>,
    depth_field: Option<String>,
    restriction: Option<Matcher>,
}

impl GraphLookup {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<GraphLookup> {
        let Bson::Document(given) = operand else {
            return Err(Error::parse("the $graphLookup stage specification must be an object"));
        };
        let known = [
            "from",
            "startWith",
            "connectFromField",
            "connectToField",
            "as",
            "maxDepth",
            "depthField",
            "restrictSearchWithMatch",
        ];
        if let Some(unknown) = given.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::new(40104, format!("Unknown argument to $graphLookup: {unknown}")));
        }
        let text = |name: &str| match given.get(name) {
            Some(Bson::String(text)) => Ok(text.clone()),
            Some(_) => Err(Error::new(40103, format!("expected string as argument for {name}"))),
            None => Err(Error::new(
                40105,
                "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
            )),
        };
        let path = |name: &str| text(name).and_then(|path| check_path(&path).map(|()| Path::new(&path)));
        let start =
            given.get("startWith").ok_or_else(|| Error::new(40105, "$graphLookup requires 'startWith' to be specified."))?;
        let max_depth = match given.get("maxDepth") {
            None => None,
            Some(depth) => {
                if Number::from_bson(depth).is_none() {
                    return Err(Error::new(40100, "maxDepth requires numeric argument"));
                }
                Some(whole(depth, 0).ok_or_else(|| Error::new(40101, "maxDepth requires a nonnegative whole argument"))?)
            }
        };
        let restriction = match given.get("restrictSearchWithMatch") {
            None => None,
            Some(Bson::Document(filter)) => Some(Matcher::parse_with(filter, variables)?),
            Some(_) => return Err(Error::new(40185, "restrictSearchWithMatch must be an object")),
        };
        let into = text("as")?;
        check_path(&into)?;
        let depth_field = given.contains_key("depthField").then(|| text("depthField")).transpose()?;
        depth_field.as_deref().map_or(Ok(()), depth::check_path)?;
        Ok(GraphLookup {
            from: text("from")?,
            start: Expression::parse_in(start, variables)?,
            connect_from: path("connectFromField")?,
            connect_to: path("connectToField")?,
            into,
            max_depth,
            depth_field,
            restriction,
        })
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let context = context.clone();
        Ok(Box::new(rows.map(move |row| {
            let mut document = row?;
            let reached = self.walk(&document, &context)?;
            set_path(&mut document, &self.into, Bson::Array(reached));
            Ok(document)
        })))
    }

    fn walk(&self, document: &Document, context: &Context<'_>) -> Result<Vec<Bson>> {
        let store = context.store()?;
        let Some(collection) = store.collection(context.database, &self.from)? else {
            return Ok(Vec::new());
        };
        let first = match self.start.evaluate(document, &context.variables)? {
            Bson::Array(items) => items,
            Bson::Undefined => vec![Bson::Null],
            value => vec![value],
        };
        let mut frontier = VecDeque::from([(0, first)]);
        let mut seen: HashSet<i64> = HashSet::new();
        let mut asked: HashSet<Vec<u8>> = HashSet::new();
        let mut reached = Vec::new();
        let mut budget = Budget::operator("$graphLookup");
        while let Some((depth, mut values)) = frontier.pop_front() {
            values.retain(|value| asked.insert(key::of(value)));
            if values.is_empty() || self.max_depth.is_some_and(|most| depth > most) {
                continue;
            }
            let mut next = Vec::new();
            for found in self.query(values).search(store, &collection, Arc::clone(&context.variables))? {
                let found = found?;
                if !seen.insert(found.rid) {
                    continue;
                }
                if seen.len() > REACH_LIMIT {
                    return Err(Error::new(40099, "$graphLookup reached too many documents"));
                }
                budget.take(&found.document)?;
                next.extend(local_values(&found.document, &self.connect_from));
                reached.push(Bson::Document(self.at_depth(found.document, depth)));
            }
            frontier.push_back((depth + 1, next));
        }
        Ok(reached)
    }

    fn query(&self, values: Vec<Bson>) -> Query {
        let equality = Matcher::any_of(&self.connect_to, values);
        let matcher = match &self.restriction {
            Some(restriction) => equality.and(restriction.clone()),
            None => equality,
        };
        Query { matcher, sort: SortOrder::default(), skip: 0, limit: None, fields: Fields::All }
    }

    fn at_depth(&self, mut document: Document, depth: usize) -> Document {
        if let Some(field) = &self.depth_field {
            set_path(&mut document, field, Bson::Int64(i64::try_from(depth).unwrap_or(i64::MAX)));
        }
        document
    }
}
