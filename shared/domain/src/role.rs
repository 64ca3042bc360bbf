//! Roles: which actions each preset may take, and on whose records.

use serde::{Deserialize, Serialize};

use crate::policy::Reach;

/// The roles that every tenant starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who signed the tenant up.
    Owner,
    /// Runs the tenant.
    Admin,
    /// Runs the business: leads, awards, invoices.
    Manager,
    /// Bids on leads and does the work.
    Expert,
    /// Brings customers.
    Vendor,
    /// Asks for work and pays for it.
    Customer,
}

/// Every role preset.
pub const ROLES: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::Expert, Role::Vendor, Role::Customer];

/// The words of [`ROLES`] as they stand in a membership.
pub const ROLE_WORDS: &[&str] = &["owner", "admin", "manager", "expert", "vendor", "customer"];

/// The roles of those who run the business.
pub const STAFF: &[Role] = &[Role::Owner, Role::Admin, Role::Manager];

/// What whoever fills in a form must know.
const READ_BY_ALL: &[&str] = &["field_definition:read"];

/// What whoever works with the tenant does with their own keys.
const KEYS_OF_ONES_OWN: &[&str] = &["api_key:read", "api_key:create", "api_key:update", "api_key:revoke"];

/// What each role may do; owner and admin may do everything.
const GRANTS: &[(Role, Reach, &[&str])] = &[
    (
        Role::Manager,
        Reach::All,
        &[
            "lead:read",
            "lead:create",
            "lead:update",
            "lead:delete",
            "lead:archive",
            "lead:publish",
            "lead:assign",
            "bid:read",
            "bid:award",
            "person:read",
            "membership:read",
            "membership:invite",
            "quote:read",
            "quote:update",
            "quote:send",
            "quote:withdraw",
            "milestone:read",
            "project:read",
            "project:archive",
            "invoice:read",
            "invoice:approve",
            "invoice:pay",
            "conversation:read",
            "conversation:write",
            "conversation:archive",
            "event:read",
            "person:create",
            "person:update",
            "person:delete",
            "team:read",
            "verification:read",
            "verification:create",
            "verification:decide",
            "person:archive",
            "membership:activate",
            "project:update",
            "milestone:update",
            "invoice:update",
        ],
    ),
    (Role::Manager, Reach::All, READ_BY_ALL),
    (Role::Manager, Reach::Own, &["notification:read"]),
    (Role::Manager, Reach::Own, KEYS_OF_ONES_OWN),
    (Role::Expert, Reach::Own, KEYS_OF_ONES_OWN),
    (Role::Vendor, Reach::Own, KEYS_OF_ONES_OWN),
    (Role::Expert, Reach::All, READ_BY_ALL),
    (Role::Vendor, Reach::All, READ_BY_ALL),
    (Role::Customer, Reach::All, READ_BY_ALL),
    (
        Role::Expert,
        Reach::Own,
        &[
            "lead:read",
            "bid:read",
            "bid:create",
            "bid:update",
            "bid:delete",
            "bid:submit",
            "bid:withdraw",
            "quote:read",
            "milestone:read",
            "project:read",
            "invoice:read",
            "conversation:read",
            "conversation:write",
            "notification:read",
            "verification:read",
            "verification:create",
        ],
    ),
    (
        Role::Vendor,
        Reach::Own,
        &[
            "lead:read",
            "lead:create",
            "lead:update",
            "membership:read",
            "quote:read",
            "milestone:read",
            "project:read",
            "invoice:read",
            "conversation:read",
            "conversation:write",
            "notification:read",
            "verification:read",
            "verification:create",
        ],
    ),
    (
        Role::Customer,
        Reach::Own,
        &[
            "lead:read",
            "lead:create",
            "lead:update",
            "quote:read",
            "quote:accept",
            "quote:decline",
            "milestone:read",
            "project:read",
            "invoice:read",
            "conversation:read",
            "conversation:write",
            "notification:read",
            "verification:read",
            "verification:create",
        ],
    ),
];

/// What is for the person concerned alone: no owner or admin bids, or accepts a quote, in somebody's place.
const NOT_FOR_ADMINS: &[&str] =
    &["bid:create", "bid:update", "bid:delete", "bid:submit", "bid:withdraw", "quote:accept", "quote:decline"];

impl Role {
    /// The role by its word.
    pub fn parse(word: &str) -> Option<Self> {
        let at = ROLE_WORDS.iter().position(|known| *known == word)?;
        ROLES.get(at).copied()
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        let at = ROLES.iter().position(|role| *role == self);
        at.and_then(|at| ROLE_WORDS.get(at)).copied().unwrap_or("customer")
    }

    /// Whose records the permission reaches, or nothing when the role has not got it.
    pub fn reach(self, permission: &str) -> Option<Reach> {
        if matches!(self, Role::Owner | Role::Admin) {
            return match permission {
                "notification:read" => Some(Reach::Own),
                personal if Self::is_personal(personal) => None,
                _ => Some(Reach::All),
            };
        }
        let grant = GRANTS.iter().find(|(role, _, permissions)| *role == self && permissions.contains(&permission));
        grant.map(|(_, reach, _)| *reach)
    }

    /// Whether a permission is for the person concerned alone.
    pub fn is_personal(permission: &str) -> bool {
        NOT_FOR_ADMINS.contains(&permission)
    }

    /// Whether people with this role work for the tenant rather than with it.
    pub fn is_staff(self) -> bool {
        STAFF.contains(&self)
    }

    /// Which of the two, in a word.
    pub fn kind(self) -> &'static str {
        if self.is_staff() { "staff" } else { "portal" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PERMISSIONS, Policy};

    #[test]
    fn words_and_roles_agree() {
        for role in ROLES {
            assert_eq!(Role::parse(role.word()), Some(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        }
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn nobody_invites_above_themselves() {
        let cases = [
            (Role::Owner, Role::Owner, true),
            (Role::Admin, Role::Owner, false),
            (Role::Admin, Role::Admin, true),
            (Role::Manager, Role::Admin, false),
            (Role::Manager, Role::Manager, true),
            (Role::Customer, Role::Customer, false),
        ];
        for (inviter, invited, expected) in cases {
            assert_eq!(Policy::from(inviter).may_invite(invited), expected, "{inviter:?} {invited:?}");
        }
    }

    #[test]
    fn what_is_granted_is_a_permission() {
        let granted = GRANTS.iter().flat_map(|(_, _, permissions)| permissions.iter());
        for permission in granted.chain(NOT_FOR_ADMINS) {
            assert!(PERMISSIONS.contains(permission), "{permission} is not in the list of permissions: add it at its end");
        }
    }

    #[test]
    fn an_admin_reads_every_lead_but_only_their_own_notifications() {
        assert_eq!(Role::Admin.reach("lead:read"), Some(Reach::All));
        assert_eq!(Role::Admin.reach("notification:read"), Some(Reach::Own));
        assert_eq!(Role::Admin.reach("bid:submit"), None);
        assert_eq!(Role::Customer.reach("bid:read"), None);
    }
}
