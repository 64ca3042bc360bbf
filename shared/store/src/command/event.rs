//! Events and jobs of a command: what happened, and what must happen next.

use data_api::{Action, Operation};
use domain::entities::{EVENT, JOB};
use domain::json;
use domain::retention::{JOB_DAYS, TRASH_DAYS_MAX};
use domain::{Doc, Entity, Error, Filter, Role, Time, doc, id, lane};
use serde_json::Value;

use super::Command;

/// A notice that will not be sent is kept as long as one that was, or as long as what it is about can be restored.
pub(super) const CALLED_OFF_KEPT_DAYS: i64 = JOB_DAYS;

/// What happened to a record.
pub struct EventOf<'a> {
    /// Such as `lead.published`.
    pub kind: &'a str,
    /// The record's entity.
    pub entity: &'a Entity,
    /// The record.
    pub id: &'a str,
    /// The lead it belongs to, which tells the whole story.
    pub lead: Option<&'a str>,
    /// The diff.
    pub changes: Value,
    /// A reason that was given.
    pub comment: Option<&'a str>,
    /// Fields of the event that come from results: (field, source).
    pub holes: &'a [(&'a str, String)],
}

impl Command<'_> {
    /// Records what happened; jobs that follow are caused by it. Returns its id.
    pub fn event(&mut self, event: EventOf<'_>) -> String {
        self.event_sealed(event, None)
    }

    /// As [`Command::event`], unseen by others until a time.
    pub fn event_sealed(&mut self, event: EventOf<'_>, sealed_until: Option<&str>) -> String {
        let event_id = self.id(&EVENT);
        let origin = &self.store.origin;
        let fields = [
            ("type", Some(Value::from(event.kind))),
            ("record", Some(json!({ "type": event.entity.name, "id": event.id }))),
            ("lead", event.lead.map(Value::from)),
            ("changes", Some(event.changes)),
            ("actor", Some(self.scope.actor_value())),
            ("comment", event.comment.map(Value::from)),
            ("sealed_until", sealed_until.map(Value::from)),
            ("request_id", Some(origin.request_id.as_str().into())),
            ("ip", origin.ip.as_deref().map(Value::from)),
            ("user_agent", origin.user_agent.as_deref().map(|text| text.chars().take(400).collect::<String>().into())),
        ];
        let doc: Doc = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let defaults = self.default_of(event.id, "changes.custom", "changes");
        let defaults = defaults.as_ref().map(|(field, source)| (field.as_str(), source.clone()));
        let holes: Vec<(&str, String)> = event.holes.iter().cloned().chain(defaults).collect();
        self.insert(&EVENT, &event_id, doc, &holes, Error::internal("an event's id was taken"));
        self.cause = Some(event_id.clone());
        event_id
    }

    /// A job that the last event causes. One event causes at most one job of a kind and `key`.
    pub fn job(&mut self, kind: &str, key: &str, payload: Value, run_at: Option<Time>) {
        self.job_with(kind, key, payload, run_at, &[]);
    }

    /// As [`Command::job`], with fields that come from results: (field, source).
    pub fn job_with(&mut self, kind: &str, key: &str, payload: Value, run_at: Option<Time>, holes: &[(&str, String)]) {
        let job_id = match &self.cause {
            Some(cause) => id::derived(JOB.prefix, &[cause, kind, key]),
            None => self.id(&JOB),
        };
        let job = queued(kind, payload, run_at.unwrap_or(self.scope.now()));
        self.insert(&JOB, &job_id, job, holes, Error::internal("a job's id was taken"));
    }

    /// A job under an id that follows from its own parts: however often it is asked for, it is queued once.
    pub fn job_once(&mut self, kind: &str, parts: &[&str], payload: Value) {
        self.job_once_at(kind, parts, payload, self.scope.now());
    }

    /// As [`Command::job_once`], at a later time.
    pub fn job_once_at(&mut self, kind: &str, parts: &[&str], payload: Value, run_at: Time) {
        let job_id = id::derived(JOB.prefix, &[&[self.scope.tenant(), kind], parts].concat());
        self.insert_once(&JOB, &job_id, queued(kind, payload, run_at));
    }

    /// A job that tells those concerned of the last event, but not who did it.
    pub fn notify(&mut self, audience: &Audience<'_>, facts: Value) {
        self.notify_with(audience, facts, None, &[]);
    }

    /// The notices among the waiting jobs that the filter finds will not be sent; not as long as what they are about is in the
    /// trash, if they are called off with a group.
    pub fn call_off_notices(&mut self, which: Filter, group: Option<&str>) {
        let waiting = self.scope.live().and(Filter::is("status", "queued")).and(Filter::is("kind", "notify")).and(which);
        let now = self.scope.now();
        let kept_days = if group.is_some() { TRASH_DAYS_MAX + 1 } else { CALLED_OFF_KEPT_DAYS };
        let mut done = doc::fields(json!({ "status": "done", "done_at": now, "expires_at": now.plus_days(kept_days) }));
        done.extend(group.map(|group| ("trash_group".to_owned(), group.into())));
        self.update_many(&JOB, &waiting, &done);
    }

    /// The notices that were called off with a group wait again.
    pub fn call_back_notices(&mut self, group: &str) {
        let called_off = json!({ "tenant_id": self.scope.tenant(), "kind": "notify", "trash_group": group });
        let update = json!({ "$set": { "status": "queued" }, "$unset": { "done_at": "", "expires_at": "", "trash_group": "" } });
        let operation = Operation::new(Action::UpdateMany, JOB.collection).with("filter", called_off);
        self.operation(operation.with("update", update), None);
    }

    /// As [`Command::notify`], at a later time, with fields of the job that come from results: (field, source).
    pub fn notify_with(&mut self, audience: &Audience<'_>, facts: Value, run_at: Option<Time>, holes: &[(&str, String)]) {
        let members: Vec<&str> = audience.members.iter().copied().flatten().collect();
        let roles: Vec<&str> = audience.roles.iter().map(|role| role.word()).collect();
        let except = self.scope.viewer().map(|viewer| viewer.member.clone());
        let payload = json!({ "cause": self.cause, "members": members, "roles": roles, "except": except, "facts": facts });
        self.job_with("notify", "", payload, run_at, holes);
    }
}

/// A job that waits in the lane of its kind.
pub(super) fn queued(kind: &str, payload: Value, run_at: Time) -> Doc {
    let lane = lane::lane_of(kind);
    doc::fields(json!({ "kind": kind, "lane": lane, "payload": payload, "status": "queued", "run_at": run_at, "attempts": 0 }))
}

/// Whom an event concerns.
#[derive(Clone, Copy, Default)]
pub struct Audience<'a> {
    /// These members.
    pub members: &'a [Option<&'a str>],
    /// Everybody in these roles.
    pub roles: &'a [Role],
}
