//! Several reads in one trip, for commands that must know before they write.

use data_api::{Action, Answer, Operation};
use domain::json;
use domain::{Doc, Entity, Error, Filter, doc};
use serde_json::Value;

use super::batch::{Batch, On, Step};
use super::{find_one, stored_key};
use crate::idempotency::Stored;
use crate::{Halt, Page, Query, Scope, Store};

/// Several reads in one trip. A repeated request ends here, with its first answer.
pub struct Reading<'a> {
    store: &'a Store,
    tenant: String,
    batch: Batch,
    stored: Option<Stored>,
}

/// What a reading found.
pub struct Found(Vec<Answer>);

impl<'a> Reading<'a> {
    pub(crate) fn new(store: &'a Store, scope: &Scope) -> Self {
        let stored = stored_key(store, scope);
        let mut batch = Batch::default();
        if let Some(stored) = &stored {
            batch.push(stored.look_up(), On::default());
        }
        Self { store, tenant: scope.tenant().to_owned(), batch, stored }
    }

    /// A record that must be there, else the reading fails so.
    pub fn one(&mut self, entity: &Entity, filter: &Filter, otherwise: Error) -> Step {
        self.batch.push(find_one(entity, filter).expecting("document", json!({})), On::expect(otherwise))
    }

    /// A record that may be there.
    pub fn maybe(&mut self, entity: &Entity, filter: &Filter) -> Step {
        self.batch.push(find_one(entity, filter), On::default())
    }

    /// A record whose `field` is the value that an earlier step found at `source`, and which must be there.
    pub fn linked(&mut self, entity: &Entity, filter: &Filter, field: &str, source: &str, otherwise: Error) -> Step {
        let operation = find_one(entity, filter).referring(&format!("filter.{field}"), source);
        self.batch.push(operation.expecting("document", json!({})), On::expect(otherwise))
    }

    /// Up to `limit` records.
    pub fn many(&mut self, entity: &Entity, filter: &Filter, sort: Value, limit: u32) -> Step {
        self.batch.push(find_many(entity, filter, sort, limit), On::default())
    }

    /// Up to `limit` records whose `field` is the value that an earlier step found at `source`.
    pub fn many_linked(
        &mut self,
        entity: &Entity,
        filter: &Filter,
        sort: Value,
        limit: u32,
        (field, source): (&str, &str),
    ) -> Step {
        let operation = find_many(entity, filter, sort, limit).referring(&format!("filter.{field}"), source);
        self.batch.push(operation, On::default())
    }

    /// A page of the records that the scope may read.
    pub fn page(&mut self, scope: &Scope, query: &Query) -> Step {
        let first = Step(self.batch.len());
        for operation in query.operations(scope, None) {
            self.batch.push(operation, On::default());
        }
        first
    }

    /// How many records there are.
    pub fn count(&mut self, entity: &Entity, filter: &Filter) -> Step {
        let operation = Operation::new(Action::CountDocuments, entity.collection);
        self.batch.push(operation.with("filter", crate::query::compile(filter)), On::default())
    }

    /// Any other read of the Data API; the caller's filter must say whose records it is about.
    pub fn operation(&mut self, operation: Operation) -> Step {
        self.batch.push(operation, On::default())
    }

    /// Reads it all.
    pub async fn run(mut self) -> Result<Found, Halt> {
        let answers = match self.store.client.transaction(&self.tenant, self.batch.take()).await {
            Ok(answers) => answers,
            Err(failure) => return Err(self.refusal(failure).await),
        };
        if let Some(stored) = &self.stored {
            stored.replay(answers.first().and_then(|answer| answer.document.as_ref()), &self.store.client.rings)?;
        }
        Ok(Found(answers))
    }

    /// What must be there may be gone because this very request has been done before.
    async fn refusal(&self, failure: crate::Failure) -> Halt {
        let (error, _) = self.batch.explain(failure, false);
        let Some(stored) = self.stored.as_ref().filter(|_| error.kind != domain::ErrorKind::Unavailable) else {
            return error.into();
        };
        match self.store.client.single(&stored.tenant, stored.look_up()).await {
            Ok(answer) => match stored.replay(answer.document.as_ref(), &self.store.client.rings) {
                Err(halt) => halt,
                Ok(()) => error.into(),
            },
            Err(failure) => Halt::Refused(failure.into()),
        }
    }
}

impl Found {
    pub(super) fn new(answers: Vec<Answer>) -> Self {
        Self(answers)
    }

    /// The record of a step that had to be there.
    pub fn doc(&mut self, step: Step) -> Doc {
        self.maybe(step).unwrap_or_default()
    }

    /// The record of a step, if it was there.
    pub fn maybe(&mut self, step: Step) -> Option<Doc> {
        self.0.get_mut(step.0).and_then(|answer| answer.document.take()).and_then(doc::object)
    }

    /// The records of a step.
    pub fn docs(&mut self, step: Step) -> Vec<Doc> {
        let documents = self.0.get_mut(step.0).and_then(|answer| answer.documents.take());
        documents.unwrap_or_default().into_iter().filter_map(doc::object).collect()
    }

    /// The page of a step, by the query that asked for it.
    pub fn page(&mut self, step: Step, query: &Query) -> Page {
        query.page(self.0.iter_mut().skip(step.0).take(query.steps()).map(std::mem::take).collect())
    }

    /// The count of a step.
    pub fn count(&self, step: Step) -> u64 {
        self.0.get(step.0).and_then(|answer| answer.count).unwrap_or_default()
    }
}

fn find_many(entity: &Entity, filter: &Filter, sort: Value, limit: u32) -> Operation {
    let operation = Operation::new(Action::Find, entity.collection);
    operation.with("filter", crate::query::compile(filter)).with("sort", sort).with("limit", limit)
}
