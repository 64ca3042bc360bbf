//! A change of a record that was read before, together with its event.

use domain::validate::Change;
use domain::{Doc, Entity, Error, Filter, event};
use serde_json::Value;

use super::{Command, EventOf};

impl Command<'_> {
    /// Writes the change if the record still has the version that was read, else fails so; with an event of this kind.
    /// Returns the record as it becomes.
    pub fn apply(&mut self, entity: &'static Entity, before: &Doc, change: &Change, kind: &str, raced: Error) -> Doc {
        let version = before.get("version").and_then(Value::as_i64).unwrap_or_default();
        self.apply_when(entity, before, change, kind, Filter::is("version", version), raced);
        let mut after = change.after.clone();
        self.stamp(&mut after);
        after.insert("version".to_owned(), (version + 1).into());
        after
    }

    /// Writes the change if the record still fulfils a condition, else fails so; with an event of this kind.
    pub fn apply_when(
        &mut self,
        entity: &'static Entity,
        before: &Doc,
        change: &Change,
        kind: &str,
        condition: Filter,
        otherwise: Error,
    ) {
        let id = before.get("_id").and_then(Value::as_str).unwrap_or_default();
        self.forbid_restricted(entity, &change.after);
        let filter = self.scope.live().and(Filter::is("_id", id)).and(condition);
        self.update(entity, &filter, change, otherwise);
        self.event_of(entity, before, &change.after, kind, None);
    }

    /// The event of a record that becomes another, as sealed as the record is.
    pub fn event_of(&mut self, entity: &'static Entity, before: &Doc, after: &Doc, kind: &str, comment: Option<&str>) -> String {
        let id = before.get("_id").and_then(Value::as_str).unwrap_or_default();
        let lead = if entity.name == "lead" { Some(id) } else { before.get("lead").and_then(Value::as_str) };
        let sealed = before.get("sealed_until").and_then(Value::as_str);
        let changes = event::diff(entity, Some(before), after);
        self.event_sealed(EventOf { kind, entity, id, lead, changes, comment, holes: &[] }, sealed)
    }

    /// The event of a record that this command makes; `holes` name its fields that come from results: (field, source).
    pub fn event_of_new(&mut self, entity: &'static Entity, doc: &Doc, holes: &[(&str, String)]) -> String {
        let id = doc.get("_id").and_then(Value::as_str).unwrap_or_default();
        let lead = doc.get("lead").and_then(Value::as_str);
        let changes = event::diff(entity, None, doc);
        let kind = format!("{}.created", entity.name);
        self.event(EventOf { kind: &kind, entity, id, lead, changes, comment: None, holes })
    }
}
