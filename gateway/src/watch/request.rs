//! What a request to watch asks for.

use std::sync::Arc;

use bson::{Bson, Document};
use bytes::Bytes;
use data_api::Action;
use engine::Filter;

use crate::{access, config::Key, ejson::Form, failure::Failure, parameters::Parameters, refused};

/// A request as it came.
pub(crate) struct Asked {
    pub body: Bytes,
    /// The header by which a client that reconnects tells what it has seen.
    pub last_event_id: Option<String>,
    pub form: Form,
    pub key: Arc<Key>,
}

/// What is watched, and how it is told.
pub(crate) struct Wanted {
    pub database: String,
    pub collection: String,
    /// Where the caller left off.
    pub resume_after: Option<Resume>,
    /// Whether events carry the document after the change.
    pub with_document: bool,
    filter: Filter,
    form: Form,
}

/// A token, and which parameter it came in.
pub(crate) struct Resume {
    pub token: String,
    parameter: &'static str,
}

impl Resume {
    pub(crate) fn malformed(&self) -> Failure {
        Failure::invalid(format!("{} is no resume token of this database", self.parameter)).with_code(INVALID_TOKEN)
    }
}

const INVALID_TOKEN: i32 = 260;

impl Asked {
    pub(crate) fn read(self) -> Result<Wanted, Failure> {
        let mut body = Parameters::read(&self.body)?;
        body.text("dataSource")?;
        let database = body.required_text("database")?;
        access::authorise(&self.key, &database, Action::Watch.grants())?;
        let collection = body.collection()?;
        let filter = filter(&body.document("filter")?.unwrap_or_default())?;
        let resume_after = body.text("resumeAfter")?.map(|token| Resume { token, parameter: "resumeAfter" });
        let with_document = match body.take("fullDocument") {
            None | Some(Bson::Boolean(true)) => true,
            Some(Bson::Boolean(false)) => false,
            Some(Bson::String(kind)) if kind == "updateLookup" => true,
            Some(_) => return Err(Failure::invalid("fullDocument is true, false or updateLookup")),
        };
        body.finish()?;
        // A client that reconnects repeats its request; the header is then what it has seen since.
        let last = self.last_event_id.map(|token| Resume { token, parameter: "the header Last-Event-ID" });
        Ok(Wanted { database, collection, resume_after: last.or(resume_after), filter, with_document, form: self.form })
    }
}

fn filter(filter: &Document) -> Result<Filter, Failure> {
    match refused::code_in_document(filter) {
        Some(operator) => Err(Failure::code_operator(operator)),
        None => Ok(Filter::parse(filter)?),
    }
}

impl Wanted {
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Whether the filter lets a change pass that left this document.
    pub(crate) fn wants(&self, document: &Document) -> Result<bool, Failure> {
        Ok(self.filter.matches(document)?)
    }
}
