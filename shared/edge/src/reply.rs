//! Replies: how answers, pages and records become HTTP.

use domain::json;
use domain::{Doc, Entity, Viewer, validate};
use serde_json::Value;
use store::{Answer, Page, Shown};

use crate::{Body, Reply};

impl Reply {
    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: vec![json_type()], body: Body::Text(body.to_string()) }
    }

    /// Nothing.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// A record with its version as the entity tag.
    pub fn record(status: u16, entity: &'static Entity, doc: Doc) -> Self {
        let tag = doc.get("version").and_then(Value::as_i64).map(|version| ("etag", etag(version)));
        let headers = [Some(json_type()), tag].into_iter().flatten().collect();
        Self { status, headers, body: Body::Record(entity, doc) }
    }

    /// A page of a list.
    pub fn page(page: Page) -> Self {
        Self::page_with(page, Doc::new())
    }

    /// A page of a list, with more to know about the whole of it.
    pub fn page_with(page: Page, more: Doc) -> Self {
        let mut body = json!({ "data": page.data, "has_more": page.next.is_some() });
        if let Value::Object(body) = &mut body {
            body.extend(page.next.map(|next| ("next".to_owned(), next.into())));
            body.extend(page.total.map(|total| ("total".to_owned(), total.into())));
            body.extend(more);
        }
        Self::json(200, &body)
    }

    /// The answer to a command.
    pub fn answer(answer: Answer) -> Self {
        let mut reply = match answer.shown {
            Shown::Nothing => Self::empty(answer.status),
            Shown::Body(body) => Self::json(answer.status, &body),
            Shown::Record(entity, doc) => Self::record(answer.status, entity, doc),
        };
        if answer.replayed {
            reply.headers.push(("idempotency-replayed", "true".to_owned()));
        }
        reply
    }

    /// The same as its caller may see it.
    pub(crate) fn shown_to(self, viewer: Option<&Viewer>) -> Self {
        match self.body {
            Body::Record(entity, doc) => {
                let shown = Value::Object(validate::render(entity, doc, viewer));
                Self { body: Body::Text(shown.to_string()), ..self }
            }
            Body::Empty | Body::Text(_) | Body::Stream(_) => self,
        }
    }

    /// The same with a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

fn json_type() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

/// The strong entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
