//! The role sets as data.

use super::{RoleSet, Seeded};
use crate::Role;

/// What each of the roles below may do with everybody's records besides what it says: whoever works for the tenant needs it.
pub const COMMON: &[&str] = &["membership:read", "team:read", "field_definition:read"];

/// Services are asked for, bid on, and paid by milestones.
pub const MARKETPLACE: RoleSet = RoleSet {
    name: "marketplace",
    roles: &[
        Seeded::Preset(Role::Owner),
        Seeded::Preset(Role::Admin),
        Seeded::Preset(Role::Manager),
        Seeded::Preset(Role::Expert),
        Seeded::Preset(Role::Vendor),
        Seeded::Preset(Role::Customer),
    ],
};

/// Customers are won by sales, kept by support and served by technicians.
pub const AGENCY: RoleSet = RoleSet {
    name: "agency",
    roles: &[
        Seeded::Preset(Role::Admin),
        Seeded::Preset(Role::Manager),
        Seeded::Own {
            name: "Sales",
            based_on: Role::Manager,
            all: &[],
            team: &[
                "lead:read",
                "lead:update",
                "person:read",
                "person:update",
                "quote:read",
                "project:read",
                "conversation:read",
                "conversation:write",
            ],
            own: &[
                "lead:create",
                "lead:delete",
                "person:create",
                "quote:update",
                "quote:send",
                "quote:withdraw",
                "notification:read",
            ],
        },
        Seeded::Own {
            name: "Support",
            based_on: Role::Manager,
            all: &[
                "person:read",
                "person:update",
                "lead:read",
                "project:read",
                "milestone:read",
                "invoice:read",
                "conversation:read",
                "conversation:write",
                "conversation:archive",
            ],
            team: &[],
            own: &["notification:read"],
        },
        Seeded::Own {
            name: "Tech",
            based_on: Role::Manager,
            all: &[],
            team: &["lead:read", "project:read", "milestone:read", "conversation:read", "conversation:write"],
            own: &["notification:read"],
        },
    ],
};

/// Everything is everybody's: to run, to change, or to look at.
pub const WORKSPACE: RoleSet = RoleSet { name: "workspace", roles: &[Seeded::Preset(Role::Admin), EDITOR, viewer("Viewer")] };

const EDITOR: Seeded = Seeded::Own {
    name: "Editor",
    based_on: Role::Manager,
    all: &[
        "lead:read",
        "lead:create",
        "lead:update",
        "person:read",
        "person:create",
        "person:update",
        "bid:read",
        "quote:read",
        "quote:update",
        "milestone:read",
        "project:read",
        "invoice:read",
        "conversation:read",
        "conversation:write",
        "event:read",
    ],
    team: &[],
    own: &["lead:delete", "person:delete", "notification:read"],
};

const fn viewer(name: &'static str) -> Seeded {
    Seeded::Own {
        name,
        based_on: Role::Manager,
        all: &[
            "lead:read",
            "person:read",
            "bid:read",
            "quote:read",
            "milestone:read",
            "project:read",
            "invoice:read",
            "conversation:read",
        ],
        team: &[],
        own: &["notification:read"],
    }
}

/// A small team markets and sells: all see everything, each keeps their own.
pub const GROWTH: RoleSet = RoleSet {
    name: "growth",
    roles: &[
        Seeded::Preset(Role::Owner),
        Seeded::Preset(Role::Admin),
        Seeded::Own {
            name: "Member",
            based_on: Role::Manager,
            all: &[
                "lead:read",
                "person:read",
                "quote:read",
                "project:read",
                "milestone:read",
                "invoice:read",
                "conversation:read",
            ],
            team: &["conversation:write"],
            own: &[
                "lead:create",
                "lead:update",
                "lead:delete",
                "person:create",
                "person:update",
                "person:delete",
                "quote:update",
                "quote:send",
                "notification:read",
            ],
        },
        viewer("Viewer"),
    ],
};

/// Property is bought by some and sold by others.
pub const WHOLESALE: RoleSet = RoleSet {
    name: "wholesale",
    roles: &[
        Seeded::Preset(Role::Admin),
        Seeded::Own {
            name: "Acquisition rep",
            based_on: Role::Manager,
            all: &[],
            team: &["lead:read", "person:read", "conversation:read", "conversation:write"],
            own: &["lead:create", "lead:update", "lead:delete", "person:create", "person:update", "notification:read"],
        },
        Seeded::Own {
            name: "Disposition manager",
            based_on: Role::Manager,
            all: &[
                "lead:read",
                "lead:publish",
                "lead:assign",
                "bid:read",
                "bid:award",
                "person:read",
                "person:create",
                "person:update",
                "quote:read",
                "quote:update",
                "quote:send",
                "quote:withdraw",
                "project:read",
                "milestone:read",
                "invoice:read",
                "conversation:read",
                "conversation:write",
            ],
            team: &[],
            own: &["notification:read"],
        },
    ],
};
