//! What every command of a member expects: that they still may what their session says, and that their tenant takes changes.

use data_api::{Action, Operation};
use domain::entities::{API_KEY, LOGIN, MEMBERSHIP};
use domain::json;
use domain::{Error, Filter};
use serde_json::Value;

use super::{Command, On};
use crate::{Actor, Through};

const OUTDATED: &str = "session-outdated";

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// What belongs to the tenant, which nobody changes while it is suspended.
    Tenant,
    /// The member alone: their session, their password.
    Oneself,
}

impl Command<'_> {
    /// Changes to a member's policy take effect at once for writes, and so does the end of a login: the version in their
    /// session must be the current one, and its login or API key must not have been revoked. A suspended tenant's memberships are frozen.
    pub(super) fn guard(&mut self, about: About) {
        let Actor::Member { viewer, policy_version, through } = self.scope.actor().clone() else { return };
        let mut filter = domain::doc::fields(json!({
            "_id": viewer.member, "tenant_id": self.scope.tenant(), "status": "active", "policy_version": policy_version,
            "deleted_at": null,
        }));
        if about == About::Tenant {
            filter.insert("frozen".to_owned(), json!({ "$ne": true }));
        }
        let operation = Operation::new(Action::FindOne, MEMBERSHIP.collection).with("filter", filter);
        let operation = operation.with("projection", json!({ "_id": 1 })).expecting("document", json!({}));
        let detail = "Your membership or its permissions have changed. Refresh the session.";
        self.push(operation, On::expect(Error::unauthenticated(OUTDATED, detail)));
        let (entity, id, ended) = match &through {
            Through::Login(id) => (&LOGIN, id, Error::unauthenticated("session-ended", "The session has ended. Log in again.")),
            Through::Key(id) => (&API_KEY, id, Error::unauthenticated("key-ended", "The API key was revoked.")),
        };
        let revoked = self.scope.tenant_filter().and(Filter::is("_id", id.as_str()));
        self.forbid(entity, revoked.and(Filter::is_not("revoked_at", Value::Null)), ended);
    }

    /// Looks once more why a session was refused: refreshing it does not help whose tenant is suspended.
    pub(super) async fn explained(&self, error: Error) -> Error {
        let Some(viewer) = self.scope.viewer().filter(|_| error.code == OUTDATED) else { return error };
        let frozen = self.scope.live().and(Filter::is("_id", viewer.member.as_str())).and(Filter::is("frozen", true));
        match self.store.find(&self.scope, &MEMBERSHIP, frozen).await {
            Ok(Some(_)) => {
                let detail = "The tenant is suspended: what it has can be read and exported, not changed.";
                Error::forbidden("tenant-suspended", detail)
            }
            Ok(None) | Err(_) => error,
        }
    }
}
