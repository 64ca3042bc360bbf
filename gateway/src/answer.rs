//! The shape of each action's answer.

use bson::{Bson, Document, doc};
use data_api::Action;
use engine::Outcome;

use crate::{
    config::Limits,
    failure::{Failure, count},
};

/// Shapes what a command gave; an answer over the limit is refused.
pub(crate) fn shape(action: Action, outcome: Outcome, limits: &Limits) -> Result<Document, Failure> {
    Ok(match outcome {
        Outcome::Document(document) => match action {
            Action::Stats => document.map_or_else(Document::new, |stats| doc! {"stats": stats}),
            Action::Explain => document.map_or_else(Document::new, |plan| doc! {"explain": plan}),
            Action::CreateIndexes => document.unwrap_or_default(),
            _ => doc! {"document": document},
        },
        Outcome::Documents(documents) => {
            within(documents.len(), limits)?;
            let name = match action {
                Action::ListIndexes => "indexes",
                Action::ListCollections => "collections",
                _ => "documents",
            };
            one(name, documents.into_iter().map(Bson::Document).collect::<Vec<_>>())
        }
        Outcome::Inserted(mut ids) => match action {
            Action::InsertOne => one("insertedId", ids.pop().unwrap_or_default()),
            _ => one("insertedIds", ids),
        },
        Outcome::Updated { matched, modified, upserted_id } => {
            let mut answer = doc! {"matchedCount": count(matched), "modifiedCount": count(modified)};
            if let Some(id) = upserted_id {
                answer.insert("upsertedId", id);
            }
            answer
        }
        Outcome::Deleted(deleted) => one("deletedCount", count(deleted)),
        Outcome::Count(number) => one("count", count(number)),
        Outcome::Values(values) => {
            within(values.len(), limits)?;
            one("values", values)
        }
        Outcome::Done => one("ok", 1),
    })
}

fn within(documents: usize, limits: &Limits) -> Result<(), Failure> {
    match documents > limits.documents {
        true => Err(Failure::too_many_documents(limits.documents)),
        false => Ok(()),
    }
}

fn one(name: &str, value: impl Into<Bson>) -> Document {
    let mut answer = Document::new();
    answer.insert(name, value);
    answer
}
