//! The end of a membership: whoever was removed, or never came, leaves nothing open behind them.

use data_api::{Action, Operation};
use domain::entities::{API_KEY, MEMBERSHIP};
use domain::entity::Gone;
use domain::json;
use domain::lifecycle::{self, Link};
use domain::retention::TRASH_DAYS;
use domain::{Filter, doc};
use serde_json::Value;

use super::Command;

impl Command<'_> {
    /// What follows when a membership goes: what is cleared with it names it no more, its keys open nothing, and what is known of
    /// its member is erased after as long as the trash is kept.
    pub fn end_membership(&mut self, member: &str) {
        let now = self.scope.now();
        for Link { from, field } in lifecycle::links(&MEMBERSHIP, Gone::Clear) {
            let filter = json!({ "tenant_id": self.scope.tenant(), (field.name): member });
            let update = json!({
                "$set": { "updated_at": now.ejson() }, "$unset": { (field.name): "" }, "$inc": { "version": 1 },
            });
            let operation = Operation::new(Action::UpdateMany, from.collection).with("filter", filter);
            self.operation(operation.with("update", update), None);
        }
        let keys = self.scope.live().and(Filter::is("member", member)).and(Filter::is("revoked_at", Value::Null));
        self.update_many(&API_KEY, &keys, &doc::fields(json!({ "revoked_at": now })));
        self.job("privacy.leave", member, json!({ "membership": member }), Some(now.plus_days(TRASH_DAYS)));
    }
}
