//! Roles that a tenant makes for itself: permissions and masks of its own, and in all else like one of the presets.

use serde_json::Value;

use super::by_name;
use crate::entity::{Access, Entity, choice, index, opaque, text, unique};
use crate::policy::{MASKS_LEN_MAX, MASKS_MAX, Mask, PERMISSIONS, Policy, Reach, has_room_for, is_maskable};
use crate::rules::{Moment, Rules};
use crate::{Doc, Role, Violation, doc};

/// A tenant's own role.
pub static ROLE: Entity = Entity {
    name: "role",
    collection: "roles",
    prefix: "rol",
    fields: &[
        text("name", 80).required().searchable(),
        text("description", 1_000),
        choice("based_on", &["admin", "manager", "expert", "vendor", "customer"]).required().on_create(),
        choice("kind", &["staff", "portal"]).read_only(),
        opaque("permissions", 4_000).required(),
        opaque("masks", 4_000),
    ],
    indexes: &[unique(&["name"]), index(&["-created_at"]), index(&["search_words"])],
    access: Access::own(&[]),
    rules: &RoleRules,
};

struct RoleRules;

impl Rules for RoleRules {
    fn prepare(&self, role: &mut Doc, _moment: Moment<'_>) {
        role.insert("kind".to_owned(), base(role).map_or("portal", Role::kind).into());
    }

    fn check(&self, _before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        role_policy(after).err().unwrap_or_default()
    }
}

/// The policy that a role gives, or what is wrong with it.
pub fn role_policy(role: &Doc) -> Result<Policy, Vec<Violation>> {
    let base = base(role).ok_or_else(|| vec![Violation::on("based_on", "required", "This field is required.")])?;
    let mut violations = Vec::new();
    let reaches = reaches(base, role, &mut violations);
    let masks = masks(role, &mut violations);
    if !has_room_for(&masks) {
        let detail = format!("Expected at most {MASKS_MAX} masked fields, with names of {MASKS_LEN_MAX} letters together.");
        violations.push(Violation::on("masks", "too-many", detail));
    }
    match Policy::custom(base, reaches, masks) {
        Some(policy) if violations.is_empty() => Ok(policy),
        _ => Err(violations),
    }
}

fn reaches<'a>(base: Role, role: &'a Doc, violations: &mut Vec<Violation>) -> Vec<(&'a str, Reach)> {
    let mut reaches = Vec::new();
    for (name, reach) in object(role, "permissions", &["permissions"], violations).into_iter().flatten() {
        match reach_of(base, name, reach) {
            Ok(reach) => reaches.push((name.as_str(), reach)),
            Err((code, detail)) => violations.push(wrong(&["permissions", name], code, detail)),
        }
    }
    reaches
}

fn masks<'a>(role: &'a Doc, violations: &mut Vec<Violation>) -> Vec<(&'static Entity, &'a str, Mask)> {
    let mut masks = Vec::new();
    let entities = object(role, "masks", &["masks"], violations);
    for of in entities.into_iter().flat_map(Doc::keys) {
        let Some(entity) = by_name(of) else {
            violations.push(wrong(&["masks", of], "unknown-entity", "There are no such records."));
            continue;
        };
        let fields = entities.and_then(|entities| object(entities, of, &["masks", of], violations));
        for (name, mask) in fields.into_iter().flatten() {
            match (is_maskable(entity, name), mask.as_str()) {
                (true, Some("hidden")) => masks.push((entity, name.as_str(), Mask::Hidden)),
                (true, Some("read_only")) => masks.push((entity, name.as_str(), Mask::ReadOnly)),
                (true, _) => violations.push(wrong(&["masks", of, name], "not-a-choice", "Expected hidden or read_only.")),
                (false, _) => violations.push(wrong(&["masks", of, name], "unknown-field", "No mask takes such a field away.")),
            }
        }
    }
    masks
}

/// What is for the person concerned alone stays with the presets that have it, and reaches one's own.
fn reach_of(base: Role, permission: &str, reach: &Value) -> Result<Reach, (&'static str, &'static str)> {
    if !PERMISSIONS.contains(&permission) {
        return Err(("unknown-permission", "There is no such permission."));
    }
    let reach = match reach.as_str() {
        Some("own") => Reach::Own,
        Some("team") => Reach::Team,
        Some("all") => Reach::All,
        _ => return Err(("not-a-choice", "Expected own, team or all.")),
    };
    let is_of_teams = permission.split(':').next().and_then(by_name).is_some_and(|entity| entity.access.teams.is_some());
    if reach == Reach::Team && !is_of_teams {
        return Err(("no-teams", "These records belong to no teams."));
    }
    let is_personal = Role::is_personal(permission) || permission == "notification:read";
    if is_personal && base.reach(permission) < Some(reach) {
        return Err(("too-far", "This permission is for the person concerned alone."));
    }
    if reach == Reach::All && !base.is_staff() && base.reach(permission) < Some(reach) {
        return Err(("too-far", "Who does not work for the tenant reaches what is their own or their teams'."));
    }
    Ok(reach)
}

