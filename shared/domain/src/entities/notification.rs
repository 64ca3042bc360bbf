//! Events: what happened; and notifications: who was told.

use crate::entity::{
    Access, Entity, Fallback, Field, Kind, choice, date, expires, flag, index, list, opaque, reference, text, unique,
};
use crate::policy::Reach;
use crate::rules::Plain;
use crate::{Filter, Time, Viewer};

/// One recipient's notice of one cause.
pub static NOTIFICATION: Entity = Entity {
    name: "notification",
    collection: "notifications",
    prefix: "not",
    fields: &[
        reference("recipient", "membership").read_only().keep(),
        reference("cause", "event").read_only().keep(),
        text("key", 100).read_only(),
        text("title", 100).read_only(),
        text("message", 500).read_only(),
        choice("type", &["info", "success", "warning", "error", "system"]).read_only(),
        choice("priority", &["low", "medium", "high", "urgent"]).read_only().default(Fallback::Word("medium")),
        text("link", 500).read_only(),
        Field { kind: RECORD, ..text("record", 0) }.read_only(),
        list("deliveries", &DELIVERY, 10).read_only(),
        flag("is_read").read_only(),
        date("read_at").read_only(),
        date("expires_at").read_only(),
    ],
    indexes: &[
        unique(&["cause", "recipient"]),
        index(&["recipient", "-created_at"]),
        index(&["recipient", "is_read", "-created_at"]),
        expires(&["expires_at"]),
    ],
    access: Access { narrow: Some(shown), ..Access::own(&["recipient"]) },
    rules: &Plain,
};

/// Who wants mail alone has the notice on record, not on the screen. The store drops expired ones in its own time.
fn shown(_viewer: &Viewer, now: Time) -> Filter {
    let current = Filter::is("expires_at", serde_json::Value::Null).or(Filter::after("expires_at", now));
    Filter::is("deliveries.channel", "browser").and(current)
}

const DELIVERY: Kind = Kind::Object(&[
    choice("channel", &["browser", "email"]).required(),
    choice("status", &["queued", "sent", "failed"]).required(),
    date("at"),
    text("provider_id", 200),
]);

/// Which record something is about.
pub const RECORD: Kind = Kind::Object(&[text("type", 40).required(), text("id", 40).required()]);

/// What happened to a record: never changed, never deleted.
pub static EVENT: Entity = Entity {
    name: "event",
    collection: "events",
    prefix: "evt",
    fields: &[
        text("type", 100).read_only(),
        Field { kind: RECORD, ..text("record", 0) }.read_only(),
        reference("lead", "lead").read_only().keep(),
        opaque("changes", 1_000_000).read_only(),
        opaque("actor", 1_000).read_only().subject_at("actor.id"),
        text("comment", 1_000).read_only(),
        text("request_id", 100).read_only(),
        text("ip", 64).read_only().encrypted(),
        text("user_agent", 400).read_only().encrypted(),
        date("sealed_until").read_only().hidden(),
    ],
    indexes: &[index(&["lead"]), index(&["record.id"]), index(&["type"]), index(&["actor.id"])],
    access: Access { narrow: Some(told), ..Access::own(&[]) },
    rules: &Plain,
};

/// What events are about, and the permission to read all of which lets one read them.
const GUARDED: &[(&str, &str)] = &[
    ("api_key", "api_key:read"),
    ("bid", "bid:read"),
    ("conversation", "conversation:read"),
    ("field_definition", "field_definition:read"),
    ("integration", "integration:read"),
    ("invoice", "invoice:read"),
    ("lead", "lead:read"),
    ("login", "login:read"),
    ("membership", "membership:read"),
    ("message", "conversation:read"),
    ("milestone", "milestone:read"),
    ("person", "person:read"),
    ("privacy_request", "privacy_request:read"),
    ("project", "project:read"),
    ("quote", "quote:read"),
    ("role", "role:read"),
    ("setting", "setting:read"),
    ("team", "team:read"),
    ("tenant", "tenant:read"),
    ("verification", "verification:read"),
];

/// What is told to staff alone: others do not see its drafts.
const DRAFTED: &[&str] = &["invoice", "quote"];

/// What happened to a sealed bid is as sealed as the bid; what happened to records is for those who may read all such records.
fn told(viewer: &Viewer, now: Time) -> Filter {
    let open = Filter::is("sealed_until", serde_json::Value::Null).or(Filter::by("sealed_until", now));
    let open = open.or(Filter::is("actor.id", viewer.member.as_str()));
    let is_staff = viewer.policy.role().is_staff();
    let sees_all =
        |of: &str, permission| viewer.policy.reach(permission) == Some(Reach::All) && (is_staff || !DRAFTED.contains(&of));
    let guarded = GUARDED.iter().filter(|(of, permission)| !sees_all(of, permission));
    guarded.fold(open, |open, (of, _)| open.and(Filter::is_not("record.type", *of)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PERMISSIONS;

    #[test]
    fn events_of_whatever_can_be_read_by_itself_are_guarded() {
        let read = PERMISSIONS.iter().filter_map(|permission| permission.strip_suffix(":read"));
        for name in read.filter(|name| !matches!(*name, "event" | "notification")) {
            assert!(GUARDED.iter().any(|(of, _)| *of == name), "{name}");
        }
        assert!(GUARDED.iter().all(|(_, permission)| PERMISSIONS.contains(permission)));
    }
}
