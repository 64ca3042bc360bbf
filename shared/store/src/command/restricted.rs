//! People whose data are restricted: what is about them is read, and changed by no member but themselves.

use data_api::{Action, Operation};
use domain::privacy::{RESTRICTED_AT, restricting};
use domain::{Doc, Entity, Error, doc, json};
use serde_json::Value;

use super::{Command, On, Step};

impl Command<'_> {
    /// Expects that nobody else whom a record is about is restricted.
    pub(super) fn forbid_restricted(&mut self, entity: &'static Entity, record: &Doc) {
        let Some(member) = self.scope.viewer().map(|viewer| viewer.member.clone()) else { return };
        for (field, of) in restricting(entity) {
            if let Some(id) = doc::text(record, field).filter(|id| *id != member) {
                let operation = self.restricted(of, id);
                self.push(operation, On::expect(refused()));
            }
        }
    }

    /// As [`Command::forbid_restricted`], of a record that an earlier step finds.
    pub(super) fn forbid_restricted_at(&mut self, entity: &'static Entity, step: Step) {
        for (field, of) in restricting(entity).filter(|_| self.scope.viewer().is_some()).collect::<Vec<_>>() {
            let source = step.path(&["document.", field, "?"].concat());
            let operation = self.restricted(of, "").referring("filter._id", &source);
            self.push(operation, On::expect(refused()));
        }
    }

    fn restricted(&self, of: &Entity, id: &str) -> Operation {
        let filter = json!({ "tenant_id": self.scope.tenant(), "_id": id, (RESTRICTED_AT): { "$ne": null } });
        let operation = Operation::new(Action::FindOne, of.collection).with("filter", filter);
        operation.with("projection", json!({ "_id": 1 })).expecting("document", Value::Null)
    }
}

fn refused() -> Error {
    Error::conflict(
        "processing-restricted",
        "The data of the person whom this is about are restricted: they are read, not changed.",
    )
}
