//! Plans: what a tenant may have so many of, and which features it may turn on.

use serde_json::Value;

use crate::entities::{LEAD, MEMBERSHIP};
use crate::entity::{Entity, Field, flag};
use crate::retention::TRASH_DAYS_MAX;
use crate::settings::{MAX_MASTERS, MAX_STAFF, default_of};
use crate::{Doc, Error, Filter, doc};

/// The features that can be turned on and off.
pub const FEATURES: &[&str] = &[
    "sms_enabled",
    "call_enabled",
    "llm_features_enabled",
    "custom_branding",
    "auto_tagging",
    "ai_summaries",
    "automation_enabled",
    "advanced_analytics",
    "ai_lead_scoring",
    "ai_buyer_matching",
];

/// A switch for each feature; what is not switched off is on where it may be.
pub const SWITCHES: &[Field] = &[
    switch("sms_enabled"),
    switch("call_enabled"),
    switch("llm_features_enabled"),
    switch("custom_branding"),
    switch("auto_tagging"),
    switch("ai_summaries"),
    switch("automation_enabled"),
    switch("advanced_analytics"),
    switch("ai_lead_scoring"),
    switch("ai_buyer_matching"),
];

const fn switch(name: &'static str) -> Field {
    Field { default: None, ..flag(name) }
}

/// What a tenant pays for.
pub struct Plan {
    /// Its word.
    pub word: &'static str,
    /// How many members it allows, unless the operator says otherwise.
    pub max_users: i64,
    /// How many leads it allows, unless the operator says otherwise.
    pub max_leads: i64,
    /// How long it allows the trash to be kept.
    pub max_trash_days: i64,
    /// What it allows to be turned on.
    pub features: &'static [&'static str],
}

/// The words of [`PLANS`].
pub const PLAN_WORDS: &[&str] = &["basic", "professional", "enterprise"];

/// Every plan; the first is what one signs up to.
pub static PLANS: &[Plan] = &[
    Plan {
        word: "basic",
        max_users: 25,
        max_leads: 10_000,
        max_trash_days: 30,
        features: &["auto_tagging", "automation_enabled"],
    },
    Plan {
        word: "professional",
        max_users: 100,
        max_leads: 100_000,
        max_trash_days: 90,
        features: &[
            "sms_enabled",
            "call_enabled",
            "custom_branding",
            "auto_tagging",
            "automation_enabled",
            "advanced_analytics",
            "ai_summaries",
        ],
    },
    Plan { word: "enterprise", max_users: 10_000, max_leads: 10_000_000, max_trash_days: TRASH_DAYS_MAX, features: FEATURES },
];

impl Plan {
    /// The plan of a tenant.
    pub fn of(tenant: &Doc) -> Option<&'static Plan> {
        let word = doc::text(tenant, "plan").or(PLAN_WORDS.first().copied())?;
        PLANS.iter().find(|plan| plan.word == word)
    }
}

/// The words of the plans that allow the trash to be kept for so many days.
pub fn keeping_trash_for(days: i64) -> Vec<&'static str> {
    PLANS.iter().filter(|plan| plan.max_trash_days >= days).map(|plan| plan.word).collect()
}

/// Whether a tenant may turn a feature on: by its plan, or because the operator has added it.
pub fn may_have(tenant: &Doc, feature: &str) -> bool {
    let extra = tenant.get("extra_features").and_then(Value::as_array).into_iter().flatten();
    Plan::of(tenant).is_some_and(|plan| plan.features.contains(&feature)) || extra.into_iter().any(|known| known == feature)
}

/// The features that are on: those that the tenant may have and has not switched off.
pub fn features_of(tenant: &Doc) -> Vec<&'static str> {
    let is_off = |feature: &str| tenant.get("features").and_then(|switches| switches.get(feature)) == Some(&Value::Bool(false));
    FEATURES.iter().copied().filter(|feature| may_have(tenant, feature) && !is_off(feature)).collect()
}

/// Writes what follows from plan, switches and the operator's word into a tenant.
pub fn resolve(tenant: &mut Doc) {
    let features = features_of(tenant).into_iter().map(Value::from).collect::<Vec<_>>();
    tenant.insert("features_enabled".to_owned(), features.into());
    for limit in PLAN_LIMITS {
        tenant.insert(limit.field().to_owned(), limit.max_of(tenant).into());
    }
}

/// What a tenant has so many of at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Members who are active, invited, or wait.
    Users,
    /// Leads that are not deleted.
    Leads,
    /// Vendors without a master, active or invited.
    MasterVendors,
    /// Vendors with a master, active or invited.
    StaffVendors,
}

/// Every limit.
pub const LIMITS: [Limit; 4] = [Limit::Users, Limit::Leads, Limit::MasterVendors, Limit::StaffVendors];
/// Those that follow from the plan; the tenant's own settings say the others.
pub const PLAN_LIMITS: &[Limit] = &[Limit::Users, Limit::Leads];

