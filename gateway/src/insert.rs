//! Tells of the documents of an insertMany that failed which were inserted and which were not.

use bson::Document;
use engine::{Command, Outcome};

use crate::{
    backend::Session,
    failure::{DUPLICATE, Failure, InsertError, Inserts, VALIDATION_FAILED},
};

/// Whether the fault lies in a document and not in the request.
pub(crate) fn is_of_a_document(failure: &Failure) -> bool {
    matches!(failure.code, Some(DUPLICATE | VALIDATION_FAILED))
}

/// Inserts the documents one by one; the first fault ends it where they are ordered.
pub(crate) async fn each<S: Session>(
    session: &mut S,
    database: &str,
    collection: &str,
    documents: &[Document],
    ordered: bool,
) -> Result<Outcome, Failure> {
    let mut ids = Vec::with_capacity(documents.len());
    let mut errors = Vec::new();
    let mut first = None;
    for (index, document) in documents.iter().enumerate() {
        let command = Command::InsertOne { collection: collection.to_owned(), document: document.clone() };
        match session.run(database, &command).await {
            Ok(Outcome::Inserted(inserted)) => ids.extend(inserted),
            Ok(_) => {}
            Err(failure) if failure.transient => return Err(failure),
            Err(failure) => {
                errors.push(InsertError { index, code: failure.code, error: failure.error.clone() });
                first.get_or_insert(failure);
                if ordered {
                    break;
                }
            }
        }
    }
    match first {
        None => Ok(Outcome::Inserted(ids)),
        Some(failure) => Err(Failure { inserts: Some(Box::new(Inserts { inserted: ids.len(), errors })), ..failure }),
    }
}
