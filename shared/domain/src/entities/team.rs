//! Teams: members who work together, so that a role can reach what belongs to any of them.

use crate::entity::{
    Access, CUSTOM, CUSTOM_PERSONAL, Entity, Fallback, choice, index, index_if_present, reference, text, unique,
};
use crate::rules::Plain;

/// Some members of a tenant. Who they are stands in their memberships.
pub static TEAM: Entity = Entity {
    name: "team",
    collection: "teams",
    prefix: "team",
    fields: &[
        text("name", 80).required().searchable(),
        text("description", 1_000),
        choice("kind", &["sales", "support", "delivery", "general"]).default(Fallback::Word("general")),
        reference("leader", "membership").clear(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["name"]),
        index(&["leader"]),
        index(&["-created_at"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { teams: Some("_id"), ..Access::own(&["leader"]) },
    rules: &Plain,
};
