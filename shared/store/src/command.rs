//! A command: everything a request writes, with the conditions under which it may, as one transaction.

mod apply;
mod batch;
mod event;
mod fill;
mod guard;
mod lead;
mod limit;
mod member;
mod reading;
mod restricted;
mod teams;
mod trash;
mod write;

use data_api::{Action, Operation};
use domain::entities::COUNTER;
use domain::json;
use domain::{Doc, Entity, Error, Filter, custom};
use serde_json::Value;

use self::batch::{Batch, On};
use crate::idempotency::Stored;
use crate::{Actor, Answer, Halt, Scope, Shown, Store, query};

pub use batch::Step;
pub use event::{Audience, EventOf};
pub use fill::fill;
pub(crate) use guard::About;
pub use limit::RECOUNT_KIND;
pub use reading::{Found, Reading};
pub use teams::people;

/// Everything a request writes.
pub struct Command<'a> {
    pub(crate) store: &'a Store,
    scope: Scope,
    batch: Batch,
    stored: Option<Stored>,
    cause: Option<String>,
    /// Where the defaults are of records that are made without custom values: by their ids, and what they are of.
    pub(crate) defaults: Vec<(String, String, Step)>,
    pending: Pending,
    /// The steps that find the teams of members, by tenant and members.
    teams: Vec<((String, Vec<String>), Step)>,
}

