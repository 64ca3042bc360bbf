//! Changes as server-sent events (HTML standard, section 9.2), in the shape of MongoDB's change events.

use bson::{Bson, DateTime, Document, Timestamp, doc};
use engine::{Change, ChangeKind};

use super::Wanted;
use crate::{
    ejson::{self, Form},
    failure::Failure,
};

/// How long a client is asked to wait before it connects again.
const RETRY_MS: u32 = 1_000;

/// The beginning of a stream: where it starts, for a client that will have seen no change.
pub(super) fn beginning(token: &str) -> Vec<u8> {
    format!("retry: {RETRY_MS}\nid: {token}\n\n").into_bytes()
}

/// Keeps the connection alive and tells how far the changes were looked through.
pub(super) fn heartbeat(token: &str) -> Vec<u8> {
    format!(": nothing new\nid: {token}\n\n").into_bytes()
}

/// The end of a stream that cannot go on. It has no id: what was seen is seen.
pub(super) fn failed(failure: Failure, form: Form) -> Vec<u8> {
    let mut out = b"event: error\ndata: ".to_vec();
    ejson::write_document(&mut out, &failure.body(), form);
    out.extend_from_slice(b"\n\n");
    out
}

impl Wanted {
    /// Appends a change of the embedded engine, if the filter lets it pass.
    pub(crate) fn write_change(&self, out: &mut Vec<u8>, change: Change) -> Result<(), Failure> {
        if change.kind != ChangeKind::Drop && !self.wants(&change.document)? {
            return Ok(());
        }
        let token = change.position.to_string();
        write(out, &token, &self.event(&token, change), self.form());
        Ok(())
    }

    /// Appends an event of MongoDB, if the filter lets it pass.
    pub(crate) fn write_event(&self, out: &mut Vec<u8>, token: &str, mut event: Document) -> Result<(), Failure> {
        let document = event.get_document("fullDocument").or_else(|_| event.get_document("documentKey"));
        if let Ok(document) = document
            && !self.wants(document)?
        {
            return Ok(());
        }
        if !self.with_document {
            event.remove("fullDocument");
        }
        event.insert("_id", doc! {"_data": token});
        write(out, token, &event, self.form());
        Ok(())
    }

    fn event(&self, token: &str, change: Change) -> Document {
        let at_ms = change.position.at_ms();
        let cluster_time = Timestamp {
            time: u32::try_from(at_ms / 1000).unwrap_or_default(),
            increment: u32::try_from(change.position.sequence() & i64::from(u32::MAX)).unwrap_or_default(),
        };
        let mut event = doc! {
            "_id": {"_data": token},
            "operationType": name(change.kind),
            "clusterTime": cluster_time,
            "wallTime": DateTime::from_millis(at_ms),
        };
        let id = change.document.get("_id").cloned();
        let has_document = matches!(change.kind, ChangeKind::Insert | ChangeKind::Update | ChangeKind::Replace);
        if has_document && self.with_document {
            event.insert("fullDocument", change.document);
        }
        event.insert("ns", doc! {"db": self.database.as_str(), "coll": self.collection.as_str()});
        if let Some(id) = id {
            event.insert("documentKey", doc! {"_id": id});
        }
        event
    }
}

fn name(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Insert => "insert",
        ChangeKind::Update => "update",
        ChangeKind::Replace => "replace",
        ChangeKind::Delete => "delete",
        ChangeKind::Drop => "drop",
    }
}

/// JSON text has no line breaks, so the data is one line.
fn write(out: &mut Vec<u8>, token: &str, event: &Document, form: Form) {
    let kind = match event.get("operationType") {
        Some(Bson::String(kind)) => kind.as_str(),
        _ => "message",
    };
    out.extend_from_slice(format!("id: {token}\nevent: {kind}\ndata: ").as_bytes());
    ejson::write_document(out, event, form);
    out.extend_from_slice(b"\n\n");
}
