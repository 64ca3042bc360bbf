//! What policies give, and that they survive being written.

use super::*;
use crate::entities::{CONVERSATION, LEAD, MEMBERSHIP};
use crate::entity::BASE_FIELDS;
use crate::role::ROLES;

fn masked() -> Policy {
    let masks = [(&LEAD, "budget_max", Mask::Hidden), (&LEAD, "description", Mask::ReadOnly)];
    Policy::custom(Role::Manager, [("lead:read", Reach::All), ("login:revoke", Reach::Own)], masks).unwrap()
}

#[test]
fn every_permission_has_a_place_of_its_own_in_the_bits() {
    for (at, permission) in PERMISSIONS.iter().enumerate() {
        assert_eq!(PERMISSIONS.iter().position(|known| known == permission), Some(at), "{permission} stands twice");
        for reach in [Reach::Own, Reach::Team, Reach::All] {
            let policy = Policy::custom(Role::Expert, [(*permission, reach)], []).unwrap();
            assert_eq!(policy.permissions().collect::<Vec<_>>(), [(*permission, reach)]);
            assert_eq!(Policy::read(Role::Expert, &policy.written().unwrap()), Some(policy));
        }
    }
}

#[test]
fn places_stay_as_they_are_in_tokens_that_are_out() {
    let first = ["lead:read", "lead:create", "lead:update", "lead:delete", "lead:publish", "lead:assign", "bid:read"];
    assert_eq!(PERMISSIONS[..first.len()], first);
    for (permission, at) in [("event:read", 23), ("quote:decline", 31), ("login:revoke", 37), ("role:delete", 42)] {
        assert_eq!(place(permission), Some(at), "{permission}");
    }
}

#[test]
fn a_preset_gives_what_its_role_gives() {
    for role in ROLES {
        let policy = Policy::from(*role);
        assert_eq!((policy.role(), policy.written()), (*role, None));
        for permission in PERMISSIONS {
            assert_eq!(policy.reach(permission), role.reach(permission), "{role:?} {permission}");
        }
        assert!(policy.reads("lead", "budget_max") && policy.writes("lead", "budget_max") && policy.reads_all_of("lead"));
    }
}

#[test]
fn a_custom_policy_gives_nothing_but_what_it_says() {
    let policy = masked();
    assert_eq!(policy.permissions().collect::<Vec<_>>(), [("lead:read", Reach::All), ("login:revoke", Reach::Own)]);
    assert_eq!(policy.reach("no:such"), None);
    let may = |name| (policy.reads("lead", name), policy.writes("lead", name));
    assert_eq!([may("budget_max"), may("description"), may("category")], [(false, false), (true, false), (true, true)]);
    assert!(policy.reads("quote", "budget_max"));
    assert!(!policy.reads_all_of("lead") && policy.reads_all_of("quote"));
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let policy = masked();
    let text = policy.written().unwrap();
    assert_eq!(text, "DAAAAAAAAAAAAAAAAAE lead.budget_max- lead.description=");
    assert_eq!(Policy::read(Role::Manager, &text), Some(policy));
    for bad in ["", "x", "3", "Q", "D lead", "D lead.budget_max", "D -", "D  ", "D .-x"] {
        assert_eq!(Policy::read(Role::Manager, bad), None, "{bad}");
    }
}

#[test]
fn a_policy_that_gives_nothing_is_no_preset() {
    let policy = Policy::custom(Role::Owner, [], []).unwrap();
    assert_eq!(policy.written().unwrap(), "A");
    assert_eq!(Policy::read(Role::Owner, "A"), Some(policy));
}

#[test]
fn a_reach_includes_those_before_it() {
    assert!(Reach::Own < Reach::Team && Reach::Team < Reach::All);
    let like = |reach| Policy::custom(Role::Manager, [("lead:read", reach)], []).unwrap();
    assert!(like(Reach::All).may_give(&like(Reach::Team)) && like(Reach::Team).may_give(&like(Reach::Own)));
    assert!(!like(Reach::Team).may_give(&like(Reach::All)) && !like(Reach::Own).may_give(&like(Reach::Team)));
}

