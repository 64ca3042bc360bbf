//! Global identities, the memberships that join them to tenants, and the logins of a membership.

use serde_json::Value;

use super::payout::PAYOUT;
use super::profile::{
    AVATAR_FILE, CUSTOMER_PROFILE, EXPERT_PROFILE, PREFERENCES, VENDOR_PROFILE, VERIFIED, misfits, wrong_avatar,
};
use crate::entity::{
    ADDRESS, Access, CUSTOM, CUSTOM_PERSONAL, Entity, Field, Kind, LOCATION, across, choice, date, email, expires, flag, index,
    index_if_present, integer, list, object, phone, reference, status, text, unique,
};
use crate::policy::TEAMS_MAX;
use crate::privacy::RESTRICTED_AT;
use crate::role::ROLE_WORDS;
use crate::rules::{Moment, Plain, Rules};
use crate::{Doc, Role, Violation, doc};

/// Somebody who can prove who they are, across all tenants. Its `tenant_id` is that of the platform.
pub static IDENTITY: Entity = Entity {
    name: "identity",
    collection: "identities",
    prefix: "idy",
    fields: &[
        email("email").required().blind(),
        date("email_verified_at").read_only(),
        text("name", 200).encrypted(),
        text("password_hash", 500).hidden(),
        date("password_changed_at").read_only(),
        text("totp_pending", 200).hidden(),
        text("totp_secret", 200).hidden(),
        integer("totp_step", 0, i64::MAX).hidden(),
        Field { hidden: true, ..list("recovery_hashes", &Kind::Text(64), 10) },
    ],
    indexes: &[unique(&["email"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// An identity's place in a tenant.
pub static MEMBERSHIP: Entity = Entity {
    name: "membership",
    collection: "memberships",
    prefix: "mem",
    fields: &[
        reference("identity", "identity").read_only().hidden().erased(),
        email("email").required().on_create().blind(),
        text("name", 200).encrypted(),
        choice("role", ROLE_WORDS).required().on_create(),
        choice("kind", &["staff", "portal"]).read_only(),
        reference("custom_role", "role").read_only(),
        text("policy", 4_000).read_only().hidden(),
        choice("manager_kind", &["cs", "sd"]),
        reference("master", "membership").on_create(),
        flag("is_master").read_only(),
        list(ANCESTORS_FIELD, &Kind::Reference("membership"), ANCESTORS_MAX).read_only(),
        text("personal_code", 6).read_only(),
        list("team_ids", &Kind::Reference("team"), TEAMS_MAX).read_only(),
        Field { default: None, ..flag("is_service") }.read_only(),
        status(&["invited", "pending", "active", "suspended"]),
        integer("policy_version", 1, i64::MAX).read_only().hidden(),
        flag("frozen").read_only().hidden(),
        object("preferences", PREFERENCES).read_only(),
        phone("phone").blind(),
        Field { kind: Kind::FileUrl, ..text("avatar", 0) }.encrypted(),
        object("avatar_file", AVATAR_FILE).erased(),
        text("department", 100),
        object("address", ADDRESS).encrypted(),
        object("location", LOCATION),
        Field { default: None, ..flag("in_house") },
        object("expert_profile", EXPERT_PROFILE).encrypted(),
        object("vendor_profile", VENDOR_PROFILE),
        object("customer_profile", CUSTOMER_PROFILE),
        reference("vendor", "membership").read_only().keep(),
        object("verified", VERIFIED).read_only(),
        object("payout", PAYOUT).encrypted().read_only().hidden(),
        reference("person", "person").read_only().clear(),
        object("xero_contact", &[text("organisation", 64), text("id", 64)]).read_only().hidden(),
        date(RESTRICTED_AT).read_only(),
        date("invited_at").read_only(),
        date("mail_failed_at").read_only(),
        date("joined_at").read_only(),
        date("last_login_at").read_only(),
        integer("login_count", 0, i64::MAX).read_only(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["email"]),
        index_if_present(&["phone"]),
        unique(&["personal_code"]),
        across(&["identity"]),
        index(&["role", "status"]),
        index(&["kind", "status"]),
        index(&["person"]),
        index(&["custom_role"]),
        index(&["team_ids"]),
        index(&["ancestors"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { teams: Some("team_ids"), ..Access::own(&["_id"]) },
    rules: &MembershipRules,
};

/// Six letters and digits that nobody takes for one another, from as many random bytes.
pub fn personal_code(random: [u8; 6]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).map_or('A', |letter| char::from(*letter));
    random.into_iter().map(letter).collect()
}

/// The field of all masters above a vendor, the topmost first.
pub const ANCESTORS_FIELD: &str = "ancestors";

/// The setting that says whether whoever accepts an invitation is active at once (`automatic`) or waits (`manual`).
pub const ACTIVATION_KEY: &str = "members.activation";

/// How many masters stand above one another at most.
pub const ANCESTORS_MAX: usize = 5;

struct MembershipRules;

impl Rules for MembershipRules {
    /// Who is staff follows from the role. A vendor without a master is one.
    fn prepare(&self, member: &mut Doc, _moment: Moment<'_>) {
        let kind = doc::text(member, "role").and_then(Role::parse).map(Role::kind);
        member.extend(kind.map(|kind| ("kind".to_owned(), kind.into())));
        let is_master = member.get("role").and_then(Value::as_str) == Some("vendor") && !member.contains_key("master");
        member.insert("is_master".to_owned(), is_master.into());
    }

    fn check(&self, before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let is_vendor = after.get("role").and_then(Value::as_str) == Some("vendor");
        if after.contains_key("master") && !is_vendor {
            return vec![Violation::on("master", "only-for-vendors", "Only a vendor has a master.")];
        }
        let mut violations = misfits(after);
        violations.extend(wrong_avatar(before, after));
        violations
    }
}

/// A login of a membership: one line of refresh tokens, each replacing the one before.
pub static LOGIN: Entity = Entity {
    name: "login",
    collection: "logins",
    prefix: "log",
    fields: &[
        reference("identity", "identity").read_only().hidden().erased(),
        reference("membership", "membership").read_only().keep(),
        integer("generation", 1, i64::MAX).read_only().hidden(),
        text("rotation_key", 64).read_only().hidden(),
        date("last_used_at").read_only(),
        date("revoked_at").read_only(),
        text("revoked_reason", 40).read_only(),
        date("expires_at").read_only(),
        date("proven_at").read_only().hidden(),
        date("ends_at").read_only().hidden(),
        text("user_agent", 400).read_only().encrypted(),
        text("ip", 64).read_only().encrypted(),
    ],
    indexes: &[index(&["membership"]), across(&["identity"]), expires(&["expires_at"])],
    access: Access::own(&["membership"]),
    rules: &Plain,
};

/// How often somebody failed to prove who they are. Its id says of whom, to nobody without our key.
pub static ATTEMPT: Entity = Entity {
    name: "attempt",
    collection: "attempts",
    prefix: "atp",
    fields: &[
        integer("count", 0, i64::MAX).read_only(),
        flag("blocked").read_only(),
        date("blocked_until").read_only(),
        date("expires_at").read_only(),
    ],
    indexes: &[expires(&["expires_at"])],
    access: Access::own(&[]),
    rules: &Plain,
};
