//! Settings: what a tenant chooses, each with its type, its bounds and what it is when nobody chose.

use serde_json::Value;

use crate::entities::{ACTIVATION_KEY, LIMIT_MAX, REVIEWERS_KEY, SERVICE_FEE_KEY};
use crate::entity::{Field, choice, integer, object};
use crate::retention::{TRASH_DAYS, TRASH_DAYS_KEY, TRASH_DAYS_MAX, TRASH_DAYS_MIN};
use crate::{Kind, json};

/// How many vendors without a master there may be.
pub const MAX_MASTERS: &str = "vendors.max_masters";
/// How many vendors there may be who have a master.
pub const MAX_STAFF: &str = "vendors.max_staff";

/// Every setting: its key and what it can be.
pub const SETTINGS: &[Field] = &[
    object(SERVICE_FEE_KEY, &[integer("basis_points", 0, 10_000).required()]),
    integer(MAX_MASTERS, 0, LIMIT_MAX),
    integer(MAX_STAFF, 0, LIMIT_MAX),
    integer(REVIEWERS_KEY, 1, 2),
    choice(ACTIVATION_KEY, &["automatic", "manual"]),
    integer(TRASH_DAYS_KEY, TRASH_DAYS_MIN, TRASH_DAYS_MAX),
];

/// What a setting is when nobody chose.
pub fn default_of(key: &str) -> Value {
    match key {
        SERVICE_FEE_KEY => json!({ "basis_points": 1_000 }),
        MAX_MASTERS => 1_000.into(),
        MAX_STAFF => 10_000.into(),
        REVIEWERS_KEY => 1.into(),
        ACTIVATION_KEY => "automatic".into(),
        TRASH_DAYS_KEY => TRASH_DAYS.into(),
        _ => Value::Null,
    }
}

/// The type of a setting, in a word.
pub fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer(..) => "integer",
        Kind::Flag => "boolean",
        Kind::Choice(_) => "choice",
        Kind::Object(_) => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doc, validate};

    #[test]
    fn every_setting_has_a_default_of_its_own_type() {
        for field in SETTINGS {
            let input = doc::fields(serde_json::json!({ field.name: default_of(field.name) }));
            assert!(validate::input(SETTINGS, input).is_ok(), "{}", field.name);
            assert!(!default_of(field.name).is_null() && field.default.is_none(), "{}", field.name);
        }
    }
}
