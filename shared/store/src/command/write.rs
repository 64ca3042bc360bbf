//! Inserting and changing records, with the fields that every record has.

use data_api::{Action, Operation};
use domain::entity::TEAMS_FIELD;
use domain::json;
use domain::validate::{self, Change};
use domain::{Doc, Entity, Error, Filter, custom};
use serde_json::Value;

use super::{Command, On, Step};
use crate::{Actor, query};

const TEAMS_TARGET: &str = "update.$set.teams";

impl Command<'_> {
    /// Inserts a record under an id and returns it as stored; `holes` name fields that come from results: (field, source).
    pub fn insert(&mut self, entity: &'static Entity, id: &str, doc: Doc, holes: &[(&str, String)], duplicate: Error) -> Doc {
        self.forbid_restricted(entity, &doc);
        self.read_defaults(entity, id, &doc);
        let doc = self.with_base_fields(id, doc);
        let teams = self.teams_of_record(entity, &doc);
        let operation = Operation::new(Action::InsertOne, entity.collection).with("document", validate::ejson(entity, &doc));
        let defaults = [(custom::FIELD, "defaults"), (custom::INDEX_FIELD, "index")];
        let defaults = defaults.into_iter().filter_map(|(field, of)| self.default_of(id, field, of));
        let teams = teams.map(|source| (TEAMS_FIELD.to_owned(), source));
        let holes = holes.iter().map(|(field, source)| ((*field).to_owned(), source.clone())).chain(defaults).chain(teams);
        let refs = holes.map(|(field, source)| (format!("document.{field}"), source));
        let operation = refs.fold(operation, |operation, (target, source)| operation.referring(&target, &source));
        self.push(operation, On::duplicate(duplicate));
        doc
    }

    /// Inserts a record unless its id is there already: for what may be said twice and counts once.
    pub fn insert_once(&mut self, entity: &'static Entity, id: &str, doc: Doc) -> Step {
        let mut doc = self.with_base_fields(id, doc);
        doc.remove("_id");
        doc.remove("tenant_id");
        let operation = Operation::new(Action::UpdateOne, entity.collection)
            .with("filter", json!({ "_id": id, "tenant_id": self.scope.tenant() }))
            .with("update", json!({ "$setOnInsert": validate::ejson(entity, &doc) }))
            .with("upsert", true);
        self.push(operation, On::default())
    }

    /// Changes the record that the filter finds, else fails so. The filter comes from the scope.
    pub fn update(&mut self, entity: &'static Entity, filter: &Filter, change: &Change, otherwise: Error) -> Step {
        let teams = self.teams_of_change(entity, change);
        let operation = self.change_operation(Action::UpdateOne, entity, filter, &change.set, &change.unset);
        let operation = teams.into_iter().fold(operation, |operation, source| operation.referring(TEAMS_TARGET, &source));
        self.push(operation.expecting("matchedCount", 1), On::expect(otherwise))
    }

    /// Changes the record that the filter finds, else fails so; the step's `document` is the record after it.
    pub fn find_and_set(&mut self, entity: &'static Entity, filter: &Filter, set: &Doc, otherwise: Error) -> Step {
        self.find_and_set_with(entity, filter, set, &[], otherwise)
    }

    /// As [`Command::find_and_set`], with fields that come from results: (field, source).
    pub fn find_and_set_with(
        &mut self,
        entity: &'static Entity,
        filter: &Filter,
        set: &Doc,
        holes: &[(&str, String)],
        otherwise: Error,
    ) -> Step {
        let operation = set_from(self.change_operation(Action::FindOneAndUpdate, entity, filter, set, &[]), holes);
        let operation = operation.with("returnDocument", "after").expecting("document", json!({}));
        self.push(operation, On::expect(otherwise))
    }

    /// Changes all records that the filter finds, however many.
    pub fn update_many(&mut self, entity: &'static Entity, filter: &Filter, set: &Doc) -> Step {
        self.update_many_with(entity, filter, set, &[])
    }

    /// As [`Command::update_many`], with fields that come from results: (field, source).
    pub fn update_many_with(&mut self, entity: &'static Entity, filter: &Filter, set: &Doc, holes: &[(&str, String)]) -> Step {
        let operation = set_from(self.change_operation(Action::UpdateMany, entity, filter, set, &[]), holes);
        self.push(operation, On::default())
    }

    /// Changes exactly so many records that the filter finds, else fails so.
    pub fn update_exactly(
        &mut self,
        entity: &'static Entity,
        filter: &Filter,
        set: &Doc,
        count: usize,
        otherwise: Error,
    ) -> Step {
        let operation = self.change_operation(Action::UpdateMany, entity, filter, set, &[]);
        self.push(operation.expecting("matchedCount", count), On::expect(otherwise))
    }

    /// The moment and the actor of a change, for the answer to show what is stored.
    pub fn stamp(&self, doc: &mut Doc) {
        doc.insert("updated_at".to_owned(), self.scope.now().into());
        if let Actor::Member { viewer, .. } = self.scope.actor() {
            doc.insert("updated_by".to_owned(), viewer.member.clone().into());
        }
    }

    fn change_operation(
        &self,
        action: Action,
        entity: &'static Entity,
        filter: &Filter,
        set: &Doc,
        unset: &[String],
    ) -> Operation {
        let mut set = set.clone();
        set.remove("version");
        self.stamp(&mut set);
        let mut update = json!({ "$set": validate::ejson(entity, &set), "$inc": { "version": 1 } });
        if let (false, Value::Object(update)) = (unset.is_empty(), &mut update) {
            let unset: Doc = unset.iter().map(|field| (field.clone(), "".into())).collect();
            update.insert("$unset".to_owned(), unset.into());
        }
        Operation::new(action, entity.collection).with("filter", query::compile(filter)).with("update", update)
    }

    fn with_base_fields(&self, id: &str, doc: Doc) -> Doc {
        let now = self.scope.now();
        let mut full = Doc::new();
        full.insert("_id".to_owned(), id.into());
        full.insert("tenant_id".to_owned(), self.scope.tenant().into());
        full.extend(doc);
        full.insert("created_at".to_owned(), now.into());
        full.insert("updated_at".to_owned(), now.into());
        if let Actor::Member { viewer, .. } = self.scope.actor() {
            full.insert("created_by".to_owned(), viewer.member.clone().into());
            full.insert("updated_by".to_owned(), viewer.member.clone().into());
        }
        full.insert("version".to_owned(), 1.into());
        full
    }
}

fn set_from(operation: Operation, holes: &[(&str, String)]) -> Operation {
    let target = |(field, source): &(&str, String)| (format!("update.$set.{field}"), source.clone());
    holes.iter().map(target).fold(operation, |operation, (target, source)| operation.referring(&target, &source))
}
