//! `$unionWith`: another collection's documents after these.

use bson::{Bson, Document};

use super::{Context, Rows, facet::documents};
use crate::{
    aggregate::pipeline::{Pipeline, Place},
    error::{Error, Result},
    expression::Variables,
};

#[derive(Debug, Clone)]
pub(crate) struct Union {
    collection: String,
    pipeline: Pipeline,
}

impl Union {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<Union> {
        let empty = Document::new();
        let (collection, given) = match operand {
            Bson::String(name) => (Some(name.clone()), &empty),
            Bson::Document(given) => (given.get_str("coll").ok().map(str::to_owned), given),
            _ => return Err(Error::parse("the $unionWith stage specification must be an object or string")),
        };
        for (name, value) in given {
            match (name.as_str(), value) {
                ("coll", Bson::String(_)) | ("pipeline", Bson::Array(_)) => {}
                ("coll" | "pipeline", _) => {
                    return Err(Error::type_mismatch(format!("BSON field '$unionWith.{name}' is the wrong type")));
                }
                _ => return Err(Error::new(40415, format!("BSON field '$unionWith.{name}' is an unknown field."))),
            }
        }
        let stages = match given.get("pipeline") {
            Some(Bson::Array(stages)) => documents(stages, 14)?,
            _ => Vec::new(),
        };
        let pipeline = Pipeline::parse(&stages, variables, Place::Nested)?;
        match collection {
            Some(name) if name.is_empty() => Err(Error::new(73, "Invalid collection name in $unionWith")),
            Some(collection) => Ok(Union { collection, pipeline }),
            None if pipeline.is_source() => Ok(Union { collection: String::new(), pipeline }),
            None => Err(Error::parse(
                "$unionWith stage without explicit collection must have a pipeline with $documents as first stage",
            )),
        }
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let others = self.pipeline.run_on_collection(&context.on(&self.collection), None)?;
        Ok(Box::new(rows.chain(others)))
    }
}
