//! The system's own records: counters, settings, jobs and the answers kept for repeated requests.

use crate::entity::{Access, Entity, across, date, expires, integer, opaque, status, text, unique};
use crate::rules::Plain;

/// The last number that was given out for a purpose; or how many there are of what a tenant has at most `max` of.
pub static COUNTER: Entity = Entity {
    name: "counter",
    collection: "counters",
    prefix: "ctr",
    fields: &[text("key", 100).read_only(), integer("value", 0, i64::MAX).read_only(), integer("max", 0, i64::MAX).read_only()],
    indexes: &[unique(&["key"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// A choice of the tenant's.
pub static SETTING: Entity = Entity {
    name: "setting",
    collection: "settings",
    prefix: "set",
    fields: &[text("key", 100).required().on_create(), opaque("value", 10_000).required()],
    indexes: &[unique(&["key"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// Work that follows from a commit: done under a lease, repeated until it has happened once.
pub static JOB: Entity = Entity {
    name: "job",
    collection: "jobs",
    prefix: "job",
    fields: &[
        text("kind", 100).read_only(),
        text("lane", 40).read_only(),
        opaque("payload", 100_000).read_only(),
        status(&["queued", "leased", "done", "dead"]),
        date("run_at").read_only(),
        date("lease_until").read_only(),
        text("lease_token", 40).read_only(),
        integer("attempts", 0, 1_000).read_only(),
        text("last_error", 1_000).read_only(),
        date("done_at").read_only(),
        date("expires_at").read_only(),
    ],
    indexes: &[across(&["lane", "status", "run_at"]), expires(&["expires_at"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// The answer to a request, kept so that a repeat gets it again.
pub static IDEMPOTENCY: Entity = Entity {
    name: "idempotency",
    collection: "idempotency",
    prefix: "idm",
    fields: &[
        text("fingerprint", 64).read_only(),
        integer("status", 100, 599).read_only(),
        text("entity", 40).read_only(),
        opaque("document", 2_000_000).read_only(),
        opaque("body", 2_000_000).read_only(),
        text("sealed", 2_000_000).read_only(),
        date("expires_at").read_only(),
    ],
    indexes: &[expires(&["expires_at"])],
    access: Access::own(&[]),
    rules: &Plain,
};