#[test]
fn what_no_mask_can_take_away_is_refused() {
    let masking = |entity, field| Policy::custom(Role::Manager, [], [(entity, field, Mask::Hidden)]).is_some();
    assert!(masking(&MEMBERSHIP, "email"));
    assert!(!masking(&MEMBERSHIP, "policy_version"), "hidden from everybody");
    assert!(!masking(&CONVERSATION, "seq"));
    assert!(!masking(&LEAD, "email"), "of another entity");
    assert!(masking(&LEAD, "custom.size") && !masking(&LEAD, "custom.Size") && !masking(&CONVERSATION, "custom.size"));
    assert!(BASE_FIELDS.iter().all(|field| !masking(&LEAD, field.name)));
    assert_eq!(Policy::custom(Role::Manager, [("no:such", Reach::All)], []), None);
    let many = std::iter::repeat_n((&LEAD, "category", Mask::Hidden), MASKS_MAX + 1);
    assert_eq!(Policy::custom(Role::Manager, [], many), None);
}

#[test]
fn a_mask_on_one_of_a_tenants_own_fields_leaves_the_others() {
    let masking = |masks: &[(&'static str, Mask)]| {
        let masks = masks.iter().map(|(name, mask)| (&LEAD, *name, *mask));
        let policy = Policy::custom(Role::Admin, Policy::from(Role::Admin).permissions(), masks).unwrap();
        Policy::read(Role::Admin, &policy.written().unwrap()).unwrap()
    };
    let one = masking(&[("custom.margin", Mask::Hidden), ("custom.size", Mask::ReadOnly)]);
    assert!(!one.reads_custom("lead", "margin") && one.reads_custom("lead", "size") && one.reads("lead", "custom"));
    assert!(!one.writes("lead", "custom.size") && one.writes("lead", "custom.roof") && one.hides_custom("lead"));
    assert!(one.reads_custom("person", "margin") && !one.hides_custom("person"));
    let whole = masking(&[("custom", Mask::Hidden), ("custom.size", Mask::ReadOnly)]);
    assert!(!whole.reads_custom("lead", "size") && !whole.reads_custom("lead", "margin"));
    assert!(one.may_give(&whole) && !whole.may_give(&one) && !one.may_give(&masking(&[])));
}

#[test]
fn nobody_with_less_than_a_role_invites_into_it() {
    let all = |role: Role| Policy::from(role).permissions().collect::<Vec<_>>();
    let like = |role, given: Vec<(&'static str, Reach)>| Policy::custom(role, given, []).unwrap();
    let admin = like(Role::Admin, all(Role::Admin));
    assert!(admin.may_invite(Role::Admin) && admin.may_invite(Role::Expert) && !admin.may_invite(Role::Owner));
    let fewer = like(Role::Admin, all(Role::Manager));
    assert!(!fewer.may_invite(Role::Admin) && fewer.may_invite(Role::Manager) && fewer.may_invite(Role::Customer));
    let none = all(Role::Admin).into_iter().filter(|(permission, _)| *permission != "membership:invite").collect();
    assert!(!like(Role::Admin, none).may_invite(Role::Customer));
    let mask = [(&LEAD, "category", Mask::Hidden)];
    let blind = Policy::custom(Role::Admin, all(Role::Admin), mask).unwrap();
    assert!(!blind.may_invite(Role::Expert), "an expert would see what the inviter may not");
}

#[test]
fn a_key_leaves_what_its_scopes_name_and_no_power_over_keys() {
    let masks = [(&LEAD, "budget_max", Mask::Hidden)];
    let held = [("lead:read", Reach::Own), ("lead:create", Reach::All), ("api_key:create", Reach::All)];
    let policy = Policy::custom(Role::Manager, held, masks).unwrap();
    let left = policy.limited_to(&["lead:read", "lead:delete", "api_key:create"]);
    assert_eq!(left.permissions().collect::<Vec<_>>(), [("lead:read", Reach::Own)]);
    assert!(!left.reads("lead", "budget_max"));
    assert_eq!(Policy::from(Role::Owner).limited_to(&["lead:read"]).permissions().count(), 1);
}
