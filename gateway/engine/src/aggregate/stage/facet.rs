//! `$facet`: several pipelines over the same documents.

use bson::{Bson, Document};

use super::{
    Context, Rows,
    parse::{new_field, object},
    simple::held,
};
use crate::{
    aggregate::pipeline::{Pipeline, Place},
    budget::Budget,
    error::{Error, Result},
    expression::Variables,
};

#[derive(Debug, Clone)]
pub(crate) struct Facet {
    facets: Vec<(String, Pipeline)>,
}

impl Facet {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<Facet> {
        let given = object(operand, 40169, "$facet")?;
        if given.is_empty() {
            return Err(Error::new(40169, "the $facet specification must be a non-empty object"));
        }
        let mut facets = Vec::with_capacity(given.len());
        for (name, stages) in given {
            new_field(name)?;
            if name.contains('.') {
                return Err(Error::new(16412, format!("FieldPath field names may not contain '.': {name}")));
            }
            let Bson::Array(stages) = stages else {
                return Err(Error::new(40170, format!("arguments to $facet must be arrays, {name} is not")));
            };
            facets.push((name.clone(), Pipeline::parse(&documents(stages, 40171)?, variables, Place::Facet)?));
        }
        Ok(Facet { facets })
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let (all, _held) = held(rows)?;
        let mut budget = Budget::operator("$facet");
        let mut output = Document::new();
        for (name, pipeline) in &self.facets {
            let input: Rows<'_> = Box::new(all.iter().cloned().map(Ok));
            let rows = pipeline.run(input, context)?;
            let found = rows.map(|row| row.and_then(|document| budget.take(&document).map(|()| Bson::Document(document))));
            output.insert(name.clone(), Bson::Array(found.collect::<Result<_>>()?));
        }
        Ok(Box::new(std::iter::once(Ok(output))))
    }
}

/// The stages of a nested pipeline.
pub(super) fn documents(stages: &[Bson], code: i32) -> Result<Vec<Document>> {
    let document = |stage: &Bson| {
        stage.as_document().cloned().ok_or_else(|| Error::new(code, "Each element of the 'pipeline' array must be an object"))
    };
    stages.iter().map(document).collect()
}
