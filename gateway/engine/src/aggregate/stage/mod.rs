//! The stages: which there are, where they may stand, and what runs them.

mod bucket;
mod bucket_auto;
mod facet;
mod graph_lookup;
mod group;
mod lookup;
mod lookup_table;
mod merge;
mod merge_parse;
mod parse;
mod redact;
mod sample;
mod simple;
mod union;
mod unwind;
mod window;
mod window_function;
mod window_parse;

use bson::{Bson, Document};

pub(super) use self::parse::{check_place, parse};
use super::{Context, Rows};
use crate::{error::Result, expression::Expression, fields::Fields, matcher::Matcher, projection::Projection, sort::SortOrder};

/// A parsed stage.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Match(Matcher),
    /// `$project`, `$set`, `$addFields` and `$unset`.
    Project(Projection),
    ReplaceRoot(Expression),
    Sort(SortOrder),
    Skip(usize),
    Limit(usize),
    Count(String),
    Documents(Expression),
    Redact(Expression),
    Sample(usize),
    Unwind(unwind::Unwind),
    Group(group::Group),
    BucketAuto(bucket_auto::BucketAuto),
    Facet(facet::Facet),
    Lookup(Box<lookup::Lookup>),
    GraphLookup(Box<graph_lookup::GraphLookup>),
    Union(union::Union),
    Window(Box<window::Window>),
    Merge(Box<merge::Merge>),
}

impl Stage {
    /// The top-level fields of its input that its output depends on.
    pub fn add_fields(&self, fields: &mut Fields) {
        match self {
            Stage::Count(_) => {}
            Stage::Group(group) => group.add_fields(fields),
            Stage::Project(projection) => projection.add_fields(fields),
            Stage::ReplaceRoot(expression) => expression.add_fields(fields),
            _ => fields.add_all(),
        }
    }

    /// Whether it makes documents that can be larger than those it is given.
    pub fn builds(&self) -> bool {
        matches!(
            self,
            Stage::Project(_)
                | Stage::ReplaceRoot(_)
                | Stage::Documents(_)
                | Stage::Unwind(_)
                | Stage::Group(_)
                | Stage::BucketAuto(_)
                | Stage::Facet(_)
                | Stage::Lookup(_)
                | Stage::GraphLookup(_)
                | Stage::Window(_)
        )
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        match self {
            Stage::Match(matcher) => simple::filter(matcher, rows, context),
            Stage::Project(projection) => simple::project(projection, rows, context),
            Stage::ReplaceRoot(expression) => simple::replace_root(expression, rows, context),
            Stage::Sort(order) => simple::sort(order, rows),
            Stage::Skip(count) => simple::skip(*count, rows),
            Stage::Limit(count) => Ok(Box::new(rows.take(*count))),
            Stage::Count(name) => simple::count(name, rows),
            Stage::Documents(expression) => simple::documents(expression, context),
            Stage::Redact(expression) => redact::run(expression, rows, context),
            Stage::Sample(size) => sample::run(*size, rows),
            Stage::Unwind(unwind) => Ok(unwind.run(rows)),
            Stage::Group(group) => group.run(rows, context),
            Stage::BucketAuto(buckets) => buckets.run(rows, context),
            Stage::Facet(facet) => facet.run(rows, context),
            Stage::Lookup(lookup) => lookup.run(rows, context),
            Stage::GraphLookup(lookup) => lookup.run(rows, context),
            Stage::Union(union) => union.run(rows, context),
            Stage::Window(window) => window.run(rows, context),
            Stage::Merge(merge) => merge.run(rows, context),
        }
    }
}

/// Sets a dotted field, making documents on the way.
fn set_path(document: &mut Document, path: &str, value: Bson) {
    match path.split_once('.') {
        None => {
            document.insert(path, value);
        }
        Some((first, rest)) => {
            let inner = document.entry(first.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
            if !matches!(inner, Bson::Document(_)) {
                *inner = Bson::Document(Document::new());
            }
            if let Bson::Document(inner) = inner {
                set_path(inner, rest, value);
            }
        }
    }
}