fn base(role: &Doc) -> Option<Role> {
    doc::text(role, "based_on").and_then(Role::parse)
}

/// The object under a key, if there is one; anything else is wrong.
fn object<'a>(of: &'a Doc, key: &str, path: &[&str], violations: &mut Vec<Violation>) -> Option<&'a Doc> {
    let value = of.get(key).filter(|value| !value.is_null())?;
    if !value.is_object() {
        violations.push(wrong(path, "wrong-type", "Expected an object."));
    }
    value.as_object()
}

fn wrong(path: &[&str], code: &'static str, detail: &'static str) -> Violation {
    let escaped = path.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")));
    Violation::at(escaped.collect(), code, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Place;
    use crate::validate;

    fn create(role: Value) -> Result<Doc, Vec<(String, &'static str)>> {
        let moment = Moment { now: crate::Time::from_ms(0), viewer: None };
        validate::create(&ROLE, doc::fields(role), moment).map_err(|error| {
            let place = |violation: Violation| match violation.place {
                Place::Pointer(at) | Place::Parameter(at) => (at, violation.code),
            };
            error.violations.into_iter().map(place).collect()
        })
    }

    #[test]
    fn a_role_gives_the_policy_it_says() {
        let role = create(json!({
            "name": "Dispatch", "based_on": "manager", "permissions": { "lead:read": "all", "quote:read": "own", "bid:read": "team" },
            "masks": { "lead": { "budget_max": "hidden", "category": "read_only", "custom.margin": "hidden" } },
        }));
        let role = role.unwrap();
        assert_eq!(role["kind"], "staff");
        let policy = role_policy(&role).unwrap();
        assert_eq!(
            policy.permissions().collect::<Vec<_>>(),
            [("lead:read", Reach::All), ("bid:read", Reach::Team), ("quote:read", Reach::Own)]
        );
        assert!(!policy.reads("lead", "budget_max") && policy.reads("lead", "category") && !policy.writes("lead", "category"));
        assert!(!policy.reads_custom("lead", "margin") && policy.reads_custom("lead", "size") && policy.reads("lead", "custom"));
    }

    #[test]
    fn whatever_is_wrong_is_named_by_its_pointer() {
        let refused = create(json!({
            "name": "x", "based_on": "customer",
            "permissions": { "lead:fly": "all", "lead:read": "most", "quote:read": "all", "field_definition:read": "all", "bid:submit": "own", "notification:read": "all", "quote:accept": "own", "login:read": "team" },
            "masks": { "ship": {}, "lead": { "sails": "hidden", "category": "gone", "version": "hidden", "custom.Bad": "hidden" }, "login": { "custom.a": "hidden" }, "quote": 1 },
        }));
        let mut refused = refused.unwrap_err();
        refused.sort();
        let expected = [
            ("/masks/lead/category", "not-a-choice"),
            ("/masks/lead/custom.Bad", "unknown-field"),
            ("/masks/lead/sails", "unknown-field"),
            ("/masks/lead/version", "unknown-field"),
            ("/masks/login/custom.a", "unknown-field"),
            ("/masks/quote", "wrong-type"),
            ("/masks/ship", "unknown-entity"),
            ("/permissions/bid:submit", "too-far"),
            ("/permissions/lead:fly", "unknown-permission"),
            ("/permissions/lead:read", "not-a-choice"),
            ("/permissions/login:read", "no-teams"),
            ("/permissions/notification:read", "too-far"),
            ("/permissions/quote:read", "too-far"),
        ];
        assert_eq!(refused, expected.map(|(at, code)| (at.to_owned(), code)));
        assert_eq!(create(json!({ "name": "x", "based_on": "owner", "permissions": [] })).unwrap_err()[0].0, "/based_on");
        assert_eq!(create(json!({ "name": "x", "based_on": "vendor", "permissions": [] })).unwrap_err()[0].0, "/permissions");
    }
}
