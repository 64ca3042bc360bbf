//! The one aggregation engine: pipelines of stages over streams of documents.

mod accumulator;
mod accumulator_parse;
mod pipeline;
mod stage;
mod sum;

use std::sync::Arc;

use bson::Document;

pub(crate) use self::{
    accumulator::{Kind, over_values, quantiles},
    accumulator_parse::{check_method, percentiles},
    pipeline::{Context, Pipeline},
};
use crate::{
    budget::Budget,
    error::{Error, Result},
    expression::Variables,
    search::Query,
    storage::Store,
};

/// A stream of documents.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = Result<Document>> + 'a>;

pub(crate) fn run(store: &Store, database: &str, collection: &str, stages: &[Document]) -> Result<Vec<Document>> {
    let pipeline = Pipeline::parse(stages, &Variables::new(), pipeline::Place::Top)?;
    let context = Context { store: Some(store), database, collection, variables: Arc::new(Variables::of_command()) };
    let mut budget = Budget::of("an answer");
    let rows = pipeline.run_on_collection(&context, None)?;
    rows.map(|row| row.and_then(|document| budget.take(&document).map(|()| document))).collect()
}

/// The pipeline of an update: stages that see one document.
pub(crate) fn update_pipeline(stages: &[Document]) -> Result<Pipeline> {
    update_pipeline_with(stages, &Variables::new())
}

/// The same with variables.
pub(crate) fn update_pipeline_with(stages: &[Document], variables: &Variables) -> Result<Pipeline> {
    const UNKNOWN: i32 = 40324;
    for stage in stages {
        let name = stage.keys().next().map_or("", String::as_str);
        if !matches!(name, "$set" | "$addFields" | "$unset" | "$project" | "$replaceRoot" | "$replaceWith") {
            return Err(match Pipeline::parse(std::slice::from_ref(stage), variables, pipeline::Place::Nested) {
                Err(error) if error.code == UNKNOWN => error,
                _ => Error::new(72, format!("{name} is not allowed to be used within an update")),
            });
        }
    }
    Pipeline::parse(stages, variables, pipeline::Place::Nested)
}

/// One document through a pipeline of an update.
pub(crate) fn transform(pipeline: &Pipeline, document: Document) -> Result<Document> {
    transform_with(pipeline, document, Variables::of_command())
}

pub(crate) fn transform_with(pipeline: &Pipeline, document: Document, variables: Variables) -> Result<Document> {
    let context = Context { store: None, database: "", collection: "", variables: Arc::new(variables) };
    let rows: Rows<'_> = Box::new(std::iter::once(Ok(document)));
    pipeline.run(rows, &context)?.next().ok_or_else(|| Error::bad_value("the update pipeline left no document"))?
}

/// The search that a pipeline begins with.
pub(crate) fn leading_query(stages: &[Document]) -> Result<Query> {
    Ok(Pipeline::parse(stages, &Variables::new(), pipeline::Place::Top)?.leading().0)
}