impl Limit {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Leads => "leads",
            Self::MasterVendors => "master_vendors",
            Self::StaffVendors => "staff_vendors",
        }
    }

    /// The key of its counter.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Users => "limit.users",
            Self::Leads => "limit.leads",
            Self::MasterVendors => "limit.master_vendors",
            Self::StaffVendors => "limit.staff_vendors",
        }
    }

    /// The field of the tenant, or the setting, that shows it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Users => "max_users",
            Self::Leads => "max_leads",
            Self::MasterVendors => MAX_MASTERS,
            Self::StaffVendors => MAX_STAFF,
        }
    }

    /// The field of the tenant in which the operator sets it apart from the plan.
    pub const fn override_field(self) -> &'static str {
        match self {
            Self::Users => "max_users_override",
            Self::Leads => "max_leads_override",
            Self::MasterVendors | Self::StaffVendors => self.field(),
        }
    }

    /// What takes one of its places.
    pub fn counted(self) -> (&'static Entity, Filter) {
        let seated = Filter::one_of("status", SEATED);
        match self {
            Self::Users => (&MEMBERSHIP, seated),
            Self::Leads => (&LEAD, Filter::All),
            Self::MasterVendors => (&MEMBERSHIP, seated.and(Filter::is("role", "vendor")).and(Filter::is("master", Value::Null))),
            Self::StaffVendors => {
                (&MEMBERSHIP, seated.and(Filter::is("role", "vendor")).and(Filter::is_not("master", Value::Null)))
            }
        }
    }

    /// How many a tenant may have that has chosen nothing.
    pub fn max_of(self, tenant: &Doc) -> i64 {
        let by_plan = Plan::of(tenant).map_or(0, |plan| match self {
            Self::Users => plan.max_users,
            Self::Leads => plan.max_leads,
            Self::MasterVendors | Self::StaffVendors => default_of(self.field()).as_i64().unwrap_or_default(),
        });
        tenant.get(self.override_field()).and_then(Value::as_i64).unwrap_or(by_plan)
    }

    /// What is said when there is no more room.
    pub fn reached(self) -> Error {
        let detail = match self {
            Self::Users => "The plan allows no more members, invited ones included.",
            Self::Leads => "The plan allows no more leads.",
            Self::MasterVendors => "The settings allow no more vendors without a master.",
            Self::StaffVendors => "The settings allow no more vendors with a master.",
        };
        Error { more: Some(Box::new(("limit", self.word().to_owned()))), ..Error::forbidden("plan-limit", detail) }
    }
}

/// The statuses in which a member takes one of the tenant's places.
pub const SEATED: &[&str] = &["invited", "pending", "active"];

/// Whether a member takes one of the tenant's places.
pub fn has_seat(member: &Doc) -> bool {
    doc::text(member, "status").is_some_and(|status| SEATED.contains(&status)) && !member.contains_key("deleted_at")
}

/// The limits in which a member takes a place.
pub fn places_of(member: Option<&Doc>) -> Vec<Limit> {
    let Some(member) = member.filter(|member| has_seat(member)) else { return Vec::new() };
    match (doc::text(member, "role"), member.contains_key("master")) {
        (Some("vendor"), false) => vec![Limit::Users, Limit::MasterVendors],
        (Some("vendor"), true) => vec![Limit::Users, Limit::StaffVendors],
        _ => vec![Limit::Users],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doc::fields;
    use crate::retention::TRASH_DAYS;

    #[test]
    fn every_feature_has_a_switch_and_every_plan_a_word() {
        assert_eq!(SWITCHES.iter().map(|field| field.name).collect::<Vec<_>>(), FEATURES);
        assert_eq!(PLANS.iter().map(|plan| plan.word).collect::<Vec<_>>(), PLAN_WORDS);
        assert!(PLANS.iter().all(|plan| plan.features.iter().all(|feature| FEATURES.contains(feature))));
    }

    #[test]
    fn features_follow_from_plan_switches_and_what_the_operator_added() {
        let tenant = |value| features_of(&fields(value));
        assert_eq!(tenant(json!({})), ["auto_tagging", "automation_enabled"]);
        assert_eq!(tenant(json!({ "plan": "basic", "features": { "auto_tagging": false } })), ["automation_enabled"]);
        let added = json!({ "plan": "basic", "extra_features": ["sms_enabled"], "features": { "ai_summaries": true } });
        assert_eq!(tenant(added), ["sms_enabled", "auto_tagging", "automation_enabled"]);
        assert_eq!(tenant(json!({ "plan": "enterprise" })), FEATURES);
    }

    #[test]
    fn every_plan_keeps_the_trash_as_long_as_nobody_chooses() {
        assert_eq!(keeping_trash_for(TRASH_DAYS), PLAN_WORDS);
        assert_eq!((keeping_trash_for(90), keeping_trash_for(91)), (vec!["professional", "enterprise"], vec!["enterprise"]));
        assert_eq!(keeping_trash_for(TRASH_DAYS_MAX), ["enterprise"]);
    }

    #[test]
    fn limits_are_the_plans_unless_the_operator_says_otherwise() {
        let mut tenant = fields(json!({ "plan": "professional", "max_users_override": 7 }));
        resolve(&mut tenant);
        assert_eq!((&tenant["max_users"], &tenant["max_leads"]), (&json!(7), &json!(100_000)));
        assert_eq!(Limit::Leads.reached().more.map(|more| more.1), Some("leads".to_owned()));
    }

    #[test]
    fn a_vendor_takes_a_place_among_masters_or_staff() {
        let of = |member: Value| places_of(Some(&fields(member)));
        assert_eq!(of(json!({ "status": "active", "role": "vendor" })), [Limit::Users, Limit::MasterVendors]);
        let staff = json!({ "status": "invited", "role": "vendor", "master": "mem_1" });
        assert_eq!(of(staff), [Limit::Users, Limit::StaffVendors]);
        assert_eq!(of(json!({ "status": "active", "role": "expert" })), [Limit::Users]);
        assert!(of(json!({ "status": "suspended", "role": "vendor" })).is_empty() && places_of(None).is_empty());
    }

    #[test]
    fn invited_and_active_members_take_places() {
        for (member, expected) in [
            (json!({ "status": "active" }), true),
            (json!({ "status": "invited" }), true),
            (json!({ "status": "pending" }), true),
            (json!({ "status": "suspended" }), false),
            (json!({ "status": "active", "deleted_at": "2026-01-01T00:00:00Z" }), false),
        ] {
            assert_eq!(has_seat(&fields(member.clone())), expected, "{member}");
        }
    }
}
