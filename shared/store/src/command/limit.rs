//! What a tenant has so many of at most: a counter for each limit, which is written together with what it counts.

use data_api::{Action, Operation};
use domain::entities::COUNTER;
use domain::json;
use domain::plan::{Limit, places_of};
use domain::{Doc, Error};
use serde_json::Value;

use super::{Command, On};

/// The kind of the jobs that count the limits of a tenant anew.
pub const RECOUNT_KIND: &str = "tenant.recount";
const DAY_S: i64 = 86_400;

impl Command<'_> {
    /// Begins a new tenant's counter.
    pub fn open_limit(&mut self, limit: Limit, taken: i64, max: i64) {
        let id = self.limit_id(limit);
        let counter = json!({ "key": limit.key(), "value": taken, "max": max });
        self.insert(&COUNTER, &id, domain::doc::fields(counter), &[], Error::internal("a new tenant has counters"));
    }

    /// Takes one, or refuses where none is left: of two who take the last at once, one comes too late.
    pub fn take_one(&mut self, limit: Limit) {
        let filter = self.limit_filter(limit, json!({ "$expr": { "$lt": ["$value", "$max"] } }));
        let operation = self.limit_change(Action::FindOneAndUpdate, filter, json!({ "$inc": { "value": 1 } }));
        self.push(operation.expecting("document", json!({})), On::expect(limit.reached()));
    }

    /// Gives one back.
    pub fn give_one_back(&mut self, limit: Limit) {
        let filter = self.limit_filter(limit, json!({ "value": { "$gt": 0 } }));
        let operation = self.limit_change(Action::UpdateOne, filter, json!({ "$inc": { "value": -1 } }));
        self.push(operation, On::default());
    }

    /// Moves a member from the places that they took to those that they take: neither is taken by nobody or by two.
    pub fn move_places(&mut self, before: Option<&Doc>, after: Option<&Doc>) {
        let (were, are) = (places_of(before), places_of(after));
        are.iter().filter(|limit| !were.contains(limit)).for_each(|limit| self.take_one(*limit));
        were.iter().filter(|limit| !are.contains(limit)).for_each(|limit| self.give_one_back(*limit));
    }

    /// Sets how many there may be. What is there already stays.
    pub fn set_limit(&mut self, limit: Limit, max: i64) {
        let filter = self.limit_filter(limit, json!({}));
        let operation = self.limit_change(Action::UpdateOne, filter, json!({ "$set": { "max": max } }));
        self.push(operation, On::default());
    }

    /// Counts anew what a limit is about: whoever takes or gives back at this moment writes the same counter, and waits.
    pub fn recount(&mut self, limit: Limit) {
        let (counted, which) = limit.counted();
        let which = self.scope.live().and(which);
        let count = Operation::new(Action::CountDocuments, counted.collection).with("filter", crate::compile(&which));
        let count = self.push(count, On::default());
        let filter = self.limit_filter(limit, json!({}));
        let operation = self.limit_change(Action::UpdateOne, filter, json!({ "$set": { "value": 0 } }));
        self.push(operation.referring("update.$set.value", &count.path("count")), On::default());
    }

    /// Has the limits counted anew in a day: once, however often it is asked for on one day.
    pub fn recount_tomorrow(&mut self) {
        let run_at = self.scope.now().plus_days(1);
        let day = run_at.seconds() / DAY_S;
        self.job_once_at(RECOUNT_KIND, &[&day.to_string()], json!({}), run_at);
    }

    fn limit_change(&self, action: Action, filter: Value, mut update: Value) -> Operation {
        if let Value::Object(update) = &mut update {
            let set = update.entry("$set").or_insert_with(|| Doc::new().into());
            if let Value::Object(set) = set {
                set.insert("updated_at".to_owned(), self.scope.now().ejson());
            }
        }
        Operation::new(action, COUNTER.collection).with("filter", filter).with("update", update)
    }

    fn limit_id(&self, limit: Limit) -> String {
        domain::id::derived(COUNTER.prefix, &[self.scope.tenant(), limit.key()])
    }

    fn limit_filter(&self, limit: Limit, more: Value) -> Value {
        let mut filter = domain::doc::fields(json!({ "_id": self.limit_id(limit), "tenant_id": self.scope.tenant() }));
        filter.extend(domain::doc::fields(more));
        filter.into()
    }
}
