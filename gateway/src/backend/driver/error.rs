//! The driver's errors as refusals.

use bson::{Document, RawDocumentBuf};
use data_api::code;
use mongodb::error::{Error, ErrorKind, IndexedWriteError, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

use crate::failure::{DUPLICATE, Duplicate, Failure, InsertError, Inserts};

const WRITE_CONFLICT: i32 = 112;
const TIME_EXPIRED: i32 = 50;
/// $changeStream on a standalone server, an unknown command or stage, and what is not implemented.
const NO_CHANGE_STREAMS: [i32; 5] = [40573, 40324, 59, 115, 238];
/// The oplog does not reach back so far, and a change stream that cannot be resumed.
const HISTORY_LOST: [i32; 2] = [286, 280];
/// Codes by which a server says that it cannot serve now: it steps down, shuts down, or has no primary.
const UNAVAILABLE: [i32; 8] = [89, 91, 189, 10107, 11600, 11602, 13435, 13436];

/// What the client is told of the error.
pub(super) fn failure(error: Error) -> Failure {
    if error.contains_label(TRANSIENT_TRANSACTION_ERROR) {
        return Failure::write_conflict();
    }
    if let Some(message) = error.get_custom::<String>() {
        return Failure::invalid(message.clone());
    }
    let response = error.server_response();
    match &*error.kind {
        ErrorKind::Command(command) => of_code(command.code, &command.message, response),
        ErrorKind::Write(WriteFailure::WriteError(write)) => of_code(write.code, &write.message, response),
        ErrorKind::InsertMany(insert) => match insert.write_errors.as_deref() {
            Some(writes @ [first, ..]) => {
                let mut failure = of_code(first.code, &first.message, response);
                failure.inserts = Some(Box::new(inserts(writes)));
                failure
            }
            _ => Failure::internal("the write was not acknowledged as asked"),
        },
        ErrorKind::ServerSelection { .. }
        | ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::Shutdown => Failure::unavailable("the database does not answer"),
        ErrorKind::InvalidArgument { message, .. } | ErrorKind::Transaction { message, .. } => Failure::invalid(message.clone()),
        ErrorKind::Bson(_) => Failure::invalid("a document is no valid BSON"),
        ErrorKind::SessionsNotSupported => Failure::invalid("the deployment has no sessions and so no transactions"),
        _ => Failure::new(500, code::INTERNAL, "the database answered in an unexpected way"),
    }
}

/// The same for a change stream, which not every deployment has.
pub(super) fn of_watching(error: Error) -> Failure {
    if let ErrorKind::Command(command) = &*error.kind {
        if NO_CHANGE_STREAMS.contains(&command.code) {
            let why =
                "watch needs change streams, which this deployment does not have: a replica set or a sharded cluster has them";
            return Failure::invalid(why).with_code(command.code);
        }
        if HISTORY_LOST.contains(&command.code) {
            return Failure::history_lost().with_code(command.code);
        }
    }
    if let ErrorKind::MissingResumeToken = &*error.kind {
        return Failure::internal("the database sent a change without a resume token");
    }
    failure(error)
}

fn of_code(code: i32, message: &str, response: Option<&RawDocumentBuf>) -> Failure {
    match code {
        DUPLICATE => duplicate(message, response),
        WRITE_CONFLICT => Failure::write_conflict(),
        TIME_EXPIRED => Failure::time_limit(),
        code if UNAVAILABLE.contains(&code) => Failure::unavailable("the database does not answer"),
        code => Failure::invalid(message).with_code(code),
    }
}

fn inserts(writes: &[IndexedWriteError]) -> Inserts {
    let errors = writes.iter().map(|write| {
        let failure = of_code(write.code, &write.message, None);
        InsertError { index: write.index, code: failure.code, error: failure.error }
    });
    // How many were inserted follows from the request, which is not known here.
    Inserts { inserted: 0, errors: errors.collect() }
}

/// The message is `… collection: db.coll index: name dup key: {values}`; the values are kept back.
fn duplicate(message: &str, response: Option<&RawDocumentBuf>) -> Failure {
    let word_after = |label: &str| {
        let (_, rest) = message.split_once(label)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let collection = word_after("collection: ").map(|name| match name.split_once('.') {
        Some((_, collection)) => collection.to_owned(),
        None => name,
    });
    Failure::duplicate(Duplicate {
        collection,
        index: word_after("index: ").unwrap_or_default(),
        pattern: response.and_then(key_pattern),
    })
}

/// The pattern stands in the answer itself or in its first write error.
fn key_pattern(response: &RawDocumentBuf) -> Option<Document> {
    let response = Document::try_from(response.as_ref()).ok()?;
    if let Ok(pattern) = response.get_document("keyPattern") {
        return Some(pattern.clone());
    }
    let first = response.get_array("writeErrors").ok()?.first()?;
    first.as_document()?.get_document("keyPattern").ok().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn a_duplicate_key_names_the_index_but_no_value() {
        let message =
            "E11000 duplicate key error collection: crm.bids index: tenant_id_1_lead_1 dup key: { tenant_id: \"secret\" }";
        let response = RawDocumentBuf::try_from(&doc! {"writeErrors": [{"keyPattern": {"tenant_id": 1, "lead": 1}}]}).unwrap();
        let failure = of_code(DUPLICATE, message, Some(&response));
        assert_eq!(failure.status, 409);
        let body = failure.body();
        assert_eq!(body.get_str("collection").unwrap(), "bids");
        assert_eq!(body.get_str("index").unwrap(), "tenant_id_1_lead_1");
        assert_eq!(body.get_document("keyPattern").unwrap(), &doc! {"tenant_id": 1, "lead": 1});
        assert!(!body.to_string().contains("secret"));
    }
}
