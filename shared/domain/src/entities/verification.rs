//! Verifications: that what a member says of themselves is so, as one reviewer or two have seen, or a code has shown.

use crate::entity::{
    ATTACHMENT, Access, Entity, Fallback, Kind, choice, date, index, integer, list, opaque, reference, status, text,
};
use crate::rules::{Moment, Rules};
use crate::{Doc, Violation, doc};

/// A claim that waits for reviewers, or was decided on.
pub static VERIFICATION: Entity = Entity {
    name: "verification",
    collection: "verifications",
    prefix: "ver",
    fields: &[
        reference("member", "membership").on_create().subject().keep(),
        choice("kind", &["email", "phone", "id_proof", "address_proof"]).required().on_create(),
        list("evidence", &ATTACHMENT, 5).on_create().encrypted(),
        opaque("claim", 2_000).encrypted().read_only().hidden(),
        status(&["pending", "verified", "rejected", "expired"]),
        choice("method", &["review", "code"]).read_only(),
        integer("reviewers_needed", 1, 2).read_only().default(Fallback::Integer(1)),
        list("reviewers", &Kind::Reference("membership"), 2).read_only().keep(),
        text("reason", 1_000).read_only(),
        date("decided_at").read_only(),
        date("valid_until").read_only(),
    ],
    indexes: &[index(&["member", "kind"]), index(&["status", "-created_at"])],
    access: Access::own(&["member"]),
    rules: &VerificationRules,
};

/// The setting that says how many reviewers each verification needs.
pub const REVIEWERS_KEY: &str = "verification.reviewers";

/// What a verification is about, as it stands in the membership now: it holds for nothing else.
pub fn claim_of(member: &Doc, kind: &str) -> serde_json::Value {
    let field = match kind {
        "id_proof" => "name",
        "address_proof" => "address",
        same => same,
    };
    member.get(field).cloned().unwrap_or_default()
}

struct VerificationRules;

impl Rules for VerificationRules {
    fn prepare(&self, verification: &mut Doc, moment: Moment<'_>) {
        if let Some(viewer) = moment.viewer {
            verification.entry("member").or_insert_with(|| viewer.member.clone().into());
        }
    }

    fn check(&self, before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let is_proof = matches!(doc::text(after, "kind"), Some("id_proof" | "address_proof"));
        let has_evidence = after.get("evidence").and_then(serde_json::Value::as_array).is_some_and(|files| !files.is_empty());
        if before.is_none() && is_proof && !has_evidence {
            return vec![Violation::on("evidence", "required", "A proof comes with a file.")];
        }
        Vec::new()
    }
}
