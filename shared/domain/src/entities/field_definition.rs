//! Definitions of custom fields: what a tenant adds to the records of an entity.

use crate::custom::{self, OPTIONS_MAX, TYPES};
use crate::entity::{Access, Entity, Fallback, Kind, choice, flag, index, integer, list, opaque, text, unique};
use crate::policy::Mask;
use crate::rules::{Moment, Rules};
use crate::{Doc, Filter, Time, Viewer, Violation, doc};

/// The entities that tenants can give fields of their own.
pub const CUSTOMIZABLE: &[&str] = &["lead", "person", "bid", "quote", "project", "milestone", "invoice", "membership", "team"];

const OPTION: Kind = Kind::Object(&[text("value", 80).required(), text("label", 80), flag("is_archived")]);

/// A field that a tenant defines.
pub static FIELD_DEFINITION: Entity = Entity {
    name: "field_definition",
    collection: "field_definitions",
    prefix: "fld",
    fields: &[
        choice("entity", CUSTOMIZABLE).required().on_create(),
        text("key", 40).required().on_create(),
        text("label", 80).required().searchable(),
        text("help", 500),
        choice("type", TYPES).required(),
        flag("required"),
        opaque("default", 10_000),
        list("options", &OPTION, OPTIONS_MAX),
        opaque("min", 40),
        opaque("max", 40),
        text("pattern", 200),
        choice("target", custom::TARGETS),
        flag("searchable"),
        flag("personal"),
        integer("position", 0, 1_000),
        choice("status", &["active", "archived"]).default(Fallback::Word("active")),
    ],
    indexes: &[unique(&["entity", "key"]), index(&["entity", "position"]), index(&["-created_at"]), index(&["search_words"])],
    access: Access { narrow: Some(unmasked), ..Access::own(&[]) },
    rules: &DefinitionRules,
};

/// Whoever may not read the values of a field sees no definition of it.
fn unmasked(viewer: &Viewer, _now: Time) -> Filter {
    let hidden = viewer.policy.masks().filter(|(.., mask)| *mask == Mask::Hidden);
    let hidden = hidden.filter_map(|(entity, name, _)| Some((entity, name.strip_prefix(custom::PATH)?)));
    let other = |(entity, key): (&str, &str)| Filter::is_not("entity", entity).or(Filter::is_not("key", key));
    hidden.map(other).fold(Filter::All, Filter::and)
}

/// What the active definitions of an entity come to, for records that are made without values. Every change of a definition
/// counts up its version, which whoever has read the definitions expects.
pub static FIELD_SCHEMA: Entity = Entity {
    name: "field_schema",
    collection: "field_schemas",
    prefix: "fsc",
    fields: &[
        choice("entity", CUSTOMIZABLE).read_only(),
        flag("has_required").read_only(),
        opaque("defaults", 1_000_000).read_only(),
        opaque("index", 100_000).read_only(),
        opaque("changes", 1_000_000).read_only(),
    ],
    indexes: &[unique(&["entity"])],
    access: Access::own(&[]),
    rules: &crate::rules::Plain,
};

struct DefinitionRules;

impl Rules for DefinitionRules {
    /// The default and the bounds get their normal form, as far as they are right.
    fn prepare(&self, doc: &mut Doc, _moment: Moment<'_>) {
        custom::violations(doc);
    }

    /// A key stays, so it is looked at once.
    fn check(&self, before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let bad_key = || custom::bad_key(doc::text(after, "key").unwrap_or_default());
        let bad_key = if before.is_none() { bad_key() } else { None };
        bad_key.into_iter().chain(custom::violations(&mut after.clone())).collect()
    }
}
