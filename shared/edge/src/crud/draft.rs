//! Creating a record: checked input, then everything that belongs to it, in one transaction.

use domain::entity::Entity;
use domain::{Doc, Error, event, validate};
use serde_json::Value;
use store::{Command, EventOf};

use crate::{Call, Outcome, Reply};

/// A record that is about to be made.
pub struct Draft<'a> {
    /// What is written together with it.
    pub command: Command<'a>,
    /// Its id.
    pub id: String,
    /// Its fields.
    pub doc: Doc,
    entity: &'static Entity,
    path: &'a str,
    holes: Vec<(&'static str, String)>,
    event_holes: Vec<(&'static str, String)>,
    duplicate: Error,
}

/// A record that is made as soon as its command is committed.
pub struct Made<'a> {
    /// What is written together with it.
    pub command: Command<'a>,
    /// Its id.
    pub id: String,
    /// The record as stored.
    pub doc: Doc,
    entity: &'static Entity,
    path: &'a str,
    holes: Vec<(&'static str, String)>,
}

/// A draft of the route's entity from the caller's input.
pub fn draft(call: &Call) -> Result<Draft<'_>, crate::Halt> {
    let input = call.input()?;
    let doc = validate::create(call.entity()?, input.clone(), call.moment())?;
    begin(call, &input, doc)
}

/// A draft of the route's entity from what the caller's input was found to be.
pub(crate) fn begin<'a>(call: &'a Call, input: &Doc, doc: Doc) -> Result<Draft<'a>, crate::Halt> {
    draft_in(call, call.store.command(call.scope()?), input, doc)
}

/// A draft in a command that was begun for it, from what the caller's input was found to be; what `input` refers to must be there.
pub fn draft_in<'a>(call: &'a Call, mut command: Command<'a>, input: &Doc, doc: Doc) -> Result<Draft<'a>, crate::Halt> {
    let (entity, scope) = (call.entity()?, call.scope()?);
    super::references::require(&mut command, scope, entity, input);
    let id = command.id(entity);
    let duplicate = Error::conflict("duplicate", format!("There is such a {} already.", entity.name));
    let (holes, event_holes) = (Vec::new(), Vec::new());
    Ok(Draft { command, id, doc, entity, path: &call.request.path, holes, event_holes, duplicate })
}

impl<'a> Draft<'a> {
    /// A field whose value comes from a step's result.
    pub fn hole(&mut self, field: &'static str, source: String) {
        self.holes.push((field, source));
    }

    /// A field of the event whose value comes from a step's result.
    pub fn event_hole(&mut self, field: &'static str, source: String) {
        self.event_holes.push((field, source));
    }

    /// What to say when a unique index has the record already.
    pub fn or_duplicate(&mut self, error: Error) {
        self.duplicate = error;
    }

    /// Inserts the record and its `created` event.
    pub fn insert(self) -> Made<'a> {
        let Draft { mut command, id, doc, entity, path, holes, event_holes, duplicate } = self;
        let doc = command.insert(entity, &id, doc, &holes, duplicate);
        let lead = if entity.name == "lead" { Some(id.as_str()) } else { doc.get("lead").and_then(Value::as_str) };
        command.event(EventOf {
            kind: &format!("{}.created", entity.name),
            entity,
            id: &id,
            lead,
            changes: event::diff(entity, None, &doc),
            comment: None,
            holes: &event_holes,
        });
        Made { command, id, doc, entity, path, holes }
    }
}

impl Made<'_> {
    /// Commits, and answers 201 with the record and where it is.
    pub async fn answer(mut self) -> Outcome {
        self.command.answer_record(201, self.entity, self.doc, &self.holes);
        let answer = self.command.commit().await?;
        Ok(Reply::answer(answer).with("location", format!("{}/{}", self.path, self.id)))
    }
}
