//! API keys: what lets a program act as a member, within some of the member's permissions.

use serde_json::Value;

use crate::cidr::Cidr;
use crate::entity::{Access, Entity, Kind, date, index, list, reference, text};
use crate::policy::{PERMISSIONS, is_for_keys};
use crate::rules::{Moment, Rules};
use crate::{Doc, Time, Violation, doc};

/// A key. Its secret is shown once and kept as a hash.
pub static API_KEY: Entity = Entity {
    name: "api_key",
    collection: "api_keys",
    prefix: "key",
    fields: &[
        text("name", 100).required(),
        reference("member", "membership").staff().keep(),
        list("scopes", &Kind::Text(60), 300).required().on_create(),
        list("allowed_ips", &Kind::Text(Cidr::LEN_MAX), 50).on_create(),
        date("expires_at").on_create(),
        text("prefix", 40).read_only(),
        text("hash", 64).read_only().hidden(),
        text("previous_hash", 64).read_only().hidden(),
        date("previous_until").read_only(),
        date("rotated_at").read_only(),
        date("last_used_at").read_only(),
        date("revoked_at").read_only(),
    ],
    indexes: &[index(&["member"]), index(&["-created_at"])],
    access: Access::own(&["member"]),
    rules: &KeyRules,
};

struct KeyRules;

impl Rules for KeyRules {
    fn check(&self, before: Option<&Doc>, after: &Doc, moment: Moment<'_>) -> Vec<Violation> {
        if before.is_some() {
            return Vec::new();
        }
        let mut violations = Vec::new();
        for (place, scope) in texts(after, "scopes").enumerate() {
            let (code, detail) = match () {
                () if !PERMISSIONS.contains(&scope) => ("unknown-permission", "There is no such permission."),
                () if !is_for_keys(scope) => ("not-for-keys", "No key manages keys."),
                () => continue,
            };
            violations.push(Violation::at(format!("/scopes/{place}"), code, detail));
        }
        if texts(after, "scopes").next().is_none() {
            violations.push(Violation::on("scopes", "empty", "Expected at least one permission."));
        }
        for (place, range) in texts(after, "allowed_ips").enumerate() {
            if Cidr::parse(range).is_none() {
                let detail = "Expected an address or a range such as 192.0.2.0/24 or 2001:db8::/32.";
                violations.push(Violation::at(format!("/allowed_ips/{place}"), "not-a-range", detail));
            }
        }
        if doc::text(after, "expires_at").and_then(Time::parse).is_some_and(|expires| expires <= moment.now) {
            violations.push(Violation::on("expires_at", "in-the-past", "Expected a time to come."));
        }
        violations
    }
}

/// The texts of a list.
fn texts<'a>(doc: &'a Doc, field: &str) -> impl Iterator<Item = &'a str> {
    doc.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
