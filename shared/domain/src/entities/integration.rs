//! Integrations: a tenant's connection to an outside service; and receipts of what that service sent.

use crate::entity::{Access, Entity, Fallback, choice, date, expires, flag, index, opaque, reference, status, text, unique};
use crate::rules::Plain;

/// A tenant's connection to an outside service.
pub static INTEGRATION: Entity = Entity {
    name: "integration",
    collection: "integrations",
    prefix: "int",
    fields: &[
        choice("kind", &["typeform", "xero"]).required().on_create(),
        text("name", 200),
        flag("is_enabled").default(Fallback::Flag(true)),
        opaque("config", 20_000),
        text("hook_url", 4_000).read_only().encrypted(),
        text("hook_digest", 64).read_only().hidden(),
        text("credentials", 10_000).hidden().encrypted(),
        text("token", 10_000).read_only().hidden().encrypted(),
        date("last_sync_at").read_only(),
        text("last_error", 500).read_only().encrypted(),
    ],
    indexes: &[index(&["kind", "is_enabled"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// Something an outside service sent: kept as it came, encrypted, and worked by a job.
pub static RECEIPT: Entity = Entity {
    name: "receipt",
    collection: "receipts",
    prefix: "rec",
    fields: &[
        reference("integration", "integration").read_only().keep(),
        text("event_id", 200).read_only(),
        text("body", 2_000_000).read_only().hidden().encrypted(),
        status(&["received", "worked", "refused"]),
        reference("person", "person").read_only().cascade(),
        text("refusal", 1_000).read_only(),
        date("expires_at").read_only(),
    ],
    indexes: &[unique(&["integration", "event_id"]), index(&["person"]), expires(&["expires_at"])],
    access: Access::own(&[]),
    rules: &Plain,
};