/// The answer as far as it is known before the commit.
enum Pending {
    Nothing,
    /// A record, some of whose fields come from results.
    Record(u16, &'static Entity, Doc, Vec<(String, String)>),
    /// The document of a step's result.
    Step(u16, &'static Entity, Step),
    Body(u16, Value),
    /// As a body, but kept sealed.
    Secret(u16, Value),
}

impl<'a> Command<'a> {
    pub(crate) fn new(store: &'a Store, scope: &Scope, about: About) -> Self {
        let stored = stored_key(store, scope);
        let mut batch = Batch::default();
        if let Some(stored) = &stored {
            batch.push(stored.claim(scope.now()), On::default());
        }
        let (cause, defaults, pending, teams) = (None, Vec::new(), Pending::Nothing, Vec::new());
        let mut command = Self { store, scope: scope.clone(), batch, stored, cause, defaults, pending, teams };
        command.guard(about);
        command
    }

    /// The operations that follow are of another scope, which has its own proof.
    pub fn on(&mut self, scope: &Scope) -> &mut Self {
        self.scope = scope.clone();
        self
    }

    /// The scope that the command is on.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A new id for an entity.
    pub fn id(&self, entity: &Entity) -> String {
        self.store.id(entity)
    }

    /// Expects a record that the filter finds, else fails so. The step's `document` is the record.
    pub fn require(&mut self, entity: &Entity, filter: Filter, otherwise: Error) -> Step {
        self.push(find_one(entity, &filter).expecting("document", json!({})), On::expect(otherwise))
    }

    /// As [`Command::require`], of a record of which nothing is read: whoever has no keys could not open it.
    pub fn require_unread(&mut self, entity: &Entity, filter: &Filter, otherwise: Error) {
        let operation = find_one(entity, filter).with("projection", json!({ "_id": 1 }));
        self.push(operation.expecting("document", json!({})), On::expect(otherwise));
    }

    /// As [`Command::require`], of a record that nobody may change until this is written: under snapshot isolation two
    /// transactions that only read what the other writes would both succeed. Its version stays.
    pub fn require_still(&mut self, entity: &Entity, filter: Filter, otherwise: Error) -> Step {
        self.push(touch(entity, &filter).expecting("document", json!({})), On::expect(otherwise))
    }

    /// As [`Command::require_still`], of a record whose `field` is the value that an earlier step found at `source`.
    pub fn require_still_linked(
        &mut self,
        entity: &Entity,
        filter: &Filter,
        field: &str,
        source: &str,
        otherwise: Error,
    ) -> Step {
        let operation = touch(entity, filter).referring(&format!("filter.{field}"), source);
        self.push(operation.expecting("document", json!({})), On::expect(otherwise))
    }

    /// Expects that the filter finds nothing, else fails so.
    pub fn forbid(&mut self, entity: &Entity, filter: Filter, otherwise: Error) -> Step {
        self.push(find_one(entity, &filter).expecting("document", Value::Null), On::expect(otherwise))
    }

    /// A record that may be there.
    pub(crate) fn find(&mut self, entity: &Entity, filter: Filter) -> Step {
        self.push(find_one(entity, &filter), On::default())
    }

    /// Expects an expression to be true of the tenant's document; what to say when it cannot be read, and when it is not.
    pub(crate) fn examine(&mut self, collection: &str, id: &str, expression: Value, (unreadable, untrue): (Error, Error)) {
        let filter = json!({ "_id": id, "tenant_id": self.scope.tenant(), "$expr": expression });
        let operation = Operation::new(Action::FindOne, collection).with("filter", filter);
        let on = On { unreadable: Some(unreadable), ..On::expect(untrue) };
        self.push(operation.with("projection", json!({ "_id": 1 })).expecting("document", json!({})), on);
    }

    /// The next number of a counter: the step's `document.value`.
    pub fn number(&mut self, key: &str) -> Step {
        let filter = json!({ "tenant_id": self.scope.tenant(), "key": key });
        let now = self.scope.now().ejson();
        let id = domain::id::derived(COUNTER.prefix, &[self.scope.tenant(), key]);
        let update = json!({ "$inc": { "value": 1 }, "$set": { "updated_at": now }, "$setOnInsert": { "_id": id } });
        let operation =
            Operation::new(Action::FindOneAndUpdate, COUNTER.collection).with("filter", filter).with("update", update);
        self.push(operation.with("upsert", true).with("returnDocument", "after"), On::default())
    }

    /// Any other operation of the Data API on the scope's tenant; the caller's filter must carry the tenant.
    pub fn operation(&mut self, operation: Operation, otherwise: Option<Error>) -> Step {
        self.push(operation, On { expectation: otherwise, ..On::default() })
    }

    /// An insertion beside the scope's tenant, which fails so when the record is there already.
    pub(crate) fn inserting(&mut self, operation: Operation, duplicate: Error) {
        self.push(operation, On::duplicate(duplicate));
    }

    /// Answers with a record; `holes` name fields that come from results: (field, source).
    pub fn answer_record(&mut self, status: u16, entity: &'static Entity, doc: Doc, holes: &[(&str, String)]) {
        let id = doc.get("_id").and_then(Value::as_str).unwrap_or_default();
        let defaults = self.default_of(id, custom::FIELD, "defaults");
        let holes = holes.iter().map(|(field, source)| ((*field).to_owned(), source.clone())).chain(defaults).collect();
        self.pending = Pending::Record(status, entity, doc, holes);
    }

    /// Answers with the document that a step finds.
    pub fn answer_step(&mut self, status: u16, entity: &'static Entity, step: Step) {
        self.pending = Pending::Step(status, entity, step);
    }

    /// Answers with some JSON.
    pub fn answer_body(&mut self, status: u16, body: Value) {
        self.pending = Pending::Body(status, body);
    }

    /// Answers with JSON that holds secrets: kept sealed for repeats.
    pub fn answer_secret(&mut self, status: u16, body: Value) {
        self.pending = Pending::Secret(status, body);
    }

    /// Does it all, or nothing.
    pub async fn commit(mut self) -> Result<Answer, Halt> {
        self.keep_answer()?;
        let results = match self.store.client.transaction(self.scope.tenant(), self.batch.take()).await {
            Ok(results) => results,
            Err(failure) => return Err(self.refusal(failure).await),
        };
        let results = serde_json::to_value(results).unwrap_or_default();
        Ok(match self.pending {
            Pending::Nothing => Answer::nothing(),
            Pending::Body(status, body) | Pending::Secret(status, body) => Answer::body(status, body),
            Pending::Record(status, entity, mut doc, holes) => {
                for (field, source) in holes {
                    let value = fill(&source, &results);
                    doc.extend(value.or_else(|| (!source.ends_with('?')).then_some(Value::Null)).map(|value| (field, value)));
                }
                Answer::record(status, entity, doc)
            }
            Pending::Step(status, entity, step) => {
                let doc = results.pointer(&format!("/{}/document", step.0)).cloned();
                Answer::record(status, entity, doc.and_then(domain::doc::object).unwrap_or_default())
            }
        })
    }

    /// Does it all, or nothing, and gives what the steps found: for scopes whose repeated requests nobody remembers.
    pub async fn run(mut self) -> Result<Found, Halt> {
        match self.store.client.transaction(self.scope.tenant(), self.batch.take()).await {
            Ok(answers) => Ok(Found::new(answers)),
            Err(failure) => Err(self.refusal(failure).await),
        }
    }

    fn push(&mut self, operation: Operation, on: On) -> Step {
        self.batch.push(operation, on)
    }

    /// The last operation stores the answer beside the claim of the key.
    fn keep_answer(&mut self) -> Result<(), Error> {
        let Some(stored) = &self.stored else { return Ok(()) };
        let seal = |answer: &Value| stored.seal(&self.store.client.rings, answer, self.store.random()).map(Value::from);
        let mut kept = Doc::new();
        let mut refs: Vec<(String, String)> = Vec::new();
        let status = match &self.pending {
            Pending::Nothing => 204,
            Pending::Body(status, body) => {
                kept.insert("body".to_owned(), body.clone());
                *status
            }
            Pending::Secret(status, body) => {
                kept.insert("sealed".to_owned(), seal(body)?);
                *status
            }
            // Defaults tell nothing of people.
            Pending::Record(status, entity, doc, holes)
                if entity.is_personal() && holes.iter().all(|(_, source)| source.ends_with('?')) =>
            {
                refs.extend(holes.iter().map(|(field, source)| (format!("update.$set.document.{field}"), source.clone())));
                let doc = Value::Object(doc.clone());
                kept.insert("entity".to_owned(), entity.name.into());
                kept.insert("sealed".to_owned(), seal(&doc)?);
                *status
            }
            Pending::Record(status, entity, doc, holes) => {
                kept.insert("entity".to_owned(), entity.name.into());
                kept.insert("document".to_owned(), doc.clone().into());
                refs.extend(holes.iter().map(|(field, source)| (format!("update.$set.document.{field}"), source.clone())));
                *status
            }
            Pending::Step(status, entity, step) => {
                kept.insert("entity".to_owned(), entity.name.into());
                refs.push(("update.$set.document".to_owned(), step.path("document")));
                *status
            }
        };
        kept.insert("status".to_owned(), status.into());
        let operation = refs.iter().fold(stored.keep(kept), |operation, (target, source)| operation.referring(target, source));
        self.batch.push(operation, On::default());
        Ok(())
    }

    async fn refusal(&self, failure: crate::Failure) -> Halt {
        let (error, claimed) = self.batch.explain(failure, self.stored.is_some());
        if let (true, Some(stored)) = (claimed, &self.stored) {
            let earlier = self.store.client.single(&stored.tenant, stored.look_up()).await;
            let earlier = match earlier {
                Ok(answer) => answer.document,
                Err(failure) => return Halt::Refused(failure.into()),
            };
            if let Err(halt) = stored.replay(earlier.as_ref(), &self.store.client.rings) {
                return halt;
            }
        }
        Halt::Refused(self.explained(error).await)
    }
}

/// Who repeats a request: the member, or whoever has no session yet.
fn stored_key(store: &Store, scope: &Scope) -> Option<Stored> {
    let key = store.origin.idempotency.as_ref()?;
    match scope.actor() {
        Actor::Member { viewer, .. } => Some(key.of(&store.vault, scope.tenant(), &viewer.member)),
        Actor::Operator => Some(key.of(&store.vault, scope.tenant(), "operator")),
        Actor::Auth { repeater, .. } => Some(key.of(&store.vault, crate::PlatformScope::TENANT, repeater.as_deref()?)),
        Actor::Integration { .. } | Actor::Job { .. } => None,
    }
}

fn find_one(entity: &Entity, filter: &Filter) -> Operation {
    Operation::new(Action::FindOne, entity.collection).with("filter", query::compile(filter))
}

/// A write that changes nothing that anybody sees, so that two of them at once conflict.
fn touch(entity: &Entity, filter: &Filter) -> Operation {
    let operation = Operation::new(Action::FindOneAndUpdate, entity.collection).with("filter", query::compile(filter));
    operation.with("update", json!({ "$inc": { "touched": 1 } }))
}

impl Answer {
    /// The record that is shown, if one is.
    pub fn doc(&self) -> Option<&Doc> {
        match &self.shown {
            Shown::Record(_, doc) => Some(doc),
            Shown::Nothing | Shown::Body(_) => None,
        }
    }
}
