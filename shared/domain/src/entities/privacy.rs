//! Privacy requests: what a person asks of the tenant about themselves, and the proof that it was done.

use serde_json::Value;

use crate::entity::{Access, Entity, Kind, choice, date, index, list, opaque, reference, status, text};
use crate::rules::{Moment, Rules};
use crate::{Doc, Violation};

/// The most records that one human being can have of a kind: people and memberships that belong together.
pub const PRIVACY_SAME_MAX: usize = 20;

/// A request to show, to erase, to hold or to correct what is known of one person.
pub static PRIVACY_REQUEST: Entity = Entity {
    name: "privacy_request",
    collection: "privacy_requests",
    prefix: "pvr",
    fields: &[
        choice("type", &["export", "erase", "restrict", "rectify"]).required().on_create(),
        reference("person", "person").on_create().keep(),
        reference("membership", "membership").on_create().keep(),
        list("people", &Kind::Reference("person"), PRIVACY_SAME_MAX).read_only().keep(),
        list("members", &Kind::Reference("membership"), PRIVACY_SAME_MAX).read_only().keep(),
        status(&["received", "done", "refused", "lifted"]),
        text("refusal", 100).read_only(),
        date("done_at").read_only(),
        opaque("proof", 20_000).read_only(),
    ],
    indexes: &[index(&["status", "-created_at"])],
    access: Access::own(&[]),
    rules: &PrivacyRules,
};

struct PrivacyRules;

impl Rules for PrivacyRules {
    fn check(&self, _before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        match ["person", "membership"].map(|field| after.get(field).and_then(Value::as_str)) {
            [Some(_), None] | [None, Some(_)] => Vec::new(),
            _ => vec![Violation::on("person", "one-of-two", "Expected either a person or a membership.")],
        }
    }
}
